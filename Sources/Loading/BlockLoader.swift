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
  private let seed: UInt64
  private let purpose: RandomPurpose
  /// In-edges taken, by sampled layer (input hop first) and relation.
  private let limits: [[Int]]
  private let wantsDegrees: Bool
  private let source: RoutedNeighborSource
  private let store: RowStore
  private let threads: Threads
  private let batches: [PartBatch]
  private let neighbors: [SampledNeighbors]
  private let builder = BlockBuilder()
  private let arena = RowArena()

  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - purpose: `.sample` or `.evaluation`: their samples are independent.
  ///   - limits: In-edges taken by sampled layer (input hop first) and relation; empty: batches have their seeds alone.
  ///   - wantsDegrees: Whether blocks carry the degrees of their nodes in the whole graph.
  public init(
    parts: [LocalPartition], seed: UInt64, purpose: RandomPurpose, limits: [[Int]], wantsDegrees: Bool,
    source: RoutedNeighborSource, store: RowStore, threads: Threads
  ) {
    self.parts = parts
    self.seed = seed
    self.purpose = purpose
    self.limits = limits
    self.wantsDegrees = wantsDegrees
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
    for layer in limits.indices.reversed() {
      let hop = HopSampler(
        seed: seed, purpose: purpose, hop: limits.count - 1 - layer, step: step, limits: limits[layer],
        wantsDegrees: wantsDegrees)
      let frontiers = batches.map { batch in
        layer == limits.count - 1 ? batch.seedIDs.readOnly : batch.blocks[layer + 1].sourceIDs.readOnly
      }
      try source.sample(frontiers, hop: hop, into: neighbors, threads: threads)
      for (index, batch) in batches.enumerated() {
        builder.build(batch.blocks[layer], destinations: frontiers[index], neighbors: neighbors[index])
      }
    }
    return batches
  }

  /// Resolves the input rows of what `sample` built last; rows of other workers are pulled once for all parts.
  public func fetch(step: UInt32) throws {
    let rows = try store.resolve(batches.map(\.inputIDs), step: step, into: arena, threads: threads)
    for (batch, rows) in zip(batches, rows) { batch.rows = rows }
  }
}
