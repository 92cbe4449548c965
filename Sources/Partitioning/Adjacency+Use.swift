import Graphs
import Partitions
import Synchronization
import Tensors

extension Adjacency {
  /// What edge number `edge` of a relation weighs, by the flat number of its source and its destination.
  private typealias Weight = @Sendable (_ edge: Int, _ source: Int, _ destination: Int) -> Double

  /// The same pairs of neighbours, each as heavy as what mini-batches read over its edges in either direction.
  ///
  /// - Complexity: O(edges · log(neighbours)) time, 4 bytes for each neighbour besides.
  func weighted(by use: EdgeUse, _ graph: RawGraph, threads: Threads) -> Adjacency {
    weighted(graph, total: use.total, threads: threads) { number in
      let use = use.relation(number)
      return { use.weight(source: $1, destination: $2) }
    }
  }

  /// The same pairs of neighbours, each as heavy as its edges in either direction are in the graph; 1 an edge in relations without weights.
  ///
  /// - Throws: `InputError` where a weight is negative or not finite.
  /// - Complexity: O(edges · log(neighbours)) time, 4 bytes for each neighbour besides.
  func weightedByEdges(_ graph: RawGraph, threads: Threads) throws -> Adjacency {
    let total = try graph.edges.reduce(0) { try $0 + Self.totalWeight(of: $1, name: graph.name, threads: threads) }
    return weighted(graph, total: total, threads: threads) { number in
      guard let weights = graph.edges[number].weights else { return { _, _, _ in 1 } }
      return { edge, _, _ in Double(weights.pointer[edge]) }
    }
  }

  private static func totalWeight(of edges: EdgeList, name: String, threads: Threads) throws -> Double {
    guard let weights = edges.weights else { return Double(edges.count) }
    let chunk = 1 << 16
    let sums = Buffer<Double>(count: (edges.count + chunk - 1) / chunk)
    threads.forEachChunk(of: edges.count, by: chunk) { range in
      var sum = 0.0
      // A negative weight spoils the sum, as those that are not finite do by themselves.
      for edge in range { sum += weights.pointer[edge] >= 0 ? Double(weights.pointer[edge]) : .nan }
      sums.pointer[range.lowerBound / chunk] = sum
    }
    let sum = sums.elements.reduce(0, +)
    guard sum.isFinite else {
      let edge = (0..<edges.count).first { !(weights.pointer[$0] >= 0 && weights.pointer[$0].isFinite) } ?? 0
      throw InputError("\(name), weight of edge \(edge)", expected: "a number from 0", found: "\(weights.pointer[edge])")
    }
    return sum
  }

  /// The same pairs of neighbours, each as heavy as its edges.
  ///
  /// Weights are whole: a pair has one unit, and each of its edges adds its share of the units that 32-bit numbers leave, at most about a
  /// thousand to an edge in the mean. The sum over all pairs stays below 2³⁰, or what pairs of one unit have.
  ///
  /// - Parameters:
  ///   - total: Sum of all weights.
  ///   - weightOf: The weights of a relation.
  private func weighted(_ graph: RawGraph, total: Double, threads: Threads, _ weightOf: (Int) -> Weight) -> Adjacency {
    let pairs = neighbours.count / 2
    let units = min(Double(max(0, 1 << 30 - pairs)), 1024 * Double(pairs))
    let scale = total > 0 ? units / total : 0
    let weights = Buffer<Int32>(count: neighbours.count)
    weights.pointer.update(repeating: 1, count: weights.count)
    let numbering = NodeNumbering(graph)
    for (number, (relation, edges)) in zip(graph.schema.relations, graph.edges).enumerated() {
      let weightOf = weightOf(number)
      let (firstSource, firstDestination) = (numbering.offsets[relation.source], numbering.offsets[relation.destination])
      threads.forEachChunk(of: edges.count, by: 1 << 16) { range in
        // An atomic has the layout of its value; sums do not depend on the order of their operands.
        let cells = UnsafeMutableRawPointer(weights.pointer).assumingMemoryBound(to: Atomic<Int32>.self)
        for edge in range {
          let destination = Int(edges.destinations.pointer[edge])
          let (from, to) = (firstSource &+ Int(edges.sources.pointer[edge]), firstDestination &+ destination)
          let weight = Int32(truncatingIfNeeded: Int(scale * weightOf(edge, from, destination)))
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
