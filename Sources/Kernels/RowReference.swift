/// Where a row lies: a segment and a row of it, packed into 64 bits.
///
/// ```
///  63        48 47                                0
/// ┌────────────┬───────────────────────────────────┐
/// │  segment   │                row                │
/// └────────────┴───────────────────────────────────┘
/// ```
public struct RowReference: BitwiseCopyable, Hashable, Sendable {
  /// Segments that a reference can tell apart.
  public static let segmentLimit = 1 << 16
  /// Rows that a segment can have.
  public static let rowLimit = 1 << 48

  public let packed: UInt64

  /// - Precondition: `segment < segmentLimit` and `row < rowLimit`, neither negative.
  @inlinable
  public init(segment: Int, row: Int) {
    precondition(segment >= 0 && segment < RowReference.segmentLimit, "segment outside 0..<65,536")
    precondition(row >= 0 && row < RowReference.rowLimit, "row outside 0..<2^48")
    packed = UInt64(truncatingIfNeeded: segment) << 48 | UInt64(truncatingIfNeeded: row)
  }

  @inlinable public var segment: Int { Int(truncatingIfNeeded: packed >> 48) }
  @inlinable public var row: Int { Int(truncatingIfNeeded: packed & 0xffff_ffff_ffff) }
}
