import Synchronization
import Tensors

/// The check that a table holds no NaN and no infinity: one of them spoils every weight it meets.
enum FiniteValues {
  /// - Parameters:
  ///   - place: File or table, for the error.
  ///   - allowingNaN: Accepts NaN in dense tables, which stands for an unknown target.
  /// - Throws: `InputError` with row and column of the first value that is not finite.
  static func check(_ table: FeatureTable, place: String, threads: Threads, allowingNaN: Bool = false) throws {
    let found: (row: Int, column: Int)?
    switch table {
    case .dense(let rows): found = firstInfinite(rows, threads: threads, allowingNaN: allowingNaN)
    case .sparse(let rows): found = firstInfinite(rows)
    }
    guard let found else { return }
    throw InputError(
      place, expected: allowingNaN ? "finite targets, or NaN where unknown" : "finite features",
      found: "\(allowingNaN ? "infinity" : "NaN or infinity") in row \(found.row), column \(found.column) (from 0)")
  }

  private static func firstInfinite(_ table: DenseRows, threads: Threads, allowingNaN: Bool) -> (row: Int, column: Int)? {
    switch table.elementType {
    case .float32: firstRow(table, threads, exponent: 0x7F80_0000 as UInt32, allowingNaN)
    case .float64: firstRow(table, threads, exponent: 0x7FF0_0000_0000_0000 as UInt64, allowingNaN)
    case .float16: firstRow(table, threads, exponent: 0x7C00 as UInt16, allowingNaN)
    case .bfloat16: firstRow(table, threads, exponent: 0x7F80 as UInt16, allowingNaN)
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool: nil
    }
  }

  /// - Parameter exponent: The bits that are all ones in an infinity, alone, and in a NaN, with others.
  @inline(__always)
  private static func firstRow<Bits: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ table: DenseRows, _ threads: Threads, exponent: Bits, _ allowingNaN: Bool
  ) -> (row: Int, column: Int)? {
    let mask = allowingNaN ? Bits.max >> 1 : exponent
    @Sendable func isInfinite(_ bits: Bits) -> Bool { bits & mask == exponent }
    let first = Atomic<Int>(Int.max)
    threads.forEachChunk(of: table.rows, by: 1024) { range in
      for row in range {
        let base = UnsafeRawPointer(table.bytes.pointer + row * table.strideBytes)
        var any = false
        for column in 0..<table.columns {
          any = isInfinite(base.loadUnaligned(fromByteOffset: column &* MemoryLayout<Bits>.stride, as: Bits.self)) || any
        }
        if any {
          first.min(row, ordering: .relaxed)
          return
        }
      }
    }
    let row = first.load(ordering: .relaxed)
    guard row < Int.max else { return nil }
    let base = UnsafeRawPointer(table.bytes.pointer + row * table.strideBytes)
    let column = (0..<table.columns).first { isInfinite(base.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Bits>.stride, as: Bits.self)) }
    return (row, column!)
  }

  private static func firstInfinite(_ table: SparseRows) -> (row: Int, column: Int)? {
    guard let position = table.values.firstIndex(where: { !$0.isFinite }) else { return nil }
    // The row is the last that begins at or before the position.
    var (low, high) = (0, table.rows)
    while high - low > 1 {
      let middle = (low + high) / 2
      if table.indptr[middle] <= position { low = middle } else { high = middle }
    }
    return (low, Int(table.indices[position]))
  }
}
