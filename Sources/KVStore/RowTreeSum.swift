import Kernels
import Tensors

/// Adds the gradients that several parts have for one row, along the fixed tree over part numbers; parts that have none are skipped.
///
/// The tree is that of the dense gradients: aligned halves of part numbers, the left one first. Belongs to one thread at a time.
struct RowTreeSum {
  private let columns: Int
  /// One row for each level of the tree.
  private let scratch: UnsafeMutablePointer<Float>

  /// Rows of scratch for `partCount` parts.
  static func depth(partCount: Int) -> Int { Int.bitWidth - max(1, partCount).leadingZeroBitCount }

  /// - Parameter scratch: Shape (`depth`, `columns`).
  init(columns: Int, scratch: UnsafeMutablePointer<Float>) {
    (self.columns, self.scratch) = (columns, scratch)
  }

  /// The sum; in place where there is one gradient, else in the scratch until the next sum.
  ///
  /// - Parameters:
  ///   - vectors: At least one, by increasing part.
  ///   - parts: The part of each.
  @inline(__always)
  func sum(_ vectors: UnsafeBufferPointer<UnsafePointer<Float>>, parts: UnsafePointer<UInt32>) -> UnsafePointer<Float> {
    vectors.count == 1 ? vectors[0] : sum(vectors, parts, 0..<vectors.count, level: 0)
  }

  private func sum(
    _ vectors: UnsafeBufferPointer<UnsafePointer<Float>>, _ parts: UnsafePointer<UInt32>, _ range: Range<Int>, level: Int
  ) -> UnsafePointer<Float> {
    guard range.count > 1 else { return vectors[range.lowerBound] }
    // The smallest aligned block that holds all of them is cut where its highest bit changes.
    let last = range.upperBound - 1
    let bit = 31 - (parts[range.lowerBound] ^ parts[last]).leadingZeroBitCount
    var middle = last
    while middle > range.lowerBound, parts[middle - 1] >> UInt32(bit) & 1 == 1 { middle -= 1 }
    let left = sum(vectors, parts, range.lowerBound..<middle, level: level)
    let right = sum(vectors, parts, middle..<range.upperBound, level: level + 1)
    let target = scratch + level * columns
    if left != UnsafePointer(target) { target.update(from: left, count: columns) }
    RowArithmetic.add(right, to: target, count: columns)
    return UnsafePointer(target)
  }
}
