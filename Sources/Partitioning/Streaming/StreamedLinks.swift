import Partitions
import Tensors

/// Neighbours of one node at a time, counted by part. Letter: `k` parts.
struct StreamedLinks {
  private let rows: StreamedRows
  private let parts: Buffer<UInt16>
  /// Of the node that was counted last, shape (k).
  private let counts: Buffer<UInt32>

  /// No part has this number: the node has not passed.
  static let none = UInt16.max

  /// - Parameter parts: Part of each node; may change between counts.
  init(_ rows: StreamedRows, parts: Buffer<UInt16>, partCount: Int) {
    self.rows = rows
    self.parts = parts
    counts = Buffer(count: partCount)
  }

  /// Neighbours in `part` of the node that was counted last.
  @inline(__always)
  subscript(part: Int) -> Int { Int(counts.pointer[part]) }

  /// Neighbours of all nodes together, each edge twice.
  var total: Int { rows.ends.count }

  /// Neighbours of `node`, in any part.
  @inline(__always)
  func neighbours(of node: Int) -> Int { rows.row(node).count }

  /// Counts the neighbours of `node`; returns how many have a part.
  @inline(__always)
  func count(_ node: Int) -> Int {
    counts.pointer.update(repeating: 0, count: counts.count)
    var degree = 0
    for position in rows.row(node) {
      let part = parts.pointer[Int(rows.ends.pointer[position])]
      guard part != Self.none else { continue }
      counts.pointer[Int(part)] &+= 1
      degree &+= 1
    }
    return degree
  }
}
