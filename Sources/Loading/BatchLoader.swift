public import Graphs
public import KVStore
public import Partitions
public import Sampling
public import Tensors

/// How training batches are sampled.
public struct SamplingMethod: Equatable, Sendable {
  /// What the samples are for: `.sample`, or `.labor` for LABOR's.
  public var purpose = RandomPurpose.sample
  /// Keys the samples by the epoch instead of the step: a node keeps its in-neighbours for a whole epoch.
  public var lastsAnEpoch = false

  public init() {}
}

/// Loads the batches of a worker's parts: `sample` builds the blocks of a step, `fetch` resolves the rows that they read.
///
/// Confined to one thread; the batches it returns are its own and are filled again by the next step.
public final class BatchLoader {
  /// The worker's own parts, increasing.
  public let parts: [LocalPartition]
  private let trainingNodes: [TrainingNodes]
  private let plan: BatchPlan
  private let blocks: BlockLoader
  private let lastsAnEpoch: Bool

  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - nodeType: Type of the seeds.
  ///   - split: Position of their split in `Manifest.splits`.
  ///   - limits: In-edges taken by sampled layer (input hop first) and relation.
  ///   - wantsDegrees: Whether blocks carry the degrees of their nodes in the whole graph.
  ///   - store: Where fixed rows come from; `nil` where there are none, or for a loader that only samples.
  ///   - edgeStores: Where rows of the sampled edges come from, one for each table; `source` must know their ids.
  public init(
    parts: [LocalPartition], nodeType: Int, split: Int, plan: BatchPlan, seed: UInt64, sampling: SamplingMethod = SamplingMethod(),
    limits: [[Int]], wantsDegrees: Bool, source: RoutedNeighborSource, store: RowStore?, edgeStores: [RowStore] = [],
    threads: Threads
  ) {
    self.parts = parts
    self.plan = plan
    lastsAnEpoch = sampling.lastsAnEpoch
    trainingNodes = parts.map { TrainingNodes(part: $0.part, table: $0.split(split, type: nodeType).train) }
    blocks = BlockLoader(
      parts: parts, seed: seed, purpose: sampling.purpose, limits: limits, wantsDegrees: wantsDegrees, source: source, store: store,
      edgeStores: edgeStores, threads: threads
    )
  }

  /// Samples the blocks of every own part for `step` of `epoch`, all parts' requests of a hop together.
  public func sample(epoch: Int, step: Int) throws -> [PartBatch] {
    try blocks.sample(step: lastsAnEpoch ? UInt32(epoch) : runStep(epoch, step)) { index, seeds in
      appendSeeds(ofPart: index, epoch: epoch, step: step, to: seeds)
    }
  }

  /// Appends the seeds that own part number `index` has in a step, in batch order.
  public func appendSeeds(ofPart index: Int, epoch: Int, step: Int, to seeds: GrowingBuffer<PartLocalID>) {
    plan.appendSeeds(of: trainingNodes[index], epoch: epoch, step: step, to: seeds)
  }

  /// What `sample` built last, for measurements.
  package var newest: [PartBatch] { blocks.newest }

  /// Resolves the input rows of what `sample` built last; rows of other workers are pulled once for all parts.
  public func fetch(epoch: Int, step: Int) throws { try blocks.fetch(step: runStep(epoch, step)) }

  /// Bytes that sampling holds on to beside the batches.
  var capacityBytes: Int { blocks.capacityBytes }

  /// Memory for the batches of a step.
  func makeStep() -> StepBatches { blocks.makeStep() }

  /// Samples several steps at once, whose numbers over the run they name, and finds out where their rows lie; steps in their order.
  func sample(_ steps: [StepBatches]) throws {
    let keys = steps.map { UInt32(lastsAnEpoch ? $0.step / plan.stepsPerEpoch : $0.step) }
    try blocks.sample(steps, keys: keys) { step, index, seeds in
      let (epoch, number) = step.step.quotientAndRemainder(dividingBy: plan.stepsPerEpoch)
      appendSeeds(ofPart: index, epoch: epoch, step: number, to: seeds)
    }
    for step in steps { try blocks.locate(step) }
  }

  /// Where rows come from.
  var stores: StepStores { blocks.stores }

  /// Number of a step over the whole run.
  private func runStep(_ epoch: Int, _ step: Int) -> UInt32 { UInt32(epoch * plan.stepsPerEpoch + step) }
}
