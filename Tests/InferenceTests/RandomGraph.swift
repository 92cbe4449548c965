import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors

/// A random graph: node 0 is isolated, node 1 has a self loop and a repeated in-edge.
struct RandomGraph {
  let nodes: Int
  let columns: Int
  let isSparse: Bool
  /// Edges of each relation, (source, destination).
  let relations: [[(UInt32, UInt32)]]
  /// Shape (nodes, columns), between −0.5 and 0.5, or up to 1 where rows are sparse.
  let features: [Float]
  /// Columns of the table `bond` of each relation's edges; 0: it has none. Wide rows are sparse.
  var edgeColumns: [Int] = []

  init(seed: UInt64, nodes: Int, edges: Int, columns: Int, relations: Int = 1, isSparse: Bool = false) {
    self.nodes = nodes
    self.columns = columns
    self.isSparse = isSparse
    let key = RandomKey(seed: seed, purpose: .generator)
    let planted: [(UInt32, UInt32)] = [(1, 1), (2, 1), (2, 1)]
    self.relations = (0..<relations).map { relation in
      planted
        + (0..<edges).map { edge -> (UInt32, UInt32) in
          let words = key.bits(id: UInt64(edge), step: UInt32(relation))
          return (1 + boundedIndex(words[0], below: UInt32(nodes - 1)), 1 + boundedIndex(words[1], below: UInt32(nodes - 1)))
        }
    }
    features = (0..<nodes * columns).map { index in
      let value = unitFloat(key.bits(id: UInt64(index), step: 100)[0])
      if isSparse { return value < 0.6 ? 0 : value }
      return value - 0.5
    }
  }

  var relationNames: [String] { relations.indices.map { "r\($0)" } }

  var graph: RawGraph {
    let data = NodeData(
      count: nodes, tables: ["feat": table], labels: ArrayView((0..<nodes).map { Int32($0 % 3) }), classCount: 3,
      split: Split(train: [1, 2, 3], validation: [], test: [0, 4]))
    let schema = Schema(nodeTypes: ["node"], relations: relationNames.map { Relation(name: $0, source: 0, destination: 0) })
    return RawGraph(
      name: "random", schema: schema, nodes: [data],
      edges: relations.enumerated().map { relation, edges in
        EdgeList(
          sources: ArrayView(edges.map(\.0)), destinations: ArrayView(edges.map(\.1)),
          tables: edgeTable(of: relation).map { ["bond": $0] } ?? [:])
      })
  }

  /// Row of an edge of a relation, a function of its input number: eighths between −1 and 1, which every float type holds.
  func edgeRow(_ relation: Int, _ edge: Int) -> [Float] {
    let key = RandomKey(seed: 77, purpose: .generator)
    return (0..<edgeColumns[relation]).map { column in
      let word = key.bits(id: UInt64(edge), step: UInt32(relation), block: UInt32(column))
      return edgeColumns[relation] >= 5 && word[1] % 3 > 0 ? 0 : Float(Int(word[0] % 17) - 8) / 8
    }
  }

  private func edgeTable(of relation: Int) -> FeatureTable? {
    guard relation < edgeColumns.count, edgeColumns[relation] > 0 else { return nil }
    let columns = edgeColumns[relation]
    let rows = relations[relation].indices.map { edgeRow(relation, $0) }
    guard columns >= 5 else {
      return .dense(DenseRows(floats: Buffer(copying: rows.flatMap { $0 }), rows: rows.count, columns: columns))
    }
    var (indptr, indices, values): ([Int64], [UInt32], [Float]) = ([0], [], [])
    for row in rows {
      for (column, value) in row.enumerated() where value != 0 {
        indices.append(UInt32(column))
        values.append(value)
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(rows: rows.count, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  private var table: FeatureTable {
    guard isSparse else { return .dense(DenseRows(floats: Buffer(copying: features), rows: nodes, columns: columns)) }
    var (indptr, indices, values): ([Int64], [UInt32], [Float]) = ([0], [], [])
    for node in 0..<nodes {
      for column in 0..<columns where features[node * columns + column] != 0 {
        indices.append(UInt32(column))
        values.append(features[node * columns + column])
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(rows: nodes, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  /// Cuts the graph into random parts: nearly every neighbour is in the halo.
  func partition(into parts: Int, at directory: String, seed: UInt64, types: TableTypes = TableTypes()) throws {
    let graph = graph
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: parts, method: .random, seed: seed), threads: Threads(1))
    try PartitionWriter.write(graph, assignment, to: directory, types: types, threads: Threads(1))
  }
}

/// A directory that is removed with its owner.
final class ScratchDirectory: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "halo-inference-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
