public import Graphs
public import KVStore
public import Partitions
import Sampling
public import Tensors

/// Samples the blocks of given seeds of a worker's parts and resolves the rows that they read.
///
/// Confined to one thread; the batches it returns are its own and are filled again by the next step.
public final class BlockLoader {
  private let parts: [LocalPartition]
  /// By sampled layer, input hop first.
  private var hops: [HopSampler]
  private let source: RoutedNeighborSource
  private let store: RowStore?
  private let threads: Threads
  private let batches: [PartBatch]
  private let neighbors: [SampledNeighbors]
  private let builder = BlockBuilder()
  /// Destinations of the hop at hand, one list per part; kept for its memory.
  private var frontiers: [UnsafeBufferPointer<GlobalID>]
  private let arena = RowArena()

  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - purpose: One of `HopSampler.purposes`: their samples are independent.
  ///   - limits: In-edges taken by sampled layer (input hop first) and relation; empty: batches have their seeds alone.
  ///   - wantsDegrees: Whether blocks carry the degrees of their nodes in the whole graph.
  ///   - store: Where fixed rows come from; `nil` where there are none, or for a loader that only samples.
  public init(
    parts: [LocalPartition], seed: UInt64, purpose: RandomPurpose, limits: [[Int]], wantsDegrees: Bool,
    source: RoutedNeighborSource, store: RowStore?, threads: Threads
  ) {
    self.parts = parts
    hops = limits.indices.map { layer in
      HopSampler(seed: seed, purpose: purpose, hop: limits.count - 1 - layer, step: 0, limits: limits[layer], wantsDegrees: wantsDegrees)
    }
    frontiers = parts.map { _ in UnsafeBufferPointer(start: nil, count: 0) }
    self.source = source
    self.store = store
    self.threads = threads
    let relationCount = limits.first?.count ?? 0
    batches = parts.map { PartBatch(part: $0.part, layerCount: limits.count, relationCount: relationCount) }
    neighbors = parts.map { _ in SampledNeighbors(relationCount: relationCount) }
  }

  /// Samples the blocks of every own part, all parts' requests of a hop together.
  ///
  /// - Parameters:
  ///   - step: Key of the samples.
  ///   - appendSeeds: Appends the seeds of own part number `index` in batch order.
  public func sample(step: UInt32, _ appendSeeds: (_ index: Int, _ seeds: GrowingBuffer<PartLocalID>) -> Void) throws -> [PartBatch] {
    for (index, batch) in batches.enumerated() {
      batch.seeds.removeAll()
      appendSeeds(index, batch.seeds)
      batch.seedIDs.removeAll()
      for seed in batch.seeds.readOnly { batch.seedIDs.append(parts[index].globalID(of: seed)) }
    }
    for layer in hops.indices.reversed() {
      hops[layer].step = step
      for (index, batch) in batches.enumerated() {
        frontiers[index] = layer == hops.count - 1 ? batch.seedIDs.readOnly : batch.blocks[layer + 1].sourceIDs.readOnly
      }
      try source.sample(frontiers, hop: hops[layer], into: neighbors, threads: threads)
      for (index, batch) in batches.enumerated() {
        builder.build(batch.blocks[layer], destinations: frontiers[index], neighbors: neighbors[index], threads: threads)
      }
    }
    return batches
  }

  /// What `sample` built last, for measurements.
  package var newest: [PartBatch] { batches }

  /// Resolves the fixed input rows of what `sample` built last; rows of other workers are pulled once for all parts.
  public func fetch(step: UInt32) throws {
    guard let store else { return }
    let rows = try store.resolve(batches.map(\.inputIDs), step: step, into: arena, threads: threads)
    for (batch, rows) in zip(batches, rows) { batch.rows = rows }
  }
}
