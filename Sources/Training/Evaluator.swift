import Collectives
import Inference
import KVStore
import Kernels
import Models
import Tensors

/// Scores the model exactly on the validation and test sets of all parts.
final class Evaluator {
  private let inference: LayerwiseInference
  private let scorer: SetScorer
  private let validation: HeldOutSet
  private let test: HeldOutSet

  /// A collective call.
  ///
  /// - Parameter targets: Those of each own part.
  init(
    worker: Worker, model: Model, store: RowStore, task: PredictionTask, loss: Loss, targets: [NodeTargets], reducer: GradientReducer,
    threads: Threads
  ) throws {
    let type = task.nodeType
    validation = HeldOutSet(parts: worker.parts, targets: targets) { $0.nodes[type].validation }
    test = HeldOutSet(parts: worker.parts, targets: targets) { $0.nodes[type].test }
    scorer = SetScorer(loss: loss, outputs: task.outputs, ranks: task.ranks, group: worker.group, reducer: reducer, threads: threads)
    inference = try LayerwiseInference(
      parts: worker.parts, model: model, store: store, assignment: worker.assignment, group: worker.group, threads: threads)
  }

  /// A collective call; the same result on every worker.
  func evaluate(weights: Buffer<Float>) throws -> Evaluation {
    let outputs = try inference.run(weights: weights.pointer)
    return Evaluation(
      validation: try scorer.score(validation, rows: validation.rows(of: outputs)),
      test: try scorer.score(test, rows: test.rows(of: outputs)))
  }
}
