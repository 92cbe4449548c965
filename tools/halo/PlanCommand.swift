import ArgumentParser
import Benchmarks
import Collectives
import Configuration
import Foundation
import Tensors
import Training

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Predict memory, bytes and seconds of an epoch on a cluster.",
    discussion: """
      Samples real batches of the partition, measures how fast this machine reads and multiplies what they need, and applies how far a \
      measured run stayed behind such limits: the run of --rates, or one that is measured first (one epoch to warm up, --epochs more). \
      --nodes, --edges and --train-nodes predict for a larger graph of the same kind. Everything taken for granted is printed.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(help: ArgumentHelp("Workers, one on each machine.", valueName: "count"))
  var workers = 1

  @Option(help: help("Cores of a worker.", "those of this machine"))
  var cores: Int?

  @Option(
    help: ArgumentHelp("Rate of each machine's link, 100Gbit or 12.5GB; 'none': one host, parts mapped. (default: none)", valueName: "rate")
  )
  var network = LinkRate.none

  @Option(help: ArgumentHelp("What 'halo bench epoch --json' printed for the same kind of model on this machine.", valueName: "file"))
  var rates: String?

  @Option(
    help: ArgumentHelp("The same with two workers, --no-map-peers and --prefetch-depth 0: what asking for rows costs.", valueName: "file"))
  var askedRates: String?

  @Option(help: help("Nodes of the graph to predict for.", "those of the partition"))
  var nodes: Double?

  @Option(help: help("Edges of that graph.", "as many for each node as in the partition"))
  var edges: Double?

  @Option(help: help("Training nodes of that graph.", "the partition's share"))
  var trainNodes: Double?

  @Option(help: "Speed of many cores over as many times one core.")
  var coreEfficiency = 0.75

  @Option(help: "Share of the link's rate that messages reach.")
  var networkEfficiency = 0.7

  @Option(help: "Batches to sample.")
  var batches = 4

  @OptionGroup var report: ReportOptions

  @OptionGroup var training: TrainingOptions

  func validate() throws {
    for (name, value) in [("workers", workers), ("cores", cores ?? 1), ("batches", batches)] where !(1...1 << 20).contains(value) {
      throw ValidationError("--\(name) must be 1 to \(1 << 20)")
    }
    for (name, value) in [("nodes", nodes), ("edges", edges), ("train-nodes", trainNodes)] {
      if let value, !(value >= 1 && value.isFinite) { throw ValidationError("--\(name) must be at least 1") }
    }
    for (name, value) in [("core-efficiency", coreEfficiency), ("network-efficiency", networkEfficiency)] where !(value > 0 && value <= 1) {
      throw ValidationError("--\(name) must be above 0 and at most 1")
    }
  }

  func run() throws {
    var configuration = TrainingConfiguration()
    try training.apply(to: &configuration)
    try configuration.validate()
    var request = try EpochPlanner.Request(
      partitions: parts, training: configuration, workers: workers, cores: cores ?? ProcessInfo.processInfo.activeProcessorCount)
    request.networkBytesPerSecond = network.bytesPerSecond
    request.nodes = nodes
    request.edges = edges
    request.trainingNodes = trainNodes
    request.coreEfficiency = coreEfficiency
    request.networkEfficiency = networkEfficiency
    request.batches = batches
    let measured = try rates.map(saved) ?? measure(configuration)
    try report.show(try EpochPlanner(request, measured: measured, asked: try askedRates.map(saved)).plan())
  }

  private func saved(_ path: String) throws -> EpochReport {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(path, expected: "what 'halo bench epoch --json' printed", found: "no file that can be read")
    }
    do { return try JSONDecoder().decode(EpochReport.self, from: data) } catch {
      throw InputError(path, expected: "what 'halo bench epoch --json' printed", found: "something else")
    }
  }

  /// An epoch of the configuration itself on all cores of this machine.
  private func measure(_ configuration: TrainingConfiguration) throws -> EpochReport {
    var request = TrainingJob.Request(partitions: parts, run: nil, training: configuration, execution: ExecutionConfiguration())
    request.execution.threads = ProcessInfo.processInfo.activeProcessorCount
    Halo.printNote("measuring \(configuration.epochs) epochs here")
    let measured = try EpochBenchmark.run(
      request, epochs: configuration.epochs, group: InProcessGroup.alone(), report: Halo.printNote)
    return measured!  // This process is worker 0.
  }
}

/// Bytes per second of a link, each way.
struct LinkRate: ExpressibleByArgument, CustomStringConvertible {
  /// `nil`: no network.
  var bytesPerSecond: Double?

  static let none = LinkRate(bytesPerSecond: nil)

  init(bytesPerSecond: Double?) { self.bytesPerSecond = bytesPerSecond }

  init?(argument: String) {
    if argument == "none" {
      bytesPerSecond = nil
      return
    }
    let units = [("Gbit", 1e9 / 8), ("Mbit", 1e6 / 8), ("GB", 1e9), ("MB", 1e6)]
    for (unit, bytes) in units where argument.hasSuffix(unit) {
      guard let number = Double(argument.dropLast(unit.count)), number > 0, number.isFinite else { return nil }
      bytesPerSecond = number * bytes
      return
    }
    return nil
  }

  var description: String { bytesPerSecond.map { "\($0 / 1e9)GB" } ?? "none" }
  var defaultValueDescription: String { description }
}
