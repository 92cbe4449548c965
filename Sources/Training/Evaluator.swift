import Collectives
import Inference
import KVStore
import Kernels
import Loading
import Models
import Tensors

/// Scores the model on the validation and test sets of all parts: exactly, or over sampled neighbourhoods where the options say so.
final class Evaluator {
  private enum Method {
    case exact(LayerwiseInference)
    case sampled(SampledInference)
  }

  private let method: Method
  private let scorer: SetScorer
  private let validation: HeldOutSet
  private let test: HeldOutSet

  /// A collective call.
  ///
  /// - Parameters:
  ///   - store: Fixed input columns; `nil`: there are none.
  ///   - edgeStores: Rows of edges, by relation that has some.
  ///   - learned: Learned input columns.
  ///   - targets: Those of each own part.
  init(
    worker: Worker, model: Model, store: RowStore?, edgeStores: [RowStore], learned: LearnedInput?, source: RoutedNeighborSource,
    task: PredictionTask, loss: Loss, targets: [NodeTargets], reducer: GradientReducer, threads: Threads
  ) throws {
    let (split, type) = (task.split, task.nodeType)
    validation = HeldOutSet(parts: worker.parts, targets: targets) { $0.split(split, type: type).validation }
    test = HeldOutSet(parts: worker.parts, targets: targets) { $0.split(split, type: type).test }
    scorer = SetScorer(loss: loss, outputs: task.outputs, ranks: task.ranks, group: worker.group, reducer: reducer, threads: threads)
    if let limits = task.evaluationLimits {
      let loader = BlockLoader(
        parts: worker.parts, seed: task.training.seed, purpose: .evaluation, limits: limits, wantsDegrees: model.shape.readsDegrees,
        source: source, store: store, edgeStores: edgeStores, threads: threads)
      let parts = worker.manifest.partCount
      method = .sampled(
        SampledInference(
          model: model, loader: loader, learned: learned, batchSize: (task.training.globalBatchSize(parts: parts) + parts - 1) / parts,
          threads: threads))
    } else {
      method = .exact(
        try LayerwiseInference(
          parts: worker.parts, model: model, input: InferenceInput(fixed: store, learned: learned), assignment: worker.assignment,
          group: worker.group, edgeFeatures: task.training.edgeFeatures, threads: threads))
    }
  }

  /// A collective call; the same result on every worker.
  func evaluate(weights: Buffer<Float>) throws -> Evaluation {
    switch method {
    case .exact(let inference):
      let outputs = try inference.run(weights: weights.pointer)
      return Evaluation(
        validation: try scorer.score(validation, rows: validation.rows(of: outputs)),
        test: try scorer.score(test, rows: test.rows(of: outputs)))
    case .sampled(let inference):
      return Evaluation(
        validation: try scorer.score(validation, rows: try inference.run(weights: weights.pointer, on: validation)),
        test: try scorer.score(test, rows: try inference.run(weights: weights.pointer, on: test)))
    }
  }
}
