import ArgumentParser
import Training

struct TrainCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on a partition directory.",
    discussion: """
      By itself this is one worker that owns every part; under 'halo launch' or 'mpirun' each worker owns a share of them, and the \
      result has the same bits. RUN receives metrics.jsonl (losses and scores), timings.jsonl (seconds, bytes and memory), \
      model.safetensors (the best model on the validation set), scores.json (its scores) and configuration.json (every option as used).
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Run directory to make.", valueName: "run"))
  var output: String

  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  @OptionGroup var training: TrainingOptions

  @OptionGroup(title: "How it is executed")
  var execution: ExecutionOptions

  func checkOptions() throws { _ = try request() }

  func run() throws {
    let request = try request()
    try WorkerJob.run { group in
      let summary = try TrainingJob(request, group: group, report: Halo.printNote).run()
      if group.rank == 0 { try report.show(summary) }
    }
  }

  private func request() throws -> TrainingJob.Request {
    var request = TrainingJob.Request(
      partitions: parts, run: output, training: try training.applied(), execution: try execution.applied())
    request.force = force.force
    return request
  }
}
