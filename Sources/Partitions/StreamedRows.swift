package import Graphs
package import Tensors

/// Both ends of every edge that is no self loop, bucketed by node, repetitions kept: in memory, or in a file where they are more than the
/// buffer. The order inside a row is anything.
///
/// ```
/// degrees      one pass over the edges
/// each bucket  one pass over the edges: those that end at its nodes are put into the buffer, the buffer is appended to the file
/// ```
/// A bucket is as many consecutive nodes as the buffer holds rows of. Memory: 16 bytes a node and the buffer; edges that are mapped from a
/// file need none. The file has no name: nothing is left behind.
package struct StreamedRows: Sendable {
  /// Row offsets, shape (nodes + 1).
  package let offsets: Buffer<Int64>
  /// Neighbours in either direction, flat numbers.
  package let ends: ArrayView<UInt32>

  /// - Parameters:
  ///   - bufferBytes: Memory for rows.
  ///   - directory: Where the file is made.
  /// - Throws: `SystemError` when the file cannot be written.
  package init(_ graph: RawGraph, bufferBytes: Int, directory: String, threads: Threads) throws {
    let numbering = NodeNumbering(graph)
    let degrees = AtomicCounters(count: numbering.count)
    NeighbourRows.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      degrees.increment(a)
      degrees.increment(b)
    }
    offsets = Buffer(count: numbering.count + 1)
    for node in 0..<numbering.count { offsets.pointer[node + 1] = offsets.pointer[node] + Int64(degrees.values.pointer[node]) }
    let buckets = Self.buckets(offsets, capacity: max(1, bufferBytes / 4))
    if buckets.count <= 1 {
      ends = Self.rows(of: buckets.first ?? 0..<0, graph, numbering, offsets, degrees, threads).view
    } else {
      ends = try Self.spill(buckets, graph, numbering, offsets, degrees, to: directory, threads)
    }
  }

  /// Positions of the neighbours of `node`.
  @inline(__always)
  package func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node &+ 1]) }

  /// Consecutive nodes with at most `capacity` neighbours together; a node with more is alone.
  private static func buckets(_ offsets: Buffer<Int64>, capacity: Int) -> [Range<Int>] {
    var buckets: [Range<Int>] = []
    var first = 0
    for node in 0..<offsets.count - 1 where Int(offsets.pointer[node + 1] - offsets.pointer[first]) > capacity && node > first {
      buckets.append(first..<node)
      first = node
    }
    if first < offsets.count - 1 { buckets.append(first..<offsets.count - 1) }
    return buckets
  }

  private static func rows(
    of nodes: Range<Int>, _ graph: RawGraph, _ numbering: NodeNumbering, _ offsets: Buffer<Int64>, _ degrees: AtomicCounters,
    _ threads: Threads
  ) -> Buffer<UInt32> {
    let first = offsets.pointer[nodes.lowerBound]
    let rows = Buffer<UInt32>(count: Int(offsets.pointer[nodes.upperBound] - first))
    NeighbourRows.forEachEdge(of: graph, numbering: numbering, threads: threads) { a, b in
      if nodes.contains(a) { rows.pointer[Int(offsets.pointer[a] - first) &+ degrees.take(a)] = UInt32(truncatingIfNeeded: b) }
      if nodes.contains(b) { rows.pointer[Int(offsets.pointer[b] - first) &+ degrees.take(b)] = UInt32(truncatingIfNeeded: a) }
    }
    return rows
  }

  private static func spill(
    _ buckets: [Range<Int>], _ graph: RawGraph, _ numbering: NodeNumbering, _ offsets: Buffer<Int64>, _ degrees: AtomicCounters,
    to directory: String, _ threads: Threads
  ) throws -> ArrayView<UInt32> {
    let file = try ScratchFile(in: directory)
    for nodes in buckets {
      let rows = rows(of: nodes, graph, numbering, offsets, degrees, threads)
      try withExtendedLifetime(rows) { try file.append(UnsafeRawBufferPointer(rows.elements)) }
    }
    return try file.mapped(as: UInt32.self)
  }
}
