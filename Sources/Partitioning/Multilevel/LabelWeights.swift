import Tensors

/// Sums of edge weights by label: a hash table that is emptied by touching only what was used.
///
/// Open addressing with multiplicative hashing; labels are remembered in the order of their first appearance.
final class LabelWeights: @unchecked Sendable {
  // Sendable: borrowed by one chunk at a time.
  private static let free = UInt32.max
  private let keys = GrowingBuffer<UInt32>()
  private let sums = GrowingBuffer<Int>()
  private let used = GrowingBuffer<UInt32>()
  private var shift: UInt32 = 32
  private var mask: UInt32 = 0
  /// Number of different labels.
  private(set) var count = 0

  /// Makes room for `limit` different labels; must be called while the table is empty.
  func reserve(_ limit: Int) {
    var bits: UInt32 = 6
    while 1 << Int(bits) < 2 * limit { bits += 1 }
    let slots = 1 << Int(bits)
    if slots > keys.count {
      keys.resize(to: slots)
      sums.resize(to: slots)
      used.resize(to: slots / 2 + 1)
      keys.pointer.update(repeating: Self.free, count: slots)
    }
    shift = 32 &- bits
    mask = UInt32(slots &- 1)
  }

  /// Adds `weight` to the sum of `label`, which is below 2³² − 1.
  @inline(__always)
  func add(_ label: UInt32, _ weight: Int) {
    let slot = Int(slot(of: label))
    if keys.pointer[slot] == label {
      sums.pointer[slot] &+= weight
    } else {
      keys.pointer[slot] = label
      sums.pointer[slot] = weight
      used.pointer[count] = UInt32(truncatingIfNeeded: slot)
      count &+= 1
    }
  }

  /// Sum of `label`, zero where it was not added.
  @inline(__always)
  func sum(of label: UInt32) -> Int {
    let slot = Int(slot(of: label))
    return keys.pointer[slot] == label ? sums.pointer[slot] : 0
  }

  /// The label that appeared as number `index`, and its sum.
  @inline(__always)
  subscript(index: Int) -> (label: UInt32, sum: Int) {
    let slot = Int(used.pointer[index])
    return (keys.pointer[slot], sums.pointer[slot])
  }

  /// Empties the table. O(labels).
  func removeAll() {
    for index in 0..<count { keys.pointer[Int(used.pointer[index])] = Self.free }
    count = 0
  }

  /// Where `label` is, or belongs.
  @inline(__always)
  private func slot(of label: UInt32) -> UInt32 {
    var slot = (label &* 0x9E37_79B1) &>> shift
    while keys.pointer[Int(slot)] != label && keys.pointer[Int(slot)] != Self.free { slot = (slot &+ 1) & mask }
    return slot
  }
}
