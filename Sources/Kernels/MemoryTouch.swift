internal import CKernels

/// Reading memory and doing nothing with it: what the memory limits of a machine are measured with.
package enum MemoryTouch {
  /// Sum of the first word of every 64 bytes of each row in `sequence`: a cache line is what memory delivers, so the loop's own
  /// instructions are never what is measured.
  ///
  /// - Parameter ahead: How many rows early a row is asked for; 0: never.
  package static func rows(
    _ base: UnsafeRawPointer, strideBytes: Int, rowBytes: Int, sequence: UnsafeBufferPointer<UInt32>, ahead: Int
  ) -> UInt64 {
    guard let rows = sequence.baseAddress else { return 0 }
    return halo_touch_rows(base.assumingMemoryBound(to: CChar.self), strideBytes, rowBytes, rows, sequence.count, ahead)
  }

  /// The same of rows at their addresses.
  package static func addresses(_ rows: UnsafeBufferPointer<UnsafeRawPointer>, rowBytes: Int, ahead: Int) -> UInt64 {
    guard let base = rows.baseAddress else { return 0 }
    return UnsafeRawPointer(base).withMemoryRebound(to: UnsafePointer<CChar>?.self, capacity: rows.count) {
      halo_touch_addresses($0, rowBytes, rows.count, ahead)
    }
  }

  /// Sum of the first word of every 64 bytes of `count` bytes.
  package static func stream(_ base: UnsafeRawPointer, count: Int) -> UInt64 {
    var row: UInt32 = 0
    return halo_touch_rows(base.assumingMemoryBound(to: CChar.self), 0, count, &row, 1, 0)
  }
}
