import ArgumentParser
import Benchmarks
import Configuration
import Training

struct BenchEpochCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "epoch",
    abstract: "Measure training epochs: seeds per second, seconds and bytes by stage, memory.",
    discussion: """
      Trains one epoch to warm up, then --epochs more without evaluating or keeping anything, and measures afterwards how fast this \
      machine reads memory and multiplies matrices at these sizes: the limit is the time that the counted work takes at those rates. \
      Under 'halo launch' the table adds up all workers. Where batches are loaded ahead (--no-map-peers), 'wait' is what compute waited for \
      them; --prefetch-depth 0 shows what sampling and fetching take by themselves.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @OptionGroup var report: ReportOptions

  @OptionGroup var training: TrainingOptions

  @OptionGroup(title: "How it is executed")
  var execution: ExecutionOptions

  func checkOptions() throws { _ = try request() }

  func run() throws {
    let request = try request()
    try WorkerJob.run { group in
      let measured = try EpochBenchmark.run(request, epochs: request.training.epochs, group: group, report: Halo.printNote)
      if let measured { try report.show(measured) }
    }
  }

  private func request() throws -> TrainingJob.Request {
    var request = TrainingJob.Request(
      partitions: parts, run: nil, training: TrainingConfiguration(), execution: ExecutionConfiguration())
    try training.apply(to: &request.training)
    execution.apply(to: &request.execution)
    try request.training.validate()
    try request.execution.validate()
    return request
  }
}
