import Tensors

extension Verifier {
  /// Whether row `row` of `stored` holds the values of row `node` of `input`, which has another element type, as near as it can.
  static func isRounding(_ stored: DenseRows, _ row: Int, of input: DenseRows, _ node: Int) -> Bool {
    guard TableTypes.types.contains(stored.elementType), TableTypes.types.contains(input.elementType) else { return false }
    return (0..<stored.columns).allSatisfy { column in
      let exact = value(input, node, column)
      return abs(value(stored, row, column) - exact) <= largestError(of: exact, in: stored, row)
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

  /// The value of an element.
  static func value(_ table: DenseRows, _ row: Int, _ column: Int) -> Double {
    let bytes = UnsafeRawPointer(table.bytes.pointer + row * table.strideBytes)
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T { bytes.loadUnaligned(fromByteOffset: column * MemoryLayout<T>.stride, as: type) }
    return switch table.elementType {
    case .float32: Double(load(Float.self))
    case .float16: Double(load(Float16.self))
    case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
    case .int8: Double(Float(load(Int8.self)) * table.scale(of: row))
    case .float64: load(Double.self)
    case .int16: Double(load(Int16.self))
    case .int32: Double(load(Int32.self))
    case .int64: Double(load(Int64.self))
    case .uint8, .bool: Double(load(UInt8.self))
    case .uint16: Double(load(UInt16.self))
    case .uint32: Double(load(UInt32.self))
    case .uint64: Double(load(UInt64.self))
    }
  }
}
