import Graphs
import Tensors

/// The edges that make an edge list symmetric: for every pair of nodes, the difference between the edges one way and the other.
struct MissingReverses {
  private static let chunk = 4096
  /// Under the lower end of each edge, its higher end: edges that go up, and edges that go down.
  private let up: GroupedValues
  private let down: GroupedValues
  /// Number of missing edges before each chunk of rows.
  private let offsets: [Int]
  /// Number of missing edges.
  let count: Int

  init(_ edges: EdgeList, nodeCount: Int, threads: Threads) {
    let (sources, destinations) = (edges.sources, edges.destinations)
    up = GroupedValues(rows: nodeCount, count: edges.count) { edge in
      let (source, destination) = (sources.pointer[edge], destinations.pointer[edge])
      return source < destination ? (source, destination) : nil
    }
    down = GroupedValues(rows: nodeCount, count: edges.count) { edge in
      let (source, destination) = (sources.pointer[edge], destinations.pointer[edge])
      return source > destination ? (destination, source) : nil
    }
    up.sortRows(threads: threads)
    down.sortRows(threads: threads)
    let (up, down) = (up, down)
    let counts = Buffer<Int>(count: (nodeCount + Self.chunk - 1) / Self.chunk)
    threads.forEachChunk(of: nodeCount, by: Self.chunk) { range in
      var missing = 0
      for row in range { Self.forEachDifference(up.row(row), down.row(row)) { _, _ in missing &+= 1 } }
      counts.pointer[range.lowerBound / Self.chunk] = missing
    }
    var total = 0
    offsets = counts.elements.map { missing in
      defer { total += missing }
      return total
    }
    count = total
  }

  /// Writes the missing edges, by lower end, then by higher end.
  func write(sources: UnsafeMutablePointer<UInt32>, destinations: UnsafeMutablePointer<UInt32>, threads: Threads) {
    // Chunks write disjoint ranges.
    nonisolated(unsafe) let (sources, destinations) = (sources, destinations)
    let (up, down, offsets) = (up, down, offsets)
    threads.forEachChunk(of: up.rows, by: Self.chunk) { range in
      var position = offsets[range.lowerBound / Self.chunk]
      for row in range {
        Self.forEachDifference(up.row(row), down.row(row)) { higher, isDownMissing in
          sources[position] = isDownMissing ? higher : UInt32(row)
          destinations[position] = isDownMissing ? UInt32(row) : higher
          position &+= 1
        }
      }
    }
  }

  /// Walks two sorted rows and calls `body` for each value that one of them lacks.
  @inline(__always)
  private static func forEachDifference(
    _ up: UnsafeMutableBufferPointer<UInt32>, _ down: UnsafeMutableBufferPointer<UInt32>, _ body: (UInt32, _ isDownMissing: Bool) -> Void
  ) {
    var (i, j) = (0, 0)
    while i < up.count || j < down.count {
      if j == down.count || (i < up.count && up[i] < down[j]) {
        body(up[i], true)
        i &+= 1
      } else if i == up.count || down[j] < up[i] {
        body(down[j], false)
        j &+= 1
      } else {
        i &+= 1
        j &+= 1
      }
    }
  }
}
