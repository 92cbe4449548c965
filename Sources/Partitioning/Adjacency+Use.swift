import Graphs
import Partitions
import Synchronization
import Tensors

extension Adjacency {
  /// The same pairs of neighbours, each as heavy as what mini-batches read over its edges in either direction.
  ///
  /// Weights are whole: a pair has one unit, and each of its edges adds its share of the units that 32-bit numbers leave, at most about a
  /// thousand to an edge in the mean. The sum over all pairs stays below 2³⁰, or what pairs of one unit have.
  ///
  /// - Complexity: O(edges · log(neighbours)) time, 4 bytes for each neighbour besides.
  func weighted(by use: EdgeUse, _ graph: RawGraph, threads: Threads) -> Adjacency {
    let pairs = neighbours.count / 2
    let units = min(Double(max(0, 1 << 30 - pairs)), 1024 * Double(pairs))
    let scale = use.total > 0 ? units / use.total : 0
    let weights = Buffer<Int32>(count: neighbours.count)
    weights.pointer.update(repeating: 1, count: weights.count)
    let numbering = NodeNumbering(graph)
    for (number, (relation, edges)) in zip(graph.schema.relations, graph.edges).enumerated() {
      let use = use.relation(number)
      let (firstSource, firstDestination) = (numbering.offsets[relation.source], numbering.offsets[relation.destination])
      threads.forEachChunk(of: edges.count, by: 1 << 16) { range in
        // An atomic has the layout of its value; sums do not depend on the order of their operands.
        let cells = UnsafeMutableRawPointer(weights.pointer).assumingMemoryBound(to: Atomic<Int32>.self)
        for edge in range {
          let destination = Int(edges.destinations.pointer[edge])
          let (from, to) = (firstSource &+ Int(edges.sources.pointer[edge]), firstDestination &+ destination)
          let weight = Int32(truncatingIfNeeded: Int(scale * use.weight(source: from, destination: destination)))
          guard from != to, weight > 0 else { continue }
          cells[entry(of: to, in: from)].wrappingAdd(weight, ordering: .relaxed)
          cells[entry(of: from, in: to)].wrappingAdd(weight, ordering: .relaxed)
        }
      }
    }
    return Adjacency(offsets: offsets, neighbours: neighbours, weights: weights)
  }

  /// Position of a neighbour in the row of `node`, which has it.
  @inline(__always)
  private func entry(of neighbour: Int, in node: Int) -> Int {
    let row = row(node)
    var (low, high) = (row.lowerBound, row.upperBound)
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if Int(neighbours.pointer[middle]) <= neighbour { low = middle } else { high = middle }
    }
    return low
  }
}
