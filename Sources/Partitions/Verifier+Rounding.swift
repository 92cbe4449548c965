import Tensors

extension Verifier {
  /// Whether row `row` of `stored` holds the values of row `node` of `input`, which has another element type, as near as it can.
  static func isRounding(_ stored: DenseRows, _ row: Int, of input: DenseRows, _ node: Int) -> Bool {
    (0..<stored.columns).allSatisfy { column in
      guard let rounded = value(stored, row, column), let exact = value(input, node, column) else { return false }
      return abs(rounded - exact) <= largestError(of: exact, in: stored, row)
    }
  }

  /// Half the distance between the numbers that the type has around `value`: 2⁻¹¹ of it for the eleven bits of float16, 2⁻⁸ for the eight of
  /// bfloat16, half the scale for int8. Below the smallest normal numbers distances stay the same.
  private static func largestError(of value: Double, in table: DenseRows, _ row: Int) -> Double {
    switch table.elementType {
    case .float16: max(abs(value) * 0x1p-11, 0x1p-25)
    case .bfloat16: max(abs(value) * 0x1p-8, 0x1p-134)
    // The quotient and the product are rounded as well; where the scale itself is rounded to nothing, values are below 127 of the
    // smallest number.
    case .int8: Double(table.scale(of: row)) * (0.5 + 0x1p-15) + 0x1p-142
    default: 0
    }
  }

  /// The value of an element; `nil` for types that are not converted.
  private static func value(_ table: DenseRows, _ row: Int, _ column: Int) -> Double? {
    let bytes = UnsafeRawPointer(table.bytes.pointer + row * table.strideBytes)
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T { bytes.loadUnaligned(fromByteOffset: column * MemoryLayout<T>.stride, as: type) }
    return switch table.elementType {
    case .float32: Double(load(Float.self))
    case .float16: Double(load(Float16.self))
    case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
    case .int8: Double(Float(load(Int8.self)) * table.scale(of: row))
    default: nil
    }
  }
}
