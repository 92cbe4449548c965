import ArgumentParser
import Collectives
import Configuration
import PIM
import Telemetry
import Training

struct TrainCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on a partition directory.",
    discussion: """
      By itself this is one worker that owns every part; under 'halo launch' or 'mpirun' each worker owns a share of them, and the \
      result has the same bits. RUN receives metrics.jsonl (losses and scores), timings.jsonl (seconds, bytes and memory; see 'halo explain'), \
      model.safetensors (the best model on the validation set), scores.json (its scores) and job.yaml (every option as used): \
      'halo train RUN/job.yaml -o OTHER' repeats the run bit for bit, 'halo train --resume RUN' goes on with it. SIGUSR1, which \
      'halo launch' sends for Ctrl-C and SIGTERM, ends the run with the epoch; its status is then 75. With --aggregate pim:upmem1992 and \
      --fanout all,all an epoch is one step over all training nodes (--batch-size is not used), forward and backward sums run on a \
      simulated machine with processing-in-memory, and its modelled times stand beside the measured time of the rest.
      """)

  @OptionGroup var job: JobOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  @Option(
    help: ArgumentHelp(
      "File to write when the run is over: what every worker did when, for chrome://tracing or Perfetto.", valueName: "file"))
  var trace: String?

  func checkOptions() throws {
    let job = try checkedJob()
    _ = try job.training.aggregate.machine(job.training.aggregateType)
  }

  private func checkedJob() throws -> Job {
    let job = try job.job()
    guard trace == nil || job.repetition == .once else {
      throw ConfigurationError("--trace", expected: "one run", found: "--repeat \(job.repetition)")
    }
    return job
  }

  func run() throws {
    let job = try checkedJob()
    let machine = try job.training.aggregate.machine(job.training.aggregateType)
    let request = request(job, machine)
    StopRequest.listen()
    var stopped: String?
    try WorkerJob.run { group in
      stopped = job.repetition == .once ? try train(request, machine, group) : try train(request, machine, job.repetition, group)
      if let stopped, group.rank == 0 { Halo.printNote(stopped) }
    }
    if stopped != nil { throw ExitCode(Launcher.stoppedPolitely) }
  }

  /// One run; returns what to say where it was asked to stop.
  private func train(_ request: TrainingJob.Request, _ machine: PIMMachine?, _ group: any ProcessGroup) throws -> String? {
    let begin = MonotonicClock.now()
    let summary = try TrainingJob(request, group: group, report: Halo.printNote).run()
    let result = try ModelledResult(summary, machine: machine, since: begin, in: group)
    if group.rank == 0 { try report.show(result) }
    guard summary.stopped, let run = request.run else { return nil }
    return "stopped after epoch \(summary.epochs) of \(request.training.epochs); 'halo train --resume \(run)' goes on"
  }

  /// Several runs; returns what to say where they were asked to stop.
  private func train(
    _ request: TrainingJob.Request, _ machine: PIMMachine?, _ repetition: Repetition, _ group: any ProcessGroup
  ) throws -> String? {
    let begin = MonotonicClock.now()
    let summary = try RepeatedTraining(request, repetition: repetition, group: group, report: Halo.printNote).run()
    let result = try ModelledResult(summary, machine: machine, since: begin, in: group)
    if group.rank == 0 { try report.show(result) }
    guard summary.runs.count < summary.planned else { return nil }
    let resumption = summary.unfinished.map { "; 'halo train --resume \(summary.run)/\($0)' goes on with the next" } ?? ""
    return "stopped after \(summary.runs.count) of \(summary.planned) runs" + resumption
  }

  private func request(_ job: Job, _ machine: PIMMachine?) -> TrainingJob.Request {
    var request = TrainingJob.Request(
      partitions: job.partitions ?? "", run: job.output, training: job.training, execution: job.execution)
    if let machine { request.aggregator = machine }
    request.force = force.force
    request.trace = trace
    request.startingModel = job.startingModel
    request.resumes = self.job.checkpoints.resume != nil
    request.stopRequested = { StopRequest.hasCome }
    return request
  }
}
