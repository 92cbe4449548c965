/// Where a step finds one of its remote rows.
package struct CachePlace: BitwiseCopyable, Equatable, Sendable {
  /// 2 · slot, and 1 more where the row is to be pulled.
  private let bits: UInt32

  /// The row is in a slot of the cache, or will be when what earlier steps pull has come.
  package static func hit(_ slot: Int) -> CachePlace { CachePlace(bits: UInt32(truncatingIfNeeded: slot) << 1) }

  /// The row is to be pulled into a slot, and stays there.
  package static func fill(_ slot: Int) -> CachePlace { CachePlace(bits: UInt32(truncatingIfNeeded: slot) << 1 | 1) }

  /// The row is to be pulled for this step alone.
  package static let pass = CachePlace(bits: .max)

  /// The slot that holds the row; `nil` for one that is not kept.
  package var slot: Int? { self == .pass ? nil : Int(bits >> 1) }

  /// Whether the row must come from its owner.
  package var isPulled: Bool { bits & 1 == 1 }
}
