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
  package init(_ graph: RawGraph, threads: Threads) {
    let numbering = NodeNumbering(graph)
    let nodeCount = numbering.count
    let degrees = AtomicCounters(count: nodeCount)
    Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      degrees.increment(a)
      degrees.increment(b)
    }
    let offsets = Buffer<Int64>(count: nodeCount + 1)
    for node in 0..<nodeCount { offsets.pointer[node + 1] = offsets.pointer[node] + Int64(degrees.values.pointer[node]) }
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
