import Graphs
import KVStore
import Kernels
import Loading
public import Partitions
import Sampling
import Tensors

/// Batches of a partition as training samples them, in one process that reads every part.
///
/// Confined to one thread; a batch is valid until the next one is sampled.
public final class SampledBatches {
  public let manifest: Manifest
  let parts: [LocalPartition]
  /// Type of the seeds, and of the rows that they read.
  let nodeType: Int
  let plan: BatchPlan
  private let seed: UInt64

  /// - Parameter batchSize: Seeds of a batch over all parts.
  /// - Throws: `InputError` when the directory is no partition or has no training nodes.
  public init(_ directory: String, batchSize: Int, seed: UInt64) throws {
    let manifest = try Manifest.load(directory)
    self.manifest = manifest
    parts = try (0..<manifest.partCount).map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
    let types = manifest.schema.nodeTypes.indices
    let type = types.first { type in manifest.parts.contains { $0.splits.first.map { $0.train[type] > 0 } ?? false } }
    guard let type else {
      throw InputError("\(directory)/\(Manifest.fileName)", expected: "training nodes", found: "an empty training split")
    }
    nodeType = type
    plan = BatchPlan(
      order: .balanced, seed: seed, batchSize: batchSize, trainCounts: manifest.parts.map { $0.splits[0].train[type] })
    self.seed = seed
  }

  /// Samples `count` batches and calls `body` with the parts' blocks and rows of each.
  ///
  /// - Parameters:
  ///   - limits: In-edges taken by layer (input hop first) and relation.
  ///   - table: Has a row for every node of the type, by global id without the other types.
  func forEach(
    _ count: Int, limits: [[Int]], wantsDegrees: Bool = false, table: BenchTable, threads: Threads, _ body: ([PartBatch]) throws -> Void
  ) throws {
    let store = RowStore(shards: shards(of: table), book: parts[0].book, workers: parts.map { _ in 0 }, client: nil)
    let source = RoutedNeighborSource(
      book: parts[0].book, mapped: Dictionary(uniqueKeysWithValues: parts.map { ($0.part, $0.inEdges) }), worker: parts.map { _ in 0 },
      client: nil, listCount: parts.count)
    let loader = BatchLoader(
      parts: parts, nodeType: nodeType, split: 0, plan: plan, seed: seed, limits: limits, wantsDegrees: wantsDegrees, source: source,
      store: store, threads: threads)
    for batch in 0..<count {
      let (epoch, step) = (batch / plan.stepsPerEpoch, batch % plan.stepsPerEpoch)
      let batches = try loader.sample(epoch: epoch, step: step)
      try loader.fetch(epoch: epoch, step: step)
      try body(batches)
    }
  }

  /// Nodes of the seeds' type in all parts: rows of a table.
  var tableRows: Int { manifest.parts.reduce(0) { $0 + $1.innerNodes[nodeType] } }

  private func shards(of table: BenchTable) -> TableShards {
    let description = TableDescription(
      name: "feat", nodeType: nodeType, layout: .dense, columns: table.columns, elementType: table.elementType,
      strideBytes: table.strideBytes)
    var first = 0
    var shards: [Int: FeatureTable] = [:]
    for (part, counts) in manifest.parts.enumerated() {
      shards[part] = table.shard(first..<first + counts.innerNodes[nodeType])
      first += counts.innerNodes[nodeType]
    }
    return TableShards(number: 0, description: description, shards: shards)
  }
}
