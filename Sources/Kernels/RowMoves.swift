internal import CKernels

/// Copies of rows as they are stored, between a table and a message; the rows to come are asked for while one is copied.
package enum RowMoves {
  /// Copies the rows that `sequence` names behind each other to `out`.
  ///
  /// - Parameters:
  ///   - base: Row 0; rows are `strideBytes` apart.
  ///   - out: Room for `rowBytes` of each row.
  package static func gather(
    from base: UnsafeRawPointer, strideBytes: Int, rowBytes: Int, rows sequence: UnsafeBufferPointer<UInt32>,
    to out: UnsafeMutableRawPointer
  ) {
    guard let rows = sequence.baseAddress else { return }
    halo_gather_bytes(
      base.assumingMemoryBound(to: CChar.self), strideBytes, rowBytes, rows, sequence.count, out.assumingMemoryBound(to: CChar.self))
  }

  /// Copies rows that lie behind each other to their places, and fills each up to `strideBytes` with zeros.
  package static func scatter(
    from rows: UnsafeRawPointer, rowBytes: Int, strideBytes: Int, to targets: UnsafeBufferPointer<UnsafeMutableRawPointer>
  ) {
    guard let places = targets.baseAddress else { return }
    precondition(rowBytes <= strideBytes, "rows of \(rowBytes) bytes \(strideBytes) apart")
    UnsafeRawPointer(places).withMemoryRebound(to: UnsafeMutableRawPointer?.self, capacity: targets.count) {
      halo_scatter_bytes(rows.assumingMemoryBound(to: CChar.self), rowBytes, strideBytes, $0, targets.count)
    }
  }
}
