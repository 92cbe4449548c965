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
      edges: relations.map { EdgeList(sources: ArrayView($0.map(\.0)), destinations: ArrayView($0.map(\.1))) })
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
