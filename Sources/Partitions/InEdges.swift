import Graphs
import Tensors

/// In-edges of every node of the graph, rows by global id, in canonical order: by relation, original source, input number.
///
/// Input numbers run through the relations one after another.
struct InEdges: Sendable {
  /// Row offsets, shape (nodes + 1).
  let offsets: Buffer<Int64>
  /// Flat number of the source in the upper half, input number of the edge in the lower half; 8 bytes an edge.
  private let packed: Buffer<UInt64>
  /// First input number of each relation, and one past the last.
  let relationBounds: [Int]

  /// Buckets the edges by destination in parallel, then sorts every row: the order inside a bucket depends on the threads,
  /// the sorted row does not.
  ///
  /// - Parameter storage: Where the rows lie; in files one pass over the edges for each piece takes the place of the second one.
  /// - Throws: `SystemError` when a file cannot be written.
  init(graph: RawGraph, numbering: PartitionNumbering, storage: ArrayStorage = .memory, threads: Threads) throws {
    let nodes = numbering.nodes
    relationBounds = NodeNumbering(counts: graph.edges.map(\.count)).offsets
    offsets = Buffer(count: nodes.count + 1)
    let degrees = AtomicCounters(count: nodes.count)
    Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { row, _, _ in degrees.increment(row) }
    for row in 0..<nodes.count { offsets.pointer[row + 1] = offsets.pointer[row] + Int64(degrees.values.pointer[row]) }
    let starts = offsets
    let bounds = relationBounds
    packed = try RowBuckets.fill(offsets, storage: storage) { rows in
      let first = Int(starts.pointer[rows.lowerBound])
      let edges = Buffer<UInt64>(count: Int(starts.pointer[rows.upperBound]) - first)
      let isWhole = rows.count == nodes.count
      Self.forEachEdge(of: graph, numbering: numbering, threads: threads) { row, source, edge in
        guard isWhole || rows.contains(row) else { return }
        edges.pointer[Int(starts.pointer[row]) &- first &+ degrees.take(row)] = UInt64(source) << 32 | UInt64(edge)
      }
      Self.sort(edges, of: rows, starts, relationBounds: bounds, threads)
      return edges
    }
  }

  private static func sort(
    _ edges: Buffer<UInt64>, of range: Range<Int>, _ starts: Buffer<Int64>, relationBounds bounds: [Int], _ threads: Threads
  ) {
    let first = Int(starts.pointer[range.lowerBound])
    threads.forEachChunk(of: range.count, by: 4096) { chosen in
      var sorter = RowSort<UInt64>()
      var grouping = RelationGrouping(bounds: bounds)
      for row in range.lowerBound &+ chosen.lowerBound..<range.lowerBound &+ chosen.upperBound {
        let start = Int(starts.pointer[row])
        let count = Int(starts.pointer[row + 1]) - start
        sorter.sort(edges.pointer + (start - first), count: count)
        if bounds.count > 2 { grouping.group(edges.pointer + (start - first), count: count) }
      }
    }
  }

  /// Flat number of the source of the edge at `position`.
  @inline(__always)
  func source(_ position: Int) -> Int { Int(packed.pointer[position] >> 32) }

  /// Input number of the edge at `position`.
  @inline(__always)
  func edge(_ position: Int) -> Int { Int(packed.pointer[position] & 0xFFFF_FFFF) }

  /// Relation of the edge with this input number.
  func relation(ofEdge edge: Int) -> Int { Self.relation(ofEdge: edge, bounds: relationBounds) }

  /// Positions of the in-edges of the nodes with these global ids.
  func positions(of nodes: Range<Int>) -> Range<Int> {
    Int(offsets.pointer[nodes.lowerBound])..<Int(offsets.pointer[nodes.upperBound])
  }

  fileprivate static func relation(ofEdge edge: Int, bounds: [Int]) -> Int {
    var low = 0
    var high = bounds.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= edge { low = middle } else { high = middle }
    }
    return low
  }

  /// Calls `body` with the global id of the destination, the flat number of the source and the input number of every edge.
  private static func forEachEdge(
    of graph: RawGraph, numbering: PartitionNumbering, threads: Threads, _ body: @Sendable (Int, Int, Int) -> Void
  ) {
    let nodes = numbering.nodes
    let typeCount = nodes.typeCount
    let firstInner = Buffer(copying: (0..<numbering.partCount).map { numbering.bounds[$0 * typeCount] })
    var first = 0
    numbering.parts.withUnsafeBufferPointer { parts in
      guard let parts = parts.baseAddress else { return }
      for (relation, edges) in zip(graph.schema.relations, graph.edges) {
        nonisolated(unsafe) let owners = parts + nodes.offsets[relation.destination]
        nonisolated(unsafe) let locals = numbering.locals.pointer + nodes.offsets[relation.destination]
        let sourceOffset = nodes.offsets[relation.source]
        let firstEdge = first
        threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
          for edge in range {
            let destination = Int(edges.destinations.pointer[edge])
            let row = Int(firstInner.pointer[Int(owners[destination])]) &+ Int(locals[destination])
            body(row, sourceOffset &+ Int(edges.sources.pointer[edge]), firstEdge &+ edge)
          }
        }
        first += edges.count
      }
    }
  }
}

/// Brings a row sorted by source into the order of its relations, keeping the order inside each.
private struct RelationGrouping {
  private let bounds: [Int]
  private var starts: [Int]
  private var copy: [UInt64] = []

  init(bounds: [Int]) {
    self.bounds = bounds
    starts = [Int](repeating: 0, count: bounds.count)
  }

  mutating func group(_ row: UnsafeMutablePointer<UInt64>, count: Int) {
    guard count > 1 else { return }
    copy.removeAll(keepingCapacity: true)
    copy.append(contentsOf: UnsafeBufferPointer(start: row, count: count))
    for index in starts.indices { starts[index] = 0 }
    for edge in copy { starts[relation(of: edge) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    for edge in copy {
      let relation = relation(of: edge)
      row[starts[relation]] = edge
      starts[relation] += 1
    }
  }

  private func relation(of packed: UInt64) -> Int { InEdges.relation(ofEdge: Int(packed & 0xFFFF_FFFF), bounds: bounds) }
}
