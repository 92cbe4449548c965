import Foundation
import Graphs
import Partitions
import Tensors

/// Halo nodes that a random partition is expected to have.
enum RandomHalo {
  /// A source of `d` edges lies in the halo of each other part with probability 1 − (1 − 1/k)ᵈ; repeated edges count as others.
  ///
  /// - Complexity: O(edges + nodes) time, 4 bytes a node.
  static func expectedNodes(_ graph: RawGraph, partCount: Int) -> Double {
    let numbering = NodeNumbering(graph)
    let degrees = Buffer<UInt32>(count: numbering.count)
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      let out = degrees.pointer + numbering.offsets[relation.source]
      for edge in 0..<edges.count { out[Int(edges.sources.pointer[edge])] &+= 1 }
    }
    return expectedNodes(degrees, partCount: partCount)
  }

  /// The same for sources of so many edges each.
  static func expectedNodes(_ degrees: Buffer<UInt32>, partCount: Int) -> Double {
    let missed = 1 - 1 / Double(partCount)
    let known = (0..<1024).map { 1 - pow(missed, Double($0)) }
    var sum = 0.0
    for node in 0..<degrees.count {
      let degree = Int(degrees.pointer[node])
      sum += degree < known.count ? known[degree] : 1 - pow(missed, Double(degree))
    }
    return sum * Double(partCount - 1)
  }
}
