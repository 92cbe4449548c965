import Collectives
import Inference
import KVStore
import Models
import Tensors

/// Scores the model exactly on the validation and test sets of all parts.
final class Evaluator {
  private let worker: Worker
  private let inference: LayerwiseInference
  private let nodeType: Int
  private let reducer: GradientReducer

  /// A collective call.
  init(worker: Worker, model: Model, store: RowStore, nodeType: Int, reducer: GradientReducer, threads: Threads) throws {
    self.worker = worker
    self.nodeType = nodeType
    self.reducer = reducer
    inference = try LayerwiseInference(
      parts: worker.parts, model: model, store: store, assignment: worker.assignment, group: worker.group, threads: threads)
  }

  /// A collective call; the same result on every worker.
  func evaluate(weights: Buffer<Float>) throws -> Evaluation {
    let logits = try inference.run(weights: weights.pointer)
    return try SetScorer.evaluate(logits, parts: worker.parts, nodeType: nodeType, reducer: reducer)
  }
}
