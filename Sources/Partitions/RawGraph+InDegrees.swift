package import Graphs
package import Tensors

extension RawGraph {
  /// In-edges of each node over all relations, by flat number (`NodeNumbering`).
  package func inDegrees(threads: Threads) -> Buffer<UInt32> {
    let numbering = NodeNumbering(self)
    let degrees = AtomicCounters(count: numbering.count)
    for (relation, edges) in zip(schema.relations, edges) {
      let offset = numbering.offsets[relation.destination]
      threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
        for edge in range { degrees.increment(offset &+ Int(edges.destinations.pointer[edge])) }
      }
    }
    return degrees.values
  }
}
