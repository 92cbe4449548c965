import Graphs
import Partitions
import Tensors

/// The graph as METIS wants it: undirected, each pair of neighbours once in either row, no self loops, 32-bit numbers.
///
/// Nodes are flat numbers (`NodeNumbering`). Rows increase, so the same edges give the same adjacency in any input order.
struct Adjacency: Sendable {
  /// Row offsets, shape (nodes + 1).
  let offsets: Buffer<Int32>
  /// Neighbours of each node.
  let neighbours: Buffer<Int32>
  /// Directed input edges between the two nodes; `nil` when it is the same for every pair.
  let weights: Buffer<Int32>?

  var nodeCount: Int { offsets.count - 1 }

  /// Neighbours of `node` as positions in `neighbours`.
  @inline(__always)
  func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node &+ 1]) }

  /// Input edges that position `entry` stands for, up to a common factor.
  @inline(__always)
  func weight(_ entry: Int) -> Int { weights.map { Int($0.pointer[entry]) } ?? 1 }

  /// Builds the adjacency with two passes over the edges and one over the rows.
  ///
  /// Memory besides the result: 8 bytes an edge and 16 bytes a node; no copy is made when no two nodes are joined twice.
  /// - Throws: `InputError` when it does not fit METIS's 32-bit numbers.
  init(_ graph: RawGraph, threads: Threads) throws {
    let numbering = NodeNumbering(graph)
    let edgeCount = graph.edges.reduce(0) { $0 + $1.count }
    guard numbering.count < 1 << 31, edgeCount < 1 << 30 else {
      throw InputError(
        graph.name, expected: "at most \(1 << 31 - 1) nodes and \(1 << 30 - 1) edges for METIS",
        found: "\(numbering.count) nodes and \(edgeCount) edges")
    }
    let raw = RawRows(graph, numbering: numbering, threads: threads)
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

/// Both ends of every edge that is no self loop, bucketed by node; rows sorted, repetitions kept.
private struct RawRows: Sendable {
  /// Row offsets, shape (nodes + 1).
  let offsets: Buffer<Int64>
  let ends: Buffer<Int32>
  /// Different neighbours of each node.
  let distinct: Buffer<UInt32>
  /// True when all neighbours are repeated equally often.
  let uniform: Bool

  func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node + 1]) }

  init(_ graph: RawGraph, numbering: NodeNumbering, threads: Threads) {
    let nodeCount = numbering.count
    let degrees = AtomicCounters(count: nodeCount)
    Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      degrees.increment(a)
      degrees.increment(b)
    }
    let offsets = Buffer<Int64>(count: nodeCount + 1)
    for node in 0..<nodeCount { offsets.pointer[node + 1] = offsets.pointer[node] + Int64(degrees.values[node]) }
    let ends = Buffer<Int32>(count: Int(offsets.pointer[nodeCount]))
    Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      ends.pointer[Int(offsets.pointer[a]) &+ degrees.take(a)] = Int32(truncatingIfNeeded: b)
      ends.pointer[Int(offsets.pointer[b]) &+ degrees.take(b)] = Int32(truncatingIfNeeded: a)
    }
    let distinct = Buffer<UInt32>(count: nodeCount)
    let chunk = 4096
    // Smallest and largest repetition in each chunk of nodes.
    let repetitions = Buffer<SIMD2<UInt32>>(count: (nodeCount + chunk - 1) / chunk)
    threads.forEachChunk(of: nodeCount, by: chunk) { nodes in
      var sorter = RowSort<UInt32>()
      var range = SIMD2<UInt32>(.max, 0)
      for node in nodes {
        let start = Int(offsets.pointer[node])
        let count = Int(offsets.pointer[node + 1]) - start
        let row = UnsafeMutableRawPointer(ends.pointer + start).assumingMemoryBound(to: UInt32.self)
        sorter.sort(row, count: count)
        var position = 0
        while position < count {
          var end = position + 1
          while end < count, row[end] == row[position] { end += 1 }
          let repetition = UInt32(end - position)
          range = SIMD2(min(range[0], repetition), max(range[1], repetition))
          distinct.pointer[node] += 1
          position = end
        }
      }
      repetitions.pointer[nodes.lowerBound / chunk] = range
    }
    let smallest = repetitions.elements.map { $0[0] }.min() ?? 1
    let largest = repetitions.elements.map { $0[1] }.max() ?? 1
    uniform = smallest >= largest
    self.offsets = offsets
    self.ends = ends
    self.distinct = distinct
  }

  private static func forEachEdge(
    of graph: RawGraph, numbering: NodeNumbering, threads: Threads, _ body: @Sendable (Int, Int) -> Void
  ) {
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      let sourceOffset = numbering.offsets[relation.source]
      let destinationOffset = numbering.offsets[relation.destination]
      threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
        for edge in range {
          let source = sourceOffset &+ Int(edges.sources.pointer[edge])
          let destination = destinationOffset &+ Int(edges.destinations.pointer[edge])
          if source != destination { body(source, destination) }
        }
      }
    }
  }
}
