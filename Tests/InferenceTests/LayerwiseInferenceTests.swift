import Collectives
import Foundation
import Graphs
import Inference
import KVStore
import Kernels
import Models
import Partitioning
import Partitions
import Tensors
import Testing

/// Exact inference against a dense float64 computation written down here, on random graphs cut at random.
@Suite struct LayerwiseInferenceTests {
  /// A random graph: node 0 is isolated, node 1 has a self loop and a repeated in-edge.
  struct Example {
    let nodes = 23
    let columns: Int
    let sources: [UInt32]
    let destinations: [UInt32]
    let features: [Float]

    init(seed: UInt64, columns: Int) {
      self.columns = columns
      let key = RandomKey(seed: seed, purpose: .generator)
      var edges: [(UInt32, UInt32)] = [(1, 1), (2, 1), (2, 1)]
      for edge in 0..<70 {
        let words = key.bits(id: UInt64(edge), step: 0)
        edges.append((1 + boundedIndex(words[0], below: 22), 1 + boundedIndex(words[1], below: 22)))
      }
      sources = edges.map(\.0)
      destinations = edges.map(\.1)
      features = (0..<nodes * columns).map { unitFloat(key.bits(id: UInt64($0), step: 1)[0]) - 0.5 }
    }

    var graph: RawGraph {
      let table = DenseRows(floats: Buffer(copying: features), rows: nodes, columns: columns)
      let data = NodeData(
        count: nodes, tables: ["feat": .dense(table)], labels: ArrayView((0..<nodes).map { Int32($0 % 3) }), classCount: 3,
        split: Split(train: [1, 2, 3, 4, 5, 6], validation: [7], test: [8]))
      return RawGraph(
        name: "random", schema: .plain, nodes: [data],
        edges: [EdgeList(sources: ArrayView(sources), destinations: ArrayView(destinations))])
    }

    /// `h = relu(x·W_self + mean(x of in-neighbours)·W_neighbor + b)`, no ReLU after the last layer; by original node.
    func reference(_ model: Model, _ weights: Buffer<Float>) -> [[Double]] {
      func values(_ name: String) -> ([Double], Parameter) {
        let parameter = model.parameters[name]!
        return (parameter.range.map { Double(weights[$0]) }, parameter)
      }
      var rows = (0..<nodes).map { node in (0..<columns).map { Double(features[node * columns + $0]) } }
      for layer in 0..<model.shape.layers {
        let (own, parameter) = values("layers.\(layer).self.weight")
        let (neighbor, _) = values("layers.\(layer).neighbor.edge.weight")
        let (bias, _) = values("layers.\(layer).bias")
        let (inputs, outputs) = (parameter.shape[0], parameter.shape[1])
        rows = (0..<nodes).map { node in
          let from = zip(sources, destinations).filter { $0.1 == node }.map { Int($0.0) }
          var mean = [Double](repeating: 0, count: inputs)
          for source in from { for column in 0..<inputs { mean[column] += rows[source][column] / Double(from.count) } }
          return (0..<outputs).map { output in
            var sum = bias[output]
            for input in 0..<inputs {
              sum += rows[node][input] * own[input * outputs + output] + mean[input] * neighbor[input * outputs + output]
            }
            return layer + 1 < model.shape.layers ? max(0, sum) : sum
          }
        }
      }
      return rows
    }
  }

  /// Logits by original node, computed by `workers` workers that map only their own parts' hidden rows.
  private func logits(_ directory: String, _ model: Model, _ weights: Buffer<Float>, workers: Int, threads: Int) throws -> [Int: [Float]] {
    let all = try InProcessGroup.run(size: workers) { group -> [Int: [Float]] in
      let manifest = try Manifest.load(directory)
      let book = PartitionBook(manifest)
      let every = try (0..<manifest.partCount).map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
      let assignment = try PartAssignment(parts: manifest.partCount, workers: workers)
      let parts = assignment.parts(of: group.rank).map { every[$0] }
      let store = RowStore(
        shards: TableShards(number: 0, of: manifest, in: every), book: book,
        workers: (0..<manifest.partCount).map(assignment.worker(of:)), client: nil)
      let inference = try LayerwiseInference(
        parts: parts, model: model, store: store, assignment: assignment, group: group, threads: Threads(threads))
      let outputs = try inference.run(weights: weights.pointer)
      var result: [Int: [Float]] = [:]
      for (part, output) in zip(parts, outputs) {
        for row in 0..<part.innerCount { result[Int(part.original[row])] = (0..<output.columns).map { output.view[row, $0] } }
      }
      return result
    }
    return all.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
  }

  /// Aggregate-first (5 columns to 8) and transform-first (12 columns to 4) layers, several layers, several cuts.
  @Test(arguments: 0..<10)
  func equalsTheDenseComputation(seed: Int) throws {
    let example = Example(seed: UInt64(seed), columns: seed % 2 == 0 ? 5 : 12)
    let model = try Model(ModelShape(inputColumns: example.columns, hidden: seed % 2 == 0 ? 8 : 4, layers: 1 + seed % 3, classes: 3))
    let weights = model.initialWeights(seed: UInt64(seed))
    let expected = example.reference(model, weights)
    for parts in [1, 3, 4] {
      let directory = NSTemporaryDirectory() + "halo-inference-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let graph = example.graph
      let assignment = try Partitioner.assign(
        graph, PartitionOptions(partCount: parts, method: .random, seed: UInt64(seed)), threads: Threads(1))
      try PartitionWriter.write(graph, assignment, to: directory, threads: Threads(1))
      let alone = try logits(directory, model, weights, workers: 1, threads: 1)
      #expect(alone.count == example.nodes)
      for (node, row) in alone {
        for (found, wanted) in zip(row, expected[node]) {
          // Sums of at most 70 float32 terms below 10 in size, through three layers.
          #expect(abs(Double(found) - wanted) <= 1e-5 * max(1, abs(wanted)), "node \(node) on \(parts) parts")
        }
      }
      for workers in 2...max(2, parts) where workers <= parts {
        #expect(try logits(directory, model, weights, workers: workers, threads: 2) == alone, "\(workers) workers, same bits")
      }
    }
  }
}
