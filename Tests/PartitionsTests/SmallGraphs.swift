import Graphs
import Partitions
import Tensors

/// Graphs small enough to write every number of their parts by hand.
enum SmallGraphs {
  static func edges(_ list: [(UInt32, UInt32)]) -> EdgeList {
    EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))
  }

  static func dense(_ values: [Float], columns: Int) -> FeatureTable {
    .dense(DenseRows(floats: Buffer(copying: values), rows: values.count / columns, columns: columns))
  }

  /// A directed cycle over six nodes (edge e from e to e + 1), a self loop on 2 (edge 6) and edge 0 again (edge 7).
  static let cycle: RawGraph = {
    let words = SparseRows(
      rows: 6, columns: 9, indptr: ArrayView([0, 1, 1, 3, 4, 6, 6]), indices: ArrayView([8, 0, 5, 3, 2, 7]),
      values: ArrayView([0.5, 1, 2, 3, 4, 5]))
    let nodes = NodeData(
      count: 6, tables: ["x": dense((0..<12).map(Float.init), columns: 2), "words": .sparse(words)],
      labels: ArrayView([0, 1, 2, 0, 1, -1]), classCount: 3, split: Split(train: [1, 2, 5], validation: [0], test: [3, 4]))
    let list = edges([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (2, 2), (0, 1)])
    return RawGraph(name: "cycle", schema: .plain, nodes: [nodes], edges: [list])
  }()

  /// The cycle without tables, its default split and another.
  static let twoSplits: RawGraph = {
    var graph = cycle
    graph.nodes[0].tables = [:]
    graph.nodes[0].splits.append(Split(name: "second", train: [0, 3, 4], validation: [1, 2]))
    return graph
  }()

  static let cycleParts: [UInt16] = [0, 0, 1, 1, 0, 1]

  /// Two authors and three papers; authors write papers (edges 0 … 2), papers cite papers (edges 3 … 6).
  static let papers: RawGraph = {
    let schema = Schema(
      nodeTypes: ["author", "paper"],
      relations: [Relation(name: "writes", source: 0, destination: 1), Relation(name: "cites", source: 1, destination: 1)])
    let papers = NodeData(count: 3, tables: ["x": dense([1, 2, 3], columns: 1)], split: Split(train: [0, 2], test: [1]))
    return RawGraph(
      name: "papers", schema: schema, nodes: [NodeData(count: 2, split: Split(train: [1])), papers],
      edges: [edges([(0, 0), (1, 0), (1, 1)]), edges([(1, 0), (2, 0), (0, 2), (2, 0)])])
  }()

  static let papersParts: [UInt16] = [1, 0, 0, 1, 0]

  /// The cycle with tables of its edges: edge e has the row (10 e, 10 e + 1), and word e where e is even.
  static let cycleWithEdgeTables: RawGraph = {
    var graph = cycle
    let words = SparseRows(
      rows: 8, columns: 8, indptr: ArrayView([0, 1, 1, 2, 2, 3, 3, 4, 4]), indices: ArrayView([0, 2, 4, 6]),
      values: ArrayView([1, 3, 5, 7]))
    graph.edges[0].tables = ["x": dense((0..<8).flatMap { [Float(10 * $0), Float(10 * $0 + 1)] }, columns: 2), "words": .sparse(words)]
    return graph
  }()

  /// The papers with a table of who cites whom: edge e of the relation has the row (e).
  static let papersWithEdgeTables: RawGraph = {
    var graph = papers
    graph.edges[1].tables = ["x": dense([0, 1, 2, 3], columns: 1)]
    return graph
  }()

  /// An assignment with these parts and measures of its own.
  static func assignment(_ graph: RawGraph, _ parts: [UInt16]) -> PartitionAssignment {
    let partCount = Int(parts.max() ?? 0) + 1
    let metrics = PartitionMetrics(measuring: parts, partCount: partCount, graph: graph, threads: Threads(1))
    return PartitionAssignment(
      partCount: partCount, parts: parts, record: PartitionerRecord(method: "given", seed: 1, tolerances: [:], options: [:]),
      metrics: metrics, randomMetrics: metrics, unmet: [])
  }
}
