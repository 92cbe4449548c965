public import KVStore
public import Loading
public import Models
import Sampling
public import Tensors

/// Inference over sampled neighbourhoods, as in training but without dropout: its cost grows with the nodes that are asked for.
///
/// A node's sample at a hop is a function of the run's seed alone, the same in every evaluation, so scores differ by the weights and not
/// by luck. Each part cuts its nodes into batches by itself: the same bits for any number of workers and threads.
public final class SampledInference {
  private let model: Model
  private let loader: BlockLoader
  /// `nil`: no input columns are learned.
  private let learned: LearnedInput?
  private let batchSize: Int
  private let threads: Threads
  private let workspace: ModelWorkspace

  /// - Parameters:
  ///   - loader: Samples with the purpose `.evaluation`.
  ///   - learned: Learned input columns, after those that the loader fetches.
  ///   - batchSize: Nodes of a part in one batch.
  public init(model: Model, loader: BlockLoader, learned: LearnedInput? = nil, batchSize: Int, threads: Threads) {
    precondition(batchSize >= 1, "batches of \(batchSize) nodes")
    self.model = model
    self.loader = loader
    self.learned = learned
    self.batchSize = batchSize
    self.threads = threads
    workspace = ModelWorkspace(model)
  }

  /// The model's output for the set's nodes, one matrix per own part in the set's order, shape (nodes, classes).
  ///
  /// Not collective: workers may have different numbers of batches.
  public func run(weights: UnsafePointer<Float>, on set: HeldOutSet) throws -> [Matrix] {
    let outputs = set.nodes.map { Matrix(rows: $0.count, columns: model.shape.classes) }
    let longest = set.nodes.map(\.count).max() ?? 0
    for first in stride(from: 0, to: longest, by: batchSize) {
      let batches = try loader.sample(step: 0) { index, seeds in
        let nodes = set.nodes[index]
        for node in nodes.indices.dropFirst(first).prefix(batchSize) { seeds.append(nodes[node]) }
      }
      try loader.fetch(step: 0)
      try learned?.resolve(batches.map(\.inputIDs), threads: threads)
      for (index, batch) in batches.enumerated() where batch.seeds.count > 0 {
        guard let rows = learned?.rows(index, after: batch.rows, threads: threads) ?? batch.rows else {
          preconditionFailure("rows were fetched")
        }
        let logits = model.forward(
          batch.blocks, rows: rows, edgeRows: batch.edgeRows, weights: weights, dropout: nil, workspace: workspace, threads: threads)
        for row in 0..<logits.rows { outputs[index].view.row(first + row).update(from: logits.row(row), count: logits.columns) }
      }
    }
    return outputs
  }
}
