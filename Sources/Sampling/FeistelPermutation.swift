public import Tensors

/// A keyed permutation of `0..<count` that is computed, not stored: a Feistel network with cycle-walking.
///
/// Black, Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002. Four rounds keyed by Philox are ample for mixing a
/// training set; nothing of its size is kept. A call costs O(1), less than four walks on average.
public struct FeistelPermutation: Sendable {
  public let count: UInt64
  private let halfBits: UInt64
  private let mask: UInt64
  private let key: RandomKey
  private let epoch: UInt32
  private static let rounds: UInt32 = 4

  /// - Parameters:
  ///   - key: Family of permutations, purpose `permutation`.
  ///   - epoch: Member of the family.
  public init(count: Int, key: RandomKey, epoch: UInt32) {
    precondition(count >= 0, "a permutation of \(count) elements")
    self.count = UInt64(count)
    let bits = UInt64(UInt64.bitWidth - UInt64(max(1, count - 1)).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
    mask = (1 << halfBits) - 1
    self.key = key
    self.epoch = epoch
  }

  /// Where `index` goes; a bijection of `0..<count`.
  public subscript(index: Int) -> Int {
    precondition(index >= 0 && UInt64(index) < count, "index \(index) outside a permutation of \(count)")
    var value = UInt64(index)
    repeat { value = encrypt(value) } while value >= count
    return Int(value)
  }

  private func encrypt(_ value: UInt64) -> UInt64 {
    var left = value >> halfBits
    var right = value & mask
    for round in 0..<Self.rounds {
      let word = key.bits(id: right, step: epoch, block: round)[0]
      (left, right) = (right, left ^ (UInt64(word) & mask))
    }
    return left << halfBits | right
  }
}
