public import Graphs
package import Tensors

/// The training that parts are made for, as far as their cut matters to it: fan-out and batch size.
public struct ExpectedBatches: Hashable, Sendable {
  /// As it was written, input hop first.
  public var fanout: String
  /// In-edges taken by sampled layer (input hop first) and relation; `Int.max` takes all.
  public var limits: [[Int]]
  /// Seeds of one step over all parts.
  public var batchSize: Int

  public init(fanout: String, limits: [[Int]], batchSize: Int) {
    precondition(batchSize >= 1, "a batch of \(batchSize) seeds")
    self.fanout = fanout
    self.limits = limits
    self.batchSize = batchSize
  }

  /// The nodes that are seeds once an epoch: the training nodes of the default split, by flat number (`NodeNumbering`); all nodes of a
  /// graph without any.
  public static func seeds(of graph: RawGraph) -> [Int] {
    let numbering = NodeNumbering(graph)
    let trained = graph.nodes.indices.flatMap { type in
      graph.defaultSplit(ofType: type).train.map { numbering.offsets[type] + Int($0) }
    }
    return trained.isEmpty ? Array(0..<numbering.count) : trained
  }

  /// Steps of an epoch with so many seeds.
  public func steps(seeds: Int) -> Int { (seeds + batchSize - 1) / batchSize }

  /// Probability of every node to be a seed of a step, shape (nodes).
  ///
  /// - Parameter holds: Which of `seeds` take part.
  func seedProbabilities(_ seeds: [Int], nodeCount: Int, where holds: (Int) -> Bool = { _ in true }) -> Buffer<Float> {
    let probabilities = Buffer<Float>(count: nodeCount)
    let probability = 1 / Float(max(1, steps(seeds: seeds.count)))
    for node in seeds where holds(node) { probabilities.pointer[node] = probability }
    return probabilities
  }

  /// What hangs on every edge when the parts' batches stay where their seeds are: each node's row counts its width.
  ///
  /// Widths are bytes of the table that training reads, `feat` or else the widest, over the largest; all are equal in a graph without.
  package func edgeUse(of graph: RawGraph, threads: Threads) -> EdgeUse {
    let numbering = NodeNumbering(graph)
    let bytes = graph.nodes.map(InputTable.rowBytes)
    let widest = bytes.max() ?? 0
    let widths = Buffer<Float>(count: numbering.count)
    for type in numbering.typeIndices {
      let width = widest > 0 ? Float(bytes[type] / widest) : 1
      for node in numbering.range(of: type) { widths.pointer[node] = width }
    }
    let probability = InclusionProbability(SampledEdges(graph, threads: threads), limits: limits)
    let seeds = seedProbabilities(Self.seeds(of: graph), nodeCount: numbering.count)
    return EdgeUse(probability, seeds: seeds, widths: widths, threads: threads)
  }
}

/// Which of a node type's tables training reads, where nothing says so: `feat`, or else the widest that is no target.
enum InputTable {
  static let usualName = "feat"

  /// Bytes of a row of that table, without padding; the mean of a sparse one; 0 without any.
  static func rowBytes(of nodes: NodeData) -> Double {
    let bytes = nodes.tables.filter { $0.key != NodeData.targetTable }.mapValues { table in
      switch table {
      case .dense(let rows): Double(rows.rowBytes)
      case .sparse(let rows): 8 * Double(rows.indices.count) / Double(max(1, rows.rows))
      }
    }
    return bytes[usualName] ?? bytes.values.max() ?? 0
  }
}
