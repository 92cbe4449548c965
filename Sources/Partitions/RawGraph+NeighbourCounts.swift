package import Graphs
package import Tensors

extension RawGraph {
  /// Ends of edges that are no self-loops at each node, by flat number (`NodeNumbering`): the neighbours in either direction, repeated ones as
  /// often as they are joined.
  package func neighbourCounts(threads: Threads) -> Buffer<UInt32> {
    let numbering = NodeNumbering(self)
    let counts = AtomicCounters(count: numbering.count)
    NeighbourRows.forEachEdge(of: self, numbering: numbering, threads: threads) { a, b in
      counts.increment(a)
      counts.increment(b)
    }
    return counts.values
  }
}
