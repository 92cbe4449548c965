/// What a random number is for; part of its key, so that no two uses ever share a stream. The values are part of the
/// determinism contract: they never change.
public enum RandomPurpose: UInt64, Sendable, CaseIterable {
  case sample = 1
  case dropout = 2
  case attentionDropout = 3
  case initialValue = 4
  case permutation = 5
  case negatives = 6
  case evaluation = 7
  case generator = 8
  case partition = 9
  case labor = 10
}

/// Key of a family of random numbers: (seed, purpose, layer or hop, relation or type).
///
/// Inside the family a number is addressed by (id, step or epoch, block), so its value depends neither on who computes it
/// nor on when.
public struct RandomKey: Hashable, Sendable {
  /// The Philox key.
  public let value: UInt64

  /// - Parameters:
  ///   - layer: Layer or hop, from 0.
  ///   - relation: Relation or node type, from 0.
  public init(seed: UInt64, purpose: RandomPurpose, layer: Int = 0, relation: Int = 0) {
    var hash = mix64(seed &+ 0x9E37_79B9_7F4A_7C15)
    hash = mix64(hash ^ purpose.rawValue)
    hash = mix64(hash ^ UInt64(layer))
    value = mix64(hash ^ UInt64(relation))
  }

  /// 128 random bits of the number at (`id`, `step`, `block`).
  @inlinable
  public func bits(id: UInt64, step: UInt32, block: UInt32 = 0) -> SIMD4<UInt32> {
    Philox.block(key: value, counter: SIMD4(UInt32(truncatingIfNeeded: id), UInt32(truncatingIfNeeded: id >> 32), step, block))
  }
}

/// Bijective mixing of 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
@inlinable
public func mix64(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

/// Maps 32 random bits to `0..<bound` by multiplication (Lemire, ACM TOMACS 2019, without the rejection step; the bias is
/// below bound / 2³²).
@inlinable
public func boundedIndex(_ bits: UInt32, below bound: UInt32) -> UInt32 {
  UInt32(truncatingIfNeeded: (UInt64(bits) &* UInt64(bound)) >> 32)
}

/// Maps 32 random bits to a float in [0, 1) with 24 random bits.
@inlinable
public func unitFloat(_ bits: UInt32) -> Float { Float(bits >> 8) * 0x1p-24 }
