public import Configuration
import Graphs
import Loading
import Partitions
import Sampling
import Telemetry
public import Tensors
import Training

/// Measures the sampling of whole epochs as training does it, and nothing else: no rows are fetched.
public enum SamplerBenchmark {
  /// What to sample.
  public struct Request: Sendable {
    /// The partition directory; this process samples for all of its parts.
    public var partitions: String
    /// Fan-out, batches, sampler and seed; the rest does not matter.
    public var training: TrainingConfiguration
    public var threads: Threads
    /// Epochs to measure, after one to warm up.
    public var epochs: Int
    /// Batches to compare with the reference first.
    public var checkedSteps = 2

    public init(partitions: String, training: TrainingConfiguration, threads: Threads, epochs: Int) {
      self.partitions = partitions
      self.training = training
      self.threads = threads
      self.epochs = epochs
    }
  }

  /// Compares a few batches with the reference, samples one epoch to warm up and `epochs` more, and measures random reads of cache lines
  /// with the same threads.
  ///
  /// - Throws: When the partition cannot be read or has no training nodes, or when a batch is not as defined.
  public static func run(_ request: Request) throws -> SamplerReport {
    precondition(request.epochs >= 1, "\(request.epochs) epochs to measure")
    let run = try SampledRun(request)
    try run.check(steps: request.checkedSteps)
    _ = try run.epoch(0)
    let epochs = try (1...request.epochs).map { try run.epoch($0) }
    let lines = MemoryLimits.randomRows(
      rowBytes: MemoryLimits.line, strideBytes: MemoryLimits.line, tableBytes: max(1 << 20, min(4 * run.manifest.edgeCount, 1 << 30)),
      reads: 4 << 20, threads: request.threads, trials: 5)
    return SamplerReport(request, run.manifest, epochs: epochs, randomLines: lines)
  }
}

/// What one epoch of sampling took and gave.
struct SampledEpoch {
  var seconds: Double
  var edges = 0
  /// Rows that the input layers read, and rows of all blocks.
  var inputRows = 0
  var blockRows = 0
}

/// The loader of a benchmark, for all parts of a directory.
private final class SampledRun {
  let manifest: Manifest
  private let loader: BatchLoader
  private let plan: BatchPlan
  private let reference: SamplerReference
  private let lastsAnEpoch: Bool

  init(_ request: SamplerBenchmark.Request) throws {
    let (training, directory) = (request.training, request.partitions)
    let manifest = try Manifest.load(directory)
    self.manifest = manifest
    let types = manifest.schema.nodeTypes.indices
    guard let split = manifest.splits.indices.first,
      let type = types.first(where: { type in manifest.parts.contains { $0.splits[split].train[type] > 0 } })
    else { throw InputError("\(directory)/\(Manifest.fileName)", expected: "training nodes", found: "none") }
    let parts = try (0..<manifest.partCount).map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
    let limits = try training.fanout.limits(relations: manifest.schema.relations.map(\.name))
    let method = SamplingMethod(training)
    plan = BatchPlan(
      order: training.order == .balanced ? .balanced : .global, seed: training.seed, batchSize: training.batchSize,
      trainCounts: manifest.parts.map { $0.splits[split].train[type] })
    let book = PartitionBook(manifest)
    let source = RoutedNeighborSource(
      book: book, mapped: Dictionary(uniqueKeysWithValues: parts.map { ($0.part, $0.inEdges) }),
      worker: Array(repeating: 0, count: parts.count), client: nil, listCount: parts.count)
    loader = BatchLoader(
      parts: parts, nodeType: type, split: split, plan: plan, seed: training.seed, sampling: method, limits: limits, wantsDegrees: false,
      source: source, store: nil, threads: request.threads)
    reference = SamplerReference(
      book: book, parts: parts.map(\.inEdges), seed: training.seed, purpose: method.purpose, limits: limits)
    lastsAnEpoch = method.lastsAnEpoch
  }

  /// - Throws: `InputError` naming the first node or row that is not as defined.
  func check(steps: Int) throws {
    for step in 0..<min(steps, plan.stepsPerEpoch) {
      for batch in try loader.sample(epoch: 0, step: step) {
        guard let difference = reference.difference(of: batch, step: lastsAnEpoch ? 0 : UInt32(step)) else { continue }
        throw InputError("sampler", expected: "what the reference samples", found: difference)
      }
    }
  }

  func epoch(_ number: Int) throws -> SampledEpoch {
    var epoch = SampledEpoch(seconds: 0)
    for step in 0..<plan.stepsPerEpoch {
      let begin = MonotonicClock.now()
      let batches = try loader.sample(epoch: number, step: step)
      epoch.seconds += Double(MonotonicClock.now() - begin) * 1e-9
      for batch in batches {
        epoch.edges += batch.edgeCount
        epoch.inputRows += batch.blocks[0].sourceCount
        epoch.blockRows += batch.blocks.reduce(0) { $0 + $1.sourceCount }
      }
    }
    return epoch
  }
}
