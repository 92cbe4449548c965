import ArgumentParser
import Benchmarks
import Configuration

struct BenchSamplerCommand: ParsableCommand {
  private static let standard = TrainingConfiguration()

  static let configuration = CommandConfiguration(
    commandName: "sampler",
    abstract: "Measure the sampling of training batches: edges and rows per second.",
    discussion: """
      Compares a few batches with the definition of the sampler, samples one epoch to warm up and --epochs more, as training does it but \
      without fetching rows, and measures afterwards how fast this machine reads cache lines at random. One process samples for all parts.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(help: help("In-neighbours sampled by each layer, input hop first.", standard.fanout))
  var fanout: String?

  @Option(help: help("Seeds of one step over all parts.", standard.batchSize))
  var batchSize: Int?

  @Option(help: help("Epochs to measure.", 5))
  var epochs = 5

  @Option(help: help("Which in-neighbours a batch takes: 'uniform' or 'labor'.", standard.sampler.rawValue))
  var sampler: TrainingConfiguration.Sampler?

  @Option(help: help("How long a node keeps its sampled in-neighbours: one 'step' or one 'epoch'.", standard.resample.rawValue))
  var resample: TrainingConfiguration.Resample?

  @Option(help: help("Seed of every random choice.", standard.seed))
  var seed: UInt64?

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var report: ReportOptions

  func run() throws {
    var training = Self.standard
    if let fanout { training.fanout = try Fanout(parsing: fanout) }
    if let batchSize { training.batchSize = batchSize }
    if let sampler { training.sampler = sampler }
    if let resample { training.resample = resample }
    if let seed { training.seed = seed }
    training.epochs = epochs
    try training.validate()
    try report.show(
      SamplerBenchmark.run(SamplerBenchmark.Request(partitions: parts, training: training, threads: threads.value, epochs: epochs)))
  }
}
