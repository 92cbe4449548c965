import Tensors

/// Rows of a dense table on their way to another element type.
struct RowConversion: Sendable {
  let source: DenseRows
  let type: ElementType
  /// Names the table, for errors.
  let place: String

  /// Bytes of a converted row.
  var rowBytes: Int { type.rowBytes(columns: source.columns) }

  /// Writes row `row` to `output`, all of its bytes; what lies between int8 elements and their scale is left as it is.
  ///
  /// - Parameter scratch: Room for a row of float32.
  /// - Throws: `InputError` when the row holds a value that the type does not.
  func write(_ row: Int, to output: UnsafeMutableRawPointer, scratch: UnsafeMutablePointer<Float>) throws {
    let stored = UnsafeRawPointer(source.bytes.pointer + row * source.strideBytes)
    guard type != source.elementType else {
      output.copyMemory(from: stored, byteCount: source.columns * type.size)
      if type == .int8 { write(source.scale(of: row), to: output) }
      return
    }
    widen(row, stored, to: scratch)
    guard narrow(scratch, to: output) else { throw refusal(row, scratch) }
  }

  /// Scale of converted row `row`.
  func scale(of row: Int, scratch: UnsafeMutablePointer<Float>) -> Float {
    if source.elementType == .int8 { return source.scale(of: row) }
    widen(row, UnsafeRawPointer(source.bytes.pointer + row * source.strideBytes), to: scratch)
    return Self.scale(of: UnsafeBufferPointer(start: scratch, count: source.columns))
  }

  private func write(_ scale: Float, to output: UnsafeMutableRawPointer) {
    output.storeBytes(of: scale, toByteOffset: ElementType.scaleOffset(columns: source.columns), as: Float.self)
  }

  private func widen(_ row: Int, _ stored: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
    func each<Stored: BitwiseCopyable>(_ convert: (Stored) -> Float) {
      for column in 0..<source.columns {
        values[column] = convert(stored.loadUnaligned(fromByteOffset: column &* MemoryLayout<Stored>.stride, as: Stored.self))
      }
    }
    switch source.elementType {
    case .float32: each { (value: Float) in value }
    case .float16: each { (value: Float16) in Float(value) }
    case .bfloat16: each { (value: UInt16) in Float(bitPattern: UInt32(value) << 16) }
    case .int8:
      let scale = source.scale(of: row)
      each { (value: Int8) in Float(value) * scale }
    default: preconditionFailure("rows of \(source.elementType) are not converted")
    }
  }

  /// Returns whether every value is finite and stays so.
  private func narrow(_ values: UnsafePointer<Float>, to output: UnsafeMutableRawPointer) -> Bool {
    let columns = source.columns
    var fits = true
    switch type {
    case .float32:
      for column in 0..<columns {
        fits = fits && values[column].isFinite
        output.storeBytes(of: values[column], toByteOffset: 4 &* column, as: Float.self)
      }
    case .float16:
      for column in 0..<columns {
        let half = Float16(values[column])
        fits = fits && half.isFinite
        output.storeBytes(of: half, toByteOffset: 2 &* column, as: Float16.self)
      }
    case .bfloat16:
      for column in 0..<columns {
        let half = Self.bfloat16(values[column])
        fits = fits && half & 0x7f80 != 0x7f80
        output.storeBytes(of: half, toByteOffset: 2 &* column, as: UInt16.self)
      }
    case .int8:
      let scale = Self.scale(of: UnsafeBufferPointer(start: values, count: columns))
      guard scale.isFinite else { return false }
      for column in 0..<columns {
        let quotient = scale > 0 ? (values[column] / scale).rounded(.toNearestOrEven) : 0
        output.storeBytes(of: Int8(max(-127, min(127, quotient))), toByteOffset: column, as: Int8.self)
      }
      write(scale, to: output)
    default: preconditionFailure("rows are not converted to \(type)")
    }
    return fits
  }

  /// The upper half of a float32, rounded to nearest, ties to even; infinite or NaN where the value is or becomes so.
  private static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    // NaN could round to zero or infinity; it only has to stay recognisable.
    guard value.isFinite else { return 0x7f80 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  /// The largest absolute value over 127, at most so that 127 times it is finite; NaN or infinite when a value is.
  private static func scale(of values: UnsafeBufferPointer<Float>) -> Float {
    var largest: UInt32 = 0  // Bits of absolute values are ordered as the values are, infinity and NaN above all others.
    for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
    let scale = Float(bitPattern: largest) / 127
    return scale.isFinite && !(scale * 127).isFinite ? scale.nextDown : scale
  }

  private func refusal(_ row: Int, _ values: UnsafePointer<Float>) -> InputError {
    let limit: Float =
      switch type {
      case .float16: 65_504
      case .bfloat16: Float(bitPattern: 0x7f7f_0000)
      default: .greatestFiniteMagnitude
      }
    let column = (0..<source.columns).first { index in
      switch type {
      case .float16: !Float16(values[index]).isFinite
      case .bfloat16: Self.bfloat16(values[index]) & 0x7f80 == 0x7f80
      default: !values[index].isFinite
      }
    }
    let found = column.map { "\(values[$0]) in column \($0)" } ?? "others"
    return InputError("\(place), row \(row)", expected: "finite values of at most \(limit) for \(type)", found: found)
  }
}
