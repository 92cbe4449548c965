import Graphs
import Partitioning
import Partitions
import Tensors

/// A random graph whose classes are visible in the rows of in-edges alone: features are noise, and edges come from anywhere.
struct EdgeGraph {
  var nodes = 240
  var classes = 4
  /// Columns of the edges' table `bond`.
  var columns = 9
  var sparse = false
  /// The relations that have the table; the others have edges alone.
  var tables = [true]
  var seed: UInt64 = 21

  private func random(_ id: Int, _ block: UInt32 = 0) -> SIMD4<UInt32> {
    RandomKey(seed: seed, purpose: .generator).bits(id: UInt64(id), step: 0, block: block)
  }

  private func label(_ node: Int) -> Int { Int(random(node)[0] % UInt32(classes)) }

  /// Five in-edges of every node and relation but of node 5, which has none.
  private func edges(_ relation: Int) -> EdgeList {
    var (sources, destinations): ([UInt32], [UInt32]) = ([], [])
    for node in 0..<nodes where node != 5 {
      for edge in 0..<5 {
        sources.append(random(node, UInt32(1 + 10 * relation + edge))[1] % UInt32(nodes))
        destinations.append(UInt32(node))
      }
    }
    return EdgeList(
      sources: ArrayView(sources), destinations: ArrayView(destinations),
      tables: tables[relation] ? ["bond": table(relation, destinations: destinations)] : [:])
  }

  private func value(_ relation: Int, _ edge: Int, _ column: Int, label: Int) -> Float {
    let noise = unitFloat(random(edge, UInt32(1000 + 100 * relation + column))[2]) - 0.5
    return noise + (column % classes == label ? 0.8 : 0)
  }

  private func table(_ relation: Int, destinations: [UInt32]) -> FeatureTable {
    let rows = destinations.enumerated().map { edge, node in
      (0..<columns).map { value(relation, edge, $0, label: label(Int(node))) }
    }
    guard sparse else { return .dense(DenseRows(floats: Buffer(copying: rows.flatMap { $0 }), rows: rows.count, columns: columns)) }
    var (indptr, indices, values): ([Int64], [UInt32], [Float]) = ([0], [], [])
    for row in rows {
      for (column, value) in row.enumerated() where value > 0.3 {
        indices.append(UInt32(column))
        values.append(value)
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(rows: rows.count, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  var graph: RawGraph {
    let features = (0..<nodes * 6).map { unitFloat(random($0 / 6, UInt32(500 + $0 % 6))[3]) - 0.5 }
    let data = NodeData(
      count: nodes, tables: ["feat": .dense(DenseRows(floats: Buffer(copying: features), rows: nodes, columns: 6))],
      labels: ArrayView((0..<nodes).map { Int32(label($0)) }), classCount: classes,
      split: Split(
        train: Array(0..<UInt32(nodes / 2)), validation: Array(UInt32(nodes / 2)..<UInt32(3 * nodes / 4)),
        test: Array(UInt32(3 * nodes / 4)..<UInt32(nodes))))
    let relations = tables.indices.map { Relation(name: "r\($0)", source: 0, destination: 0) }
    return RawGraph(
      name: "edges", schema: Schema(nodeTypes: ["node"], relations: relations), nodes: [data], edges: tables.indices.map(edges))
  }

  /// Random parts: nearly every sampled edge beyond the seeds is another part's.
  func partition(into parts: Int, at directory: String, types: TableTypes = TableTypes(), replicas: Double = 0) throws {
    let graph = graph
    var options = PartitionOptions(partCount: parts, method: .random, seed: 3)
    options.batches = ExpectedBatches(
      fanout: "4,3", limits: [4, 3].map { limit in tables.map { _ in limit } }, batchSize: 6)
    options.replicas = replicas
    let assignment = try Partitioner.assign(graph, options, threads: Threads(1))
    _ = try PartitionWriter.write(graph, assignment, to: directory, types: types, threads: Threads(1))
  }
}
