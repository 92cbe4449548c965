public import Graphs
public import KVStore
public import Partitions
public import Sampling
public import Tensors

/// Loads the batches of a worker's parts: `sample` builds the blocks of a step, `fetch` resolves the rows that they read.
///
/// Confined to one thread; the batches it returns are its own and are filled again by the next step.
public final class BatchLoader {
  /// The worker's own parts, increasing.
  public let parts: [LocalPartition]
  private let trainingNodes: [TrainingNodes]
  private let plan: BatchPlan
  private let seed: UInt64
  /// In-edges taken, by layer (input hop first) and relation.
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
  ///   - nodeType: Type of the seeds.
  ///   - limits: In-edges taken by layer (input hop first) and relation.
  ///   - wantsDegrees: Whether blocks carry the degrees of their nodes in the whole graph.
  public init(
    parts: [LocalPartition], nodeType: Int, plan: BatchPlan, seed: UInt64, limits: [[Int]], wantsDegrees: Bool,
    source: RoutedNeighborSource, store: RowStore, threads: Threads
  ) {
    self.parts = parts
    self.plan = plan
    self.seed = seed
    self.limits = limits
    self.wantsDegrees = wantsDegrees
    self.source = source
    self.store = store
    self.threads = threads
    let relationCount = limits[0].count
    trainingNodes = parts.map { TrainingNodes(part: $0.part, table: $0.nodes[nodeType].train) }
    batches = parts.map { PartBatch(part: $0.part, layerCount: limits.count, relationCount: relationCount) }
    neighbors = parts.map { _ in SampledNeighbors(relationCount: relationCount) }
  }

  /// Samples the blocks of every own part for `step` of `epoch`, all parts' requests of a hop together.
  public func sample(epoch: Int, step: Int) throws -> [PartBatch] {
    for (index, batch) in batches.enumerated() { drawSeeds(of: index, into: batch, epoch: epoch, step: step) }
    let runStep = UInt32(epoch * plan.stepsPerEpoch + step)
    for layer in limits.indices.reversed() {
      let hop = HopSampler(seed: seed, hop: limits.count - 1 - layer, step: runStep, limits: limits[layer], wantsDegrees: wantsDegrees)
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

  /// Appends the seeds that own part number `index` has in a step, in batch order.
  public func appendSeeds(ofPart index: Int, epoch: Int, step: Int, to seeds: GrowingBuffer<PartLocalID>) {
    plan.appendSeeds(of: trainingNodes[index], epoch: epoch, step: step, to: seeds)
  }

  /// Resolves the input rows of what `sample` built last; rows of other workers are pulled once for all parts.
  public func fetch(epoch: Int, step: Int) throws {
    let rows = try store.resolve(
      batches.map { $0.blocks[0].sourceIDs.readOnly }, step: UInt32(epoch * plan.stepsPerEpoch + step), into: arena,
      threads: threads)
    for (batch, rows) in zip(batches, rows) { batch.rows = rows }
  }

  private func drawSeeds(of index: Int, into batch: PartBatch, epoch: Int, step: Int) {
    let part = parts[index]
    batch.seeds.removeAll()
    appendSeeds(ofPart: index, epoch: epoch, step: step, to: batch.seeds)
    batch.seedIDs.removeAll()
    for seed in batch.seeds.readOnly { batch.seedIDs.append(part.globalID(of: seed)) }
  }
}
