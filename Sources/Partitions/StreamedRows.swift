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
    let offsets = offsets
    let rows = try RowBuckets.fill(offsets, storage: .files(in: directory, bufferBytes: bufferBytes)) { nodes in
      NeighbourRows.ends(of: nodes, graph, numbering, offsets, degrees, threads)
    }
    let start = UnsafeRawPointer(rows.pointer).assumingMemoryBound(to: UInt32.self)
    ends = ArrayView(pointer: start, count: rows.count, owner: rows, isMapped: rows.isMapped)
  }

  /// Positions of the neighbours of `node`.
  @inline(__always)
  package func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node &+ 1]) }
}
