package import Graphs
package import Tensors

/// Both ends of every edge that is no self loop, bucketed by node; rows sorted, repetitions kept.
package struct NeighbourRows: Sendable {
  /// Row offsets, shape (nodes + 1).
  package let offsets: Buffer<Int64>
  /// Neighbours in either direction.
  package let ends: Buffer<Int32>
  /// Different neighbours of each node.
  package let distinct: Buffer<UInt32>
  /// True when all neighbours are repeated equally often.
  package let uniform: Bool

  /// Positions of the neighbours of `node`.
  package func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node + 1]) }

  /// Two passes over the edges and one over the rows; 8 bytes an edge and 16 bytes a node.
  ///
  /// - Parameter storage: Where the rows lie; in files one pass for each piece takes the place of the second one.
  /// - Throws: `SystemError` when a file cannot be written.
  package init(_ graph: RawGraph, storage: ArrayStorage = .memory, threads: Threads) throws {
    let numbering = NodeNumbering(graph)
    let nodeCount = numbering.count
    let degrees = AtomicCounters(count: nodeCount)
    Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      degrees.increment(a)
      degrees.increment(b)
    }
    let offsets = Buffer<Int64>(count: nodeCount + 1)
    for node in 0..<nodeCount { offsets.pointer[node + 1] = offsets.pointer[node] + Int64(degrees.values.pointer[node]) }
    let distinct = Buffer<UInt32>(count: nodeCount)
    // Smallest and largest repetition.
    var repetitions = SIMD2<UInt32>(.max, 0)
    ends = try RowBuckets.fill(offsets, storage: storage) { nodes in
      let rows = Self.ends(of: nodes, graph, numbering, offsets, degrees, threads)
      let found = Self.sort(rows, of: nodes, offsets, distinct: distinct, threads)
      repetitions = SIMD2(min(repetitions[0], found[0]), max(repetitions[1], found[1]))
      return rows
    }
    uniform = repetitions[0] >= repetitions[1]
    self.offsets = offsets
    self.distinct = distinct
  }

  /// The neighbours of some consecutive nodes, those of each in any order.
  ///
  /// - Parameter degrees: Counted up; those of the nodes are counted down.
  static func ends(
    of nodes: Range<Int>, _ graph: RawGraph, _ numbering: NodeNumbering, _ offsets: Buffer<Int64>, _ degrees: AtomicCounters,
    _ threads: Threads
  ) -> Buffer<Int32> {
    let first = Int(offsets.pointer[nodes.lowerBound])
    let rows = Buffer<Int32>(count: Int(offsets.pointer[nodes.upperBound]) - first)
    if nodes.count == numbering.count {
      forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
        rows.pointer[Int(offsets.pointer[a]) &+ degrees.take(a)] = Int32(truncatingIfNeeded: b)
        rows.pointer[Int(offsets.pointer[b]) &+ degrees.take(b)] = Int32(truncatingIfNeeded: a)
      }
    } else {
      forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
        if nodes.contains(a) { rows.pointer[Int(offsets.pointer[a]) &- first &+ degrees.take(a)] = Int32(truncatingIfNeeded: b) }
        if nodes.contains(b) { rows.pointer[Int(offsets.pointer[b]) &- first &+ degrees.take(b)] = Int32(truncatingIfNeeded: a) }
      }
    }
    return rows
  }

  /// Sorts the rows of consecutive nodes and counts the different neighbours of each; returns the smallest and the largest repetition.
  private static func sort(
    _ rows: Buffer<Int32>, of range: Range<Int>, _ offsets: Buffer<Int64>, distinct: Buffer<UInt32>, _ threads: Threads
  ) -> SIMD2<UInt32> {
    let chunk = 4096
    let first = Int(offsets.pointer[range.lowerBound])
    let repetitions = Buffer<SIMD2<UInt32>>(count: (range.count + chunk - 1) / chunk)
    threads.forEachChunk(of: range.count, by: chunk) { chosen in
      var sorter = RowSort<UInt32>()
      var found = SIMD2<UInt32>(.max, 0)
      for node in range.lowerBound &+ chosen.lowerBound..<range.lowerBound &+ chosen.upperBound {
        let start = Int(offsets.pointer[node])
        let count = Int(offsets.pointer[node + 1]) - start
        let row = UnsafeMutableRawPointer(rows.pointer + (start - first)).assumingMemoryBound(to: UInt32.self)
        sorter.sort(row, count: count)
        var position = 0
        while position < count {
          var end = position + 1
          while end < count, row[end] == row[position] { end += 1 }
          let repetition = UInt32(end - position)
          found = SIMD2(min(found[0], repetition), max(found[1], repetition))
          distinct.pointer[node] += 1
          position = end
        }
      }
      repetitions.pointer[chosen.lowerBound / chunk] = found
    }
    return withExtendedLifetime(repetitions) {
      repetitions.elements.reduce(SIMD2<UInt32>(.max, 0)) { SIMD2(min($0[0], $1[0]), max($0[1], $1[1])) }
    }
  }

  /// Calls `body` with the flat numbers of both ends of every edge that is no self loop, on any thread.
  static func forEachEdge(
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
