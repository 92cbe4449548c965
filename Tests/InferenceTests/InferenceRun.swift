import Collectives
import Inference
import KVStore
import Kernels
import Models
import Partitions
import Tensors

/// Runs exact inference on a partition directory as several workers do.
struct InferenceRun {
  let directory: String
  let model: Model
  let weights: Buffer<Float>
  var workers = 1
  var threads = 1
  var aggregator: any Aggregator = CPUAggregator()

  /// Random values for every parameter, biases too.
  static func weights(_ model: Model, seed: UInt64) -> Buffer<Float> {
    let weights = model.initialWeights(seed: seed)
    let key = RandomKey(seed: seed, purpose: .initialValue, layer: 999)
    for index in 0..<weights.count { weights[index] += 0.2 * (unitFloat(key.bits(id: UInt64(index), step: 0)[0]) - 0.5) }
    return weights
  }

  /// What a worker has of the graph: everything through a store as a model in training does, or its own parts' tables alone.
  enum Source { case store, tables }

  /// Calls `body` on every worker.
  func forEachWorker<Result: Sendable>(
    _ source: Source,
    _ body: @escaping @Sendable (LayerwiseInference, [LocalPartition], InProcessGroup, UnsafePointer<Float>) throws -> Result
  ) throws -> [Result] {
    let (directory, model, weights, workers, threads, aggregator) = (directory, model, weights, workers, threads, aggregator)
    return try InProcessGroup.run(size: workers) { group in
      let manifest = try Manifest.load(directory)
      let assignment = try PartAssignment(parts: manifest.partCount, workers: workers)
      func open(_ numbers: Range<Int>) throws -> [LocalPartition] {
        try numbers.map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
      }
      let parts = try open(assignment.parts(of: group.rank))
      let input: InferenceInput
      switch source {
      case .tables: input = .tables(parts.map { $0.nodes[0].tables["feat"]! })
      case .store:
        input = .store(
          RowStore(
            shards: TableShards(number: 0, of: manifest, in: try open(0..<manifest.partCount)), book: PartitionBook(manifest),
            workers: (0..<manifest.partCount).map(assignment.worker(of:)), client: nil))
      }
      let inference = try LayerwiseInference(
        parts: parts, model: model, input: input, assignment: assignment, group: group, aggregator: aggregator,
        edgeFeatures: "bond", threads: Threads(threads))
      return try withExtendedLifetime(weights) { try body(inference, parts, group, weights.pointer) }
    }
  }

  /// Logits by original node.
  func logits(_ source: Source) throws -> [Int: [Float]] {
    let all = try forEachWorker(source) { inference, parts, _, weights in
      var rows: [Int: [Float]] = [:]
      for (part, output) in zip(parts, try inference.run(weights: weights)) {
        for row in 0..<part.innerCount { rows[Int(part.original[row])] = (0..<output.columns).map { output.view[row, $0] } }
      }
      return rows
    }
    return all.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
  }
}
