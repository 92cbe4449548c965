import Graphs
import Tensors

/// The edges that make an edge list symmetric, each with the edge that it reverses: its weight, or its rows.
///
/// Of the edges between two nodes, the first ones each way belong together in input order; what one way has more of is reversed. The
/// edges are those of `MissingReverses` in the same order; this one keeps edge numbers where that one keeps ends, and looks the ends up.
struct MissingNumberedReverses {
  private static let chunk = 4096
  private let edges: EdgeList
  /// Under the lower end of each edge, its number; in each row by higher end, then by number.
  private let rows: GroupedValues
  /// Number of missing edges before each chunk of rows.
  private let offsets: [Int]
  /// Number of missing edges.
  let count: Int

  /// - Precondition: There are fewer than 2³² edges.
  init(_ edges: EdgeList, nodeCount: Int, threads: Threads) {
    precondition(edges.count <= Int(UInt32.max), "\(edges.count) edges")
    let (sources, destinations) = (edges.sources, edges.destinations)
    let rows = GroupedValues(rows: nodeCount, count: edges.count) { edge in
      let (source, destination) = (sources.pointer[edge], destinations.pointer[edge])
      return source == destination ? nil : (min(source, destination), UInt32(truncatingIfNeeded: edge))
    }
    let counts = Buffer<Int>(count: (nodeCount + Self.chunk - 1) / Self.chunk)
    threads.forEachChunk(of: nodeCount, by: Self.chunk) { range in
      let keys = GrowingBuffer<UInt64>()
      var missing = 0
      for node in range {
        Self.sort(rows.row(node), edges, keys)
        Self.forEachMissing(rows.row(node), edges) { _ in missing &+= 1 }
      }
      counts.pointer[range.lowerBound / Self.chunk] = missing
    }
    var total = 0
    offsets = counts.elements.map { missing in
      defer { total += missing }
      return total
    }
    (self.edges, self.rows, count) = (edges, rows, total)
  }

  /// Writes the missing edges, by lower end, then by higher end.
  func write(to room: EdgeList.Room, threads: Threads) {
    // Chunks write disjoint ranges.
    nonisolated(unsafe) let room = room
    let (edges, known, rows, offsets) = (edges, edges.weights, rows, offsets)
    threads.forEachChunk(of: rows.rows, by: Self.chunk) { range in
      var position = offsets[range.lowerBound / Self.chunk]
      for node in range {
        Self.forEachMissing(rows.row(node), edges) { edge in
          room.sources[position] = edges.destinations.pointer[edge]
          room.destinations[position] = edges.sources.pointer[edge]
          if let weights = room.weights, let known { weights[position] = known.pointer[edge] }
          room.numbers?[position] = UInt32(truncatingIfNeeded: edge)
          position &+= 1
        }
      }
    }
  }

  @inline(__always)
  private static func higherEnd(_ edge: Int, _ edges: EdgeList) -> UInt32 {
    max(edges.sources.pointer[edge], edges.destinations.pointer[edge])
  }

  /// Sorts the edges of a row by higher end, then by number.
  private static func sort(_ row: UnsafeMutableBufferPointer<UInt32>, _ edges: EdgeList, _ keys: GrowingBuffer<UInt64>) {
    keys.resize(to: row.count)
    for (index, edge) in row.enumerated() { keys.pointer[index] = UInt64(higherEnd(Int(edge), edges)) << 32 | UInt64(edge) }
    sortSmall(keys.elements)
    for index in 0..<row.count { row[index] = UInt32(truncatingIfNeeded: keys.pointer[index]) }
  }

  /// Calls `body` with each edge of a sorted row that lacks its reverse.
  @inline(__always)
  private static func forEachMissing(_ row: UnsafeMutableBufferPointer<UInt32>, _ edges: EdgeList, _ body: (Int) -> Void) {
    var start = 0
    while start < row.count {
      let higher = higherEnd(Int(row[start]), edges)
      var end = start
      var surplus = 0
      while end < row.count, higherEnd(Int(row[end]), edges) == higher {
        surplus += edges.destinations.pointer[Int(row[end])] == higher ? 1 : -1
        end &+= 1
      }
      // The last edges of the direction that has more of them.
      var matched = (end - start - abs(surplus)) / 2
      for position in start..<end where (edges.destinations.pointer[Int(row[position])] == higher) == (surplus > 0) {
        if matched == 0 && surplus != 0 { body(Int(row[position])) } else { matched &-= 1 }
      }
      start = end
    }
  }
}
