import ArgumentParser
import Collectives
import Training

struct TrainCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on a partition directory.",
    discussion: """
      By itself this is one worker that owns every part; under 'halo launch' or 'mpirun' each worker owns a share of them, and the \
      result has the same bits. RUN receives metrics.jsonl (losses and scores), timings.jsonl (seconds, bytes and memory), \
      model.safetensors (the best model on the validation set), scores.json (its scores) and job.yaml (every option as used): \
      'halo train RUN/job.yaml -o OTHER' repeats the run bit for bit, 'halo train --resume RUN' goes on with it. SIGUSR1, which \
      'halo launch' sends for Ctrl-C and SIGTERM, ends the run with the epoch; its status is then 75.
      """)

  @OptionGroup var job: JobOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  func checkOptions() throws { _ = try request() }

  func run() throws {
    let request = try request()
    StopRequest.listen()
    var stopped = false
    try WorkerJob.run { group in
      let summary = try TrainingJob(request, group: group, report: Halo.printNote).run()
      if group.rank == 0 { try report.show(summary) }
      stopped = summary.stopped
      if stopped, group.rank == 0, let run = request.run {
        Halo.printNote("stopped after epoch \(summary.epochs) of \(request.training.epochs); 'halo train --resume \(run)' goes on")
      }
    }
    if stopped { throw ExitCode(Launcher.stoppedPolitely) }
  }

  private func request() throws -> TrainingJob.Request {
    let job = try job.job()
    var request = TrainingJob.Request(
      partitions: job.partitions ?? "", run: job.output, training: job.training, execution: job.execution)
    request.force = force.force
    request.startingModel = job.startingModel
    request.resumes = self.job.checkpoints.resume != nil
    request.stopRequested = { StopRequest.hasCome }
    return request
  }
}
