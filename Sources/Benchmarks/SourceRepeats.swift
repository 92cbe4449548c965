import Foundation
import Graphs
import Partitions
import Tensors

/// How often edges come from the same nodes, and how that changes when a graph grows.
///
/// Two edges taken at random have the same source with a probability of nodes^−a. Where all nodes have about as many out-edges, `a` is near
/// 1: in a graph of ten times the nodes, sources repeat a tenth as often. Where few nodes have most of them it is less, and the same at all
/// sizes if the graph is like its own parts, as R-MAT graphs are (Chakrabarti, Zhan, Faloutsos 2004): 0.655 with the usual
/// probabilities 0.57, 0.19, 0.19, 0.05, which leave a source in one half of the nodes with 0.76.
package enum SourceRepeats {
  /// The exponent `a`, from 0 to 1; 1 without two edges.
  ///
  /// - Parameter outDegrees: Out-edges of every node.
  package static func exponent(outDegrees: some Collection<UInt32>) -> Double {
    var (edges, pairs) = (0.0, 0.0)
    for degree in outDegrees {
      edges += Double(degree)
      pairs += Double(degree) * (Double(degree) - 1)
    }
    guard outDegrees.count > 1, edges > 1, pairs > 0 else { return 1 }
    return min(1, max(0, -log(pairs / (edges * (edges - 1))) / log(Double(outDegrees.count))))
  }

  /// The exponent of the graph that was cut into `parts`. O(edges).
  static func exponent(of parts: [LocalPartition], nodes: Int) -> Double {
    let degrees = Buffer<UInt32>(count: nodes)
    for part in parts {
      let ids = Buffer<UInt32>(count: part.innerCount + part.haloCount)
      for local in 0..<ids.count { ids.pointer[local] = UInt32(part.globalID(of: PartLocalID(UInt32(local))).rawValue) }
      for source in part.indices.elements { degrees.pointer[Int(ids.pointer[Int(source)])] += 1 }
    }
    return withExtendedLifetime(degrees) { exponent(outDegrees: degrees.elements) }
  }
}
