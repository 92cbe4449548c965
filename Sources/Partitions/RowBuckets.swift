import Tensors

/// Rows that are made one bucket of consecutive rows after the other, because all of them are more than memory is to hold.
enum RowBuckets {
  /// Consecutive rows with at most `capacity` elements together; a row with more is alone.
  ///
  /// - Parameter offsets: Row offsets, shape (rows + 1).
  static func cut(_ offsets: Buffer<Int64>, capacity: Int) -> [Range<Int>] {
    var buckets: [Range<Int>] = []
    var first = 0
    for row in 0..<offsets.count - 1 where Int(offsets.pointer[row + 1] - offsets.pointer[first]) > capacity && row > first {
      buckets.append(first..<row)
      first = row
    }
    if first < offsets.count - 1 { buckets.append(first..<offsets.count - 1) }
    return buckets
  }

  /// Makes every bucket and puts them behind each other.
  ///
  /// - Parameters:
  ///   - offsets: As above.
  ///   - make: The rows of a range, all of them in order.
  /// - Throws: `SystemError` when the disk refuses.
  static func fill<Element: BitwiseCopyable>(
    _ offsets: Buffer<Int64>, storage: ArrayStorage, _ make: (Range<Int>) -> Buffer<Element>
  ) throws -> Buffer<Element> {
    guard case .files(_, let bytes) = storage else { return make(0..<offsets.count - 1) }
    let buckets = cut(offsets, capacity: max(1, bytes / MemoryLayout<Element>.stride))
    if buckets.count <= 1 { return make(0..<offsets.count - 1) }
    let writer = try BufferWriter<Element>(atMost: Int(offsets.pointer[offsets.count - 1]), storage: storage)
    for rows in buckets { try writer.append(make(rows)) }
    return try writer.finish()
  }
}
