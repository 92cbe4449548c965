extension NPYArray {
  /// All elements as float32, rounded to nearest, in new memory; truth values become 0 and 1.
  ///
  /// A float64 beyond the range of float32 becomes infinite, so that a check for finite values finds it.
  public func copyFloats() -> Buffer<Float> {
    let result = Buffer<Float>(count: shape.reduce(1, *))
    let target = result.pointer
    switch elementType {
    case .float32: fill(target) { (value: Float) in value }
    case .float64: fill(target) { (value: Double) in Float(value) }
    case .float16: fill(target) { (value: Float16) in Float(value) }
    case .bfloat16: fill(target) { (value: UInt16) in Float(bitPattern: UInt32(value) << 16) }
    case .int8: fill(target) { (value: Int8) in Float(value) }
    case .int16: fill(target) { (value: Int16) in Float(value) }
    case .int32: fill(target) { (value: Int32) in Float(value) }
    case .int64: fill(target) { (value: Int64) in Float(value) }
    case .uint8, .bool: fill(target) { (value: UInt8) in Float(value) }
    case .uint16: fill(target) { (value: UInt16) in Float(value) }
    case .uint32: fill(target) { (value: UInt32) in Float(value) }
    case .uint64: fill(target) { (value: UInt64) in Float(value) }
    }
    return result
  }

  /// All elements as 64-bit integers in new memory.
  ///
  /// - Throws: `InputError` when the elements are no integers, or one is 2⁶³ or more.
  public func copyIntegers() throws -> Buffer<Int64> {
    let result = Buffer<Int64>(count: shape.reduce(1, *))
    let target = result.pointer
    switch elementType {
    case .int8: fill(target) { (value: Int8) in Int64(value) }
    case .int16: fill(target) { (value: Int16) in Int64(value) }
    case .int32: fill(target) { (value: Int32) in Int64(value) }
    case .int64: fill(target) { (value: Int64) in value }
    case .uint8: fill(target) { (value: UInt8) in Int64(value) }
    case .uint16: fill(target) { (value: UInt16) in Int64(value) }
    case .uint32: fill(target) { (value: UInt32) in Int64(value) }
    case .uint64:
      fill(target) { (value: UInt64) in Int64(truncatingIfNeeded: value) }
      if let index = result.elements.firstIndex(where: { $0 < 0 }) {
        throw InputError(path, expected: "integers below 2^63", found: "\(UInt64(bitPattern: result[index])) at position \(index)")
      }
    case .float16, .bfloat16, .float32, .float64, .bool: throw InputError(path, expected: "integers", found: "\(elementType)")
    }
    return result
  }

  private func fill<Stored: BitwiseCopyable, Target>(_ target: UnsafeMutablePointer<Target>, _ convert: (Stored) -> Target) {
    let source = UnsafeRawPointer(bytes.pointer)
    for index in 0..<bytes.count / MemoryLayout<Stored>.stride {
      target[index] = convert(source.loadUnaligned(fromByteOffset: index &* MemoryLayout<Stored>.stride, as: Stored.self))
    }
  }
}
