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
  let stores: StepStores
  private let threads: Threads
  /// What `sample` fills.
  private let own: StepBatches
  private let neighbors: [SampledNeighbors]
  private let builder = BlockBuilder()
  /// Destinations of the hop at hand, one list per part; kept for its memory.
  private var frontiers: [UnsafeBufferPointer<GlobalID>]

  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - purpose: One of `HopSampler.purposes`: their samples are independent.
  ///   - limits: In-edges taken by sampled layer (input hop first) and relation; empty: batches have their seeds alone.
  ///   - wantsDegrees: Whether blocks carry the degrees of their nodes in the whole graph.
  ///   - store: Where fixed rows come from; `nil` where there are none, or for a loader that only samples.
  ///   - edgeStores: Where rows of the sampled edges come from; `source` must know their ids.
  public init(
    parts: [LocalPartition], seed: UInt64, purpose: RandomPurpose, limits: [[Int]], wantsDegrees: Bool,
    source: RoutedNeighborSource, store: RowStore?, edgeStores: [RowStore] = [], threads: Threads
  ) {
    self.parts = parts
    hops = limits.indices.map { layer in
      HopSampler(
        seed: seed, purpose: purpose, hop: limits.count - 1 - layer, step: 0, limits: limits[layer], wantsDegrees: wantsDegrees,
        wantsEdges: !edgeStores.isEmpty)
    }
    frontiers = parts.map { _ in UnsafeBufferPointer(start: nil, count: 0) }
    self.source = source
    stores = StepStores(nodes: store, edges: edgeStores)
    self.threads = threads
    let relationCount = limits.first?.count ?? 0
    neighbors = parts.map { _ in SampledNeighbors(relationCount: relationCount) }
    own = StepBatches(
      parts: parts.map { PartBatch(part: $0.part, layerCount: limits.count, relationCount: relationCount) }, edgeTables: edgeStores.count)
  }

  /// Samples the blocks of every own part, all parts' requests of a hop together.
  ///
  /// - Parameters:
  ///   - step: Key of the samples.
  ///   - appendSeeds: Appends the seeds of own part number `index` in batch order.
  public func sample(step: UInt32, _ appendSeeds: (_ index: Int, _ seeds: GrowingBuffer<PartLocalID>) -> Void) throws -> [PartBatch] {
    begin(own, appendSeeds)
    for layer in hops.indices.reversed() {
      hops[layer].step = step
      for index in parts.indices { frontiers[index] = destinations(of: own.parts[index], layer: layer) }
      try source.sample(frontiers, hop: hops[layer], into: neighbors, threads: threads)
      build(layer, of: own)
    }
    return own.parts
  }

  /// What `sample` built last, for measurements.
  package var newest: [PartBatch] { own.parts }

  /// Resolves the fixed rows of input nodes and of sampled edges that what `sample` built last reads; rows of other workers are pulled once
  /// for all parts.
  public func fetch(step: UInt32) throws { try stores.resolve(own, number: step, threads: threads) }

  /// Sets the seeds of a step.
  private func begin(_ step: StepBatches, _ appendSeeds: (_ index: Int, _ seeds: GrowingBuffer<PartLocalID>) -> Void) {
    for (index, batch) in step.parts.enumerated() {
      batch.seeds.removeAll()
      appendSeeds(index, batch.seeds)
      batch.seedIDs.removeAll()
      for seed in batch.seeds.readOnly { batch.seedIDs.append(parts[index].globalID(of: seed)) }
    }
  }

  /// Nodes whose in-edges a layer samples.
  private func destinations(of batch: PartBatch, layer: Int) -> UnsafeBufferPointer<GlobalID> {
    layer == hops.count - 1 ? batch.seedIDs.readOnly : batch.blocks[layer + 1].sourceIDs.readOnly
  }

  /// Turns the samples at hand into blocks.
  private func build(_ layer: Int, of step: StepBatches) {
    for (index, batch) in step.parts.enumerated() {
      builder.build(
        batch.blocks[layer], destinations: destinations(of: batch, layer: layer), neighbors: neighbors[index], threads: threads)
    }
  }
}

/// Several steps at a time, each with memory of its own: what a pipeline needs.
extension BlockLoader {
  /// Bytes that building blocks holds on to beside them.
  var capacityBytes: Int { neighbors.reduce(builder.capacityBytes) { $0 + $1.capacityBytes } }

  /// Memory for the batches of a step.
  func makeStep() -> StepBatches {
    StepBatches(
      parts: own.parts.map { PartBatch(part: $0.part, layerCount: hops.count, relationCount: hops.first?.relationCount ?? 0) },
      edgeTables: stores.edges.count)
  }

  /// Samples the blocks of several steps, hop by hop, the requests of all steps in a hop together; and finds out where their rows lie.
  ///
  /// - Parameters:
  ///   - keys: Key of each step's samples.
  ///   - appendSeeds: Appends the seeds of own part number `index` in batch order.
  func sample(
    _ steps: [StepBatches], keys: [UInt32],
    _ appendSeeds: (_ step: StepBatches, _ index: Int, _ seeds: GrowingBuffer<PartLocalID>) -> Void
  ) throws {
    for step in steps { begin(step) { appendSeeds(step, $0, $1) } }
    for layer in hops.indices.reversed() {
      let asked = zip(steps, keys).map { step, key in
        hops[layer].step = key
        return RoutedNeighborSource.HopLists(lists: step.parts.map { destinations(of: $0, layer: layer) }, hop: hops[layer])
      }
      try source.sample(asked, into: neighbors, threads: threads) { build(layer, of: steps[$0]) }
    }
  }

  /// Finds out where the rows of a sampled step lie; steps in their order.
  func locate(_ step: StepBatches) throws { try stores.locate(step, threads: threads) }
}
