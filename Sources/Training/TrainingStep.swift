import Collectives
import Configuration
import Inference
import Kernels
import Loading
import Models
import Telemetry
import Tensors

/// One synchronous step: sample → fetch → forward → backward → reduce → update.
///
/// Every part of the worker is computed by itself, one after the other, into its own gradient: which worker computes a part cannot
/// change its bits. A step over all training nodes loads them once: its neighbourhoods and rows are those of every epoch.
final class TrainingStep {
  private let model: Model
  private let loader: StepLoader
  private let reducer: GradientReducer
  let optimizer: DenseOptimizer
  private let configuration: TrainingConfiguration
  private let loss: Loss
  /// Of each own part.
  private let targets: [NodeTargets]
  private let aggregator: any Aggregator
  /// `nil`: no input columns are learned.
  private let learned: LearnedColumns?
  private let group: any ProcessGroup
  private let threads: Threads
  private let workspace: ModelWorkspace
  /// The batches of a step over all training nodes, once they are loaded.
  private var standing: [PartBatch]?
  private let targetRows = TargetRows()
  /// The replica of the weights, equal on every worker after every step.
  let weights: Buffer<Float>
  let clock: StageClock
  /// Sizes of what the steps so far have computed here.
  private(set) var work = Traffic()

  init(
    model: Model, loader: StepLoader, loss: Loss, targets: [NodeTargets], reducer: GradientReducer, configuration: TrainingConfiguration,
    stepsPerEpoch: Int, aggregator: any Aggregator, learned: LearnedColumns?, group: any ProcessGroup, trace: TraceLog?, threads: Threads
  ) {
    self.model = model
    self.loader = loader
    self.reducer = reducer
    self.configuration = configuration
    self.loss = loss
    self.targets = targets
    self.aggregator = aggregator
    self.learned = learned
    self.group = group
    clock = StageClock(trace: trace)
    self.threads = threads
    workspace = ModelWorkspace(model, aggregator: aggregator)
    weights = model.initialWeights(seed: configuration.seed)
    optimizer = DenseOptimizer(
      reducer: reducer, layout: model.parameters, configuration: configuration, stepsPerEpoch: stepsPerEpoch, threads: threads)
  }

  /// What the last step computed, for measurements.
  var newestBatches: [PartBatch] { loader.newest }

  /// Whether the weights are numbers still.
  var hasFiniteWeights: Bool { weights.elements.allSatisfy(\.isFinite) }

  /// Goes on from a checkpoint.
  func restore(_ checkpoint: Checkpoint) throws {
    guard let saved = checkpoint.vectors[Checkpoint.weights] else {
      throw InputError("checkpoint", expected: "a vector '\(Checkpoint.weights)'", found: "none")
    }
    withExtendedLifetime(saved) { weights.pointer.update(from: saved.pointer, count: weights.count) }
    try optimizer.restore(checkpoint.vectors)
  }

  /// Loss sum and right answers of one part in one step.
  struct PartOutcome {
    var part: Int
    var sums: LossSums
  }

  /// Takes one step; a collective call.
  ///
  /// - Parameter normaliser: What the mean loss of the step divides by; see `StepNormalisers`.
  func take(epoch: Int, step: Int, runStep: UInt32, normaliser: Double) throws -> [PartOutcome] {
    let batches = try load(epoch: epoch, step: step, runStep: runStep)
    // Learned rows are as of this step, however early the batches were loaded.
    if let learned { try clock.measure(.fetch) { try learned.resolve(batches) } }
    let outcomes = try batches.indices.map { try compute($0, batches[$0], targets: targets[$0], runStep: runStep) }
    // A machine may have found that a layer does not fit its memory; processors never do.
    if aggregator.takesWholeLayers { try group.agree { try aggregator.check() } }
    let gradient = try clock.measure(.reduce) {
      try learned?.send()
      return try reducer.reduce()
    }
    try clock.measure(.update) {
      try optimizer.update(weights: weights.pointer, gradient: gradient, normaliser: normaliser, runStep: Int(runStep))
      try reducer.allGather(weights: weights.pointer)
      try learned?.update(normaliser: normaliser, runStep: Int(runStep))
    }
    return outcomes
  }

  /// The batches of a step with their rows. All training nodes come in the order of the first epoch, in a resumed run too.
  private func load(epoch: Int, step: Int, runStep: UInt32) throws -> [PartBatch] {
    if let standing { return standing }
    let batches = try loader.load(epoch: configuration.isFullBatch ? 0 : epoch, step: step, runStep: runStep, clock: clock)
    if configuration.isFullBatch { standing = batches }
    return batches
  }

  /// Forward and backward of own part number `index`, its gradients handed to the reducer and to the learned rows.
  private func compute(_ index: Int, _ batch: PartBatch, targets: NodeTargets, runStep: UInt32) throws -> PartOutcome {
    let gradient = reducer.gradientBuffer()
    let (logits, sums) = clock.measure(.forward) { () -> (MatrixView, LossSums) in
      let rows = learned?.rows(index, of: batch) ?? batch.rows!  // Where nothing is learned the rows are fixed.
      let dropout = DropoutKey(seed: configuration.seed, step: runStep)
      let logits =
        configuration.firstHop == .exact
        ? model.forward(
          batch.blocks, aggregated: rows, of: batch.inputIDs, weights: weights.pointer, dropout: dropout, workspace: workspace,
          threads: threads)
        : model.forward(
          batch.blocks, rows: rows, edgeRows: batch.edgeRows, weights: weights.pointer, dropout: dropout, workspace: workspace,
          threads: threads)
      targets.copy(batch.seeds.readOnly, into: targetRows)
      return (logits, loss.evaluate(logits, targets: targetRows.targets, gradient: logits, threads: threads))
    }
    try clock.measure(.backward) {
      let inputGradient = learned?.inputGradient(of: batch)
      model.backward(
        batch.blocks, weights: weights.pointer, logitsGradient: logits, gradient: gradient, inputGradient: inputGradient,
        workspace: workspace, threads: threads)
      // Learned rows that cannot be moved are no step: the weights say so, too, on every worker.
      if let learned, let inputGradient, try !learned.add(batch, gradient: inputGradient) { gradient[0] = .nan }
      reducer.commit(part: batch.part)
    }
    work.add(batch, layers: model.shape.layers)
    return PartOutcome(part: batch.part, sums: sums)
  }
}
