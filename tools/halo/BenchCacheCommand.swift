import ArgumentParser
import Benchmarks
import Configuration
import Partitions

struct BenchCacheCommand: ParsableCommand {
  private static let standard = TrainingConfiguration()

  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Count the remote rows that every cache policy pulls, beside the fewest possible.",
    discussion: """
      Samples the batches of a training, each part taken as one worker, and runs the policies of 'halo train --cache' over the rows of \
      other parts that they read. 'offline' is Belady's choice for the whole run: no cache pulls fewer. 'vip' needs the probabilities that \
      'halo partition --fanout --batch-size' writes. Nothing is pulled or computed.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(help: help("In-neighbours sampled by each layer, input hop first.", standard.fanout))
  var fanout: String?

  @Option(help: "Seeds of a step in each part.")
  var batchSizePerPart = 1000

  @Option(help: "Epochs to sample.")
  var epochs = 3

  @Option(help: "Steps known beyond the one that is decided.")
  var window = 8

  @Option(help: "Steps that are decided and not yet computed: they keep their rows.")
  var depth = 2

  @Option(help: ArgumentHelp("Rows kept, as shares of a part's own rows.", valueName: "share,..."))
  var cacheMemory = Fractions([0, 0.1, 0.32, 1])

  @Option(help: help("Seed of every random choice.", standard.seed))
  var seed: UInt64?

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var report: ReportOptions

  func validate() throws {
    for (name, value) in [("batch-size-per-part", batchSizePerPart), ("epochs", epochs)] where !(1...1 << 30).contains(value) {
      throw ValidationError("--\(name) must be at least 1")
    }
    for (name, value) in [("window", window), ("depth", depth)] where !(0...1 << 20).contains(value) {
      throw ValidationError("--\(name) must be 0 or more")
    }
  }

  func run() throws {
    let parsed = try fanout.map { try Fanout(parsing: $0) } ?? Self.standard.fanout
    let relations = try Manifest.load(parts).schema.relations.map(\.name)
    var request = CacheBenchmark.Request(
      partitions: parts, fanout: parsed.description, limits: try parsed.limits(relations: relations))
    (request.batchSizePerPart, request.epochs, request.window, request.depth) = (batchSizePerPart, epochs, window, depth)
    (request.shares, request.seed, request.threads) = (cacheMemory.values, seed ?? Self.standard.seed, threads.value)
    try report.show(CacheBenchmark.run(request) { Halo.printNote($0) })
  }
}

/// Shares from 0 up, written `0,10%,0.5`.
struct Fractions: ExpressibleByArgument, CustomStringConvertible {
  var values: [Double]

  init(_ values: [Double]) { self.values = values }

  init?(argument: String) {
    values = []
    for field in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let share = Fraction(argument: String(field)), (0...1000).contains(share.value) else { return nil }
      values.append(share.value)
    }
  }

  var description: String { values.map { Fraction($0).defaultValueDescription }.joined(separator: ",") }

  var defaultValueDescription: String { description }
}
