package import Graphs
import Partitions
package import Tensors

/// The graph as METIS wants it: undirected, each pair of neighbours once in either row, no self loops, 32-bit numbers.
///
/// Nodes are flat numbers (`NodeNumbering`). Rows increase, so the same edges give the same adjacency in any input order.
package struct Adjacency: Sendable {
  /// Row offsets, shape (nodes + 1).
  package let offsets: Buffer<Int32>
  /// Neighbours of each node.
  package let neighbours: Buffer<Int32>
  /// Directed input edges between the two nodes, or what is read over them (`weighted`); `nil` when it is the same for every pair.
  package let weights: Buffer<Int32>?

  var nodeCount: Int { offsets.count - 1 }

  /// Neighbours of `node` as positions in `neighbours`.
  @inline(__always)
  func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node &+ 1]) }

  /// What the pair at position `entry` weighs: its input edges up to a common factor, or what is read over them.
  @inline(__always)
  func weight(_ entry: Int) -> Int { weights.map { Int($0.pointer[entry]) } ?? 1 }

  /// Takes rows that are as described above.
  init(offsets: Buffer<Int32>, neighbours: Buffer<Int32>, weights: Buffer<Int32>?) {
    self.offsets = offsets
    self.neighbours = neighbours
    self.weights = weights
  }

  /// Builds the adjacency with two passes over the edges and one over the rows.
  ///
  /// Memory besides the result: 8 bytes an edge and 16 bytes a node; no copy is made when no two nodes are joined twice.
  /// - Throws: `InputError` when it does not fit METIS's 32-bit numbers.
  package init(_ graph: RawGraph, threads: Threads) throws {
    let numbering = NodeNumbering(graph)
    let edgeCount = graph.edges.reduce(0) { $0 + $1.count }
    guard numbering.count < 1 << 31, edgeCount < 1 << 30 else {
      throw InputError(
        graph.name, expected: "at most \(1 << 31 - 1) nodes and \(1 << 30 - 1) edges for METIS",
        found: "\(numbering.count) nodes and \(edgeCount) edges")
    }
    let raw = NeighbourRows(graph, threads: threads)
    offsets = Buffer(count: numbering.count + 1)
    for node in 0..<numbering.count {
      offsets.pointer[node + 1] = offsets.pointer[node] + Int32(raw.distinct.pointer[node])
    }
    let total = Int(offsets.pointer[numbering.count])
    if total == raw.ends.count {
      neighbours = raw.ends
      weights = nil
      return
    }
    neighbours = Buffer(count: total)
    let multiplicities = raw.uniform ? nil : Buffer<Int32>(count: total)
    weights = multiplicities
    let (offsets, neighbours) = (offsets, neighbours)
    threads.forEachChunk(of: numbering.count, by: 4096) { nodes in
      for node in nodes {
        var entry = Int(offsets.pointer[node]) - 1
        var previous: Int32 = -1
        for position in raw.row(node) {
          let end = raw.ends.pointer[position]
          if end != previous { entry += 1 }
          neighbours.pointer[entry] = end
          multiplicities?.pointer[entry] += 1
          previous = end
        }
      }
    }
  }
}
