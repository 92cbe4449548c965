/// Storage type of the elements of a file or table.
public enum ElementType: String, Codable, Sendable, CaseIterable {
  case float32, float64, float16, bfloat16, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool

  /// Bytes an element occupies.
  public var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Bytes of a dense row of `columns` elements without padding.
  ///
  /// An int8 row carries its scale: the value of element `c` is `q[c] · scale`, rounded to float32.
  /// ```
  /// ┌──────────────────┬──────────────────────────┬───────────────┐
  /// │ int8 q (columns) │ zeros, to 4 bytes' bound │ float32 scale │
  /// └──────────────────┴──────────────────────────┴───────────────┘
  /// ```
  public func rowBytes(columns: Int) -> Int { self == .int8 ? Self.scaleOffset(columns: columns) + 4 : columns * size }

  /// Where the scale of an int8 row begins, in bytes from its first element.
  public static func scaleOffset(columns: Int) -> Int { (columns + 3) / 4 * 4 }
}
