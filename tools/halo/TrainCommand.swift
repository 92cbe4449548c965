import ArgumentParser
import Collectives
import Configuration
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

  func checkOptions() throws { _ = try job.job() }

  func run() throws {
    let job = try job.job()
    let request = request(job)
    StopRequest.listen()
    var stopped: String?
    try WorkerJob.run { group in
      stopped = job.repetition == .once ? try train(request, group) : try train(request, job.repetition, group)
      if let stopped, group.rank == 0 { Halo.printNote(stopped) }
    }
    if stopped != nil { throw ExitCode(Launcher.stoppedPolitely) }
  }

  /// One run; returns what to say where it was asked to stop.
  private func train(_ request: TrainingJob.Request, _ group: any ProcessGroup) throws -> String? {
    let summary = try TrainingJob(request, group: group, report: Halo.printNote).run()
    if group.rank == 0 { try report.show(summary) }
    guard summary.stopped, let run = request.run else { return nil }
    return "stopped after epoch \(summary.epochs) of \(request.training.epochs); 'halo train --resume \(run)' goes on"
  }

  /// Several runs; returns what to say where they were asked to stop.
  private func train(_ request: TrainingJob.Request, _ repetition: Repetition, _ group: any ProcessGroup) throws -> String? {
    let summary = try RepeatedTraining(request, repetition: repetition, group: group, report: Halo.printNote).run()
    if group.rank == 0 { try report.show(summary) }
    guard summary.runs.count < summary.planned else { return nil }
    let resumption = summary.unfinished.map { "; 'halo train --resume \(summary.run)/\($0)' goes on with the next" } ?? ""
    return "stopped after \(summary.runs.count) of \(summary.planned) runs" + resumption
  }

  private func request(_ job: Job) -> TrainingJob.Request {
    var request = TrainingJob.Request(
      partitions: job.partitions ?? "", run: job.output, training: job.training, execution: job.execution)
    request.force = force.force
    request.startingModel = job.startingModel
    request.resumes = self.job.checkpoints.resume != nil
    request.stopRequested = { StopRequest.hasCome }
    return request
  }
}
