package import Tensors

/// How the edges from one slice of the sources lie over the destinations: all that shares and counting need.
package final class SliceEdges: Sendable {
  /// Sources of the slice.
  package let sourceCount: Int
  /// First edge of each destination, and one past the last.
  package let offsets: Buffer<UInt32>
  /// Destinations with edges before each destination, and all of them.
  package let occupied: Buffer<UInt32>

  /// - Parameter degree: Edges of a destination from this slice.
  init(rowCount: Int, sourceCount: Int, degree: (Int) -> UInt32) {
    self.sourceCount = sourceCount
    offsets = Buffer(count: rowCount + 1)
    occupied = Buffer(count: rowCount + 1)
    var (edges, rows) = (0, UInt32(0))
    for row in 0..<rowCount {
      let degree = degree(row)
      offsets.pointer[row] = UInt32(edges)
      occupied.pointer[row] = rows
      edges += Int(degree)
      precondition(edges <= Int(UInt32.max), "a slice has fewer than 2³² edges")
      rows += degree > 0 ? 1 : 0
    }
    offsets.pointer[rowCount] = UInt32(edges)
    occupied.pointer[rowCount] = rows
  }

  package var rowCount: Int { offsets.count - 1 }
  package var edgeCount: Int { Int(offsets.pointer[rowCount]) }

  func offset(_ row: Int) -> Int { Int(offsets.pointer[row]) }

  /// Destination of edge `edge`.
  func row(ofEdge edge: Int) -> Int { first(in: 0..<rowCount) { offset($0 + 1) > edge } }

  /// Destinations of `rows` that have edges.
  func occupiedRows(_ rows: Range<Int>) -> Int {
    Int(occupied.pointer[rows.upperBound]) - Int(occupied.pointer[rows.lowerBound])
  }

  /// Destinations that edges `edges` belong to.
  func rowsTouched(by edges: Range<Int>) -> Int {
    guard !edges.isEmpty else { return 0 }
    return occupiedRows(row(ofEdge: edges.lowerBound)..<row(ofEdge: edges.upperBound - 1) + 1)
  }

  /// First number of `range` for which `holds`, where it holds for all after one for which it does; else the range's end.
  func first(in range: Range<Int>, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
