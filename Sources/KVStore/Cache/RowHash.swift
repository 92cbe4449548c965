import CKernels
import Tensors

/// Finds small numbers by 64-bit ids: open addressing with linear probing. A slot of 8 bytes has 32 bits of the id's hash and the
/// number; whether it is the number of that id, the caller knows.
struct RowHash {
  /// 0, or hash · 2³² + number + 1.
  private var slots: Buffer<UInt64>

  /// - Parameter capacity: Ids to have room for, at most one in two slots being used.
  init(capacity: Int) {
    slots = Buffer(count: Self.slotCount(for: capacity))
  }

  private static func slotCount(for capacity: Int) -> Int { max(16, 2 * capacity) }

  var bytes: Int { slots.count * 8 }

  /// Forgets all ids; room for `capacity` afterwards.
  mutating func reset(capacity: Int) {
    let count = Self.slotCount(for: capacity)
    guard count > slots.count else { return slots.pointer.update(repeating: 0, count: slots.count) }
    slots = Buffer(count: count)
  }

  /// Asks for the memory where the search for an id begins.
  @inline(__always)
  func ask(for id: Int64) { halo_ask_for_line(slots.pointer + Self.home(Self.hash(id), slots.count)) }

  /// The number of `id`, or one of an id with the same hash; −1 where it has none.
  @inline(__always)
  func likelyNumber(of id: Int64) -> Int { find(id) { _ in true } }

  /// The number of `id`, −1 where it has none.
  ///
  /// - Parameter isOf: Whether a number is the id's.
  @inline(__always)
  func find(_ id: Int64, isOf: (Int) -> Bool) -> Int {
    let (table, count, hash) = (slots.pointer, slots.count, Self.hash(id))
    var slot = Self.home(hash, count)
    while table[slot] != 0 {
      if table[slot] >> 32 == hash {
        let number = Int(table[slot] & 0xFFFF_FFFF) &- 1
        if isOf(number) { return number }
      }
      slot = slot &+ 1 == count ? 0 : slot &+ 1
    }
    return -1
  }

  /// Gives a number below 2³² − 1 to an id that has none.
  @inline(__always)
  func insert(_ id: Int64, number: Int) {
    let (table, count, hash) = (slots.pointer, slots.count, Self.hash(id))
    var slot = Self.home(hash, count)
    while table[slot] != 0 { slot = slot &+ 1 == count ? 0 : slot &+ 1 }
    table[slot] = hash << 32 | UInt64(number &+ 1)
  }

  /// The slot where the search for a hash begins.
  @inline(__always)
  private static func home(_ hash: UInt64, _ count: Int) -> Int { Int(truncatingIfNeeded: (hash &* UInt64(count)) >> 32) }

  /// Fibonacci hashing: the upper half of a product with 2⁶⁴ divided by the golden ratio.
  @inline(__always)
  private static func hash(_ id: Int64) -> UInt64 { (UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15) >> 32 }
}
