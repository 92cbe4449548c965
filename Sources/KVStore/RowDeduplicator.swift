import Tensors

/// A hash table from global ids to small numbers that is emptied in constant time: open addressing, linear probing,
/// slots of 16 bytes that count only when they carry the current generation.
package final class RowDeduplicator {
  private struct Slot: BitwiseCopyable {
    var id: Int64
    var number: UInt32
    var generation: UInt32
  }

  private var slots = Buffer<Slot>(count: 1 << 10)
  private var generation: UInt32 = 0
  /// Ids since the last `removeAll`, which are numbered from 0 in order of first appearance.
  package private(set) var count = 0

  /// Forgets all ids. O(1), but once in 2³² times.
  package func removeAll() {
    count = 0
    generation &+= 1
    if generation == 0 {
      slots = Buffer(count: slots.count)
      generation = 1
    }
  }

  package init() { removeAll() }

  /// Bytes that it holds on to.
  package var capacityBytes: Int { slots.count * MemoryLayout<Slot>.stride }

  /// Makes room for `additional` more ids, at most half of the slots being used.
  package func reserve(_ additional: Int) {
    let wanted = 2 * (count + additional)
    guard wanted > slots.count else { return }
    var capacity = slots.count
    while capacity < wanted { capacity *= 2 }
    let old = slots
    slots = Buffer(count: capacity)
    for slot in old.elements where slot.generation == generation { slots.pointer[freeSlot(for: slot.id)] = slot }
  }

  /// The number of `id`, and whether it is new. O(1) expected.
  ///
  /// - Precondition: Room was reserved.
  @inline(__always)
  package func number(of id: Int64) -> (number: UInt32, isNew: Bool) {
    let table = slots.pointer
    let mask = slots.count &- 1
    var index = home(of: id)
    while table[index].generation == generation {
      if table[index].id == id { return (table[index].number, false) }
      index = (index &+ 1) & mask
    }
    let number = UInt32(truncatingIfNeeded: count)
    table[index] = Slot(id: id, number: number, generation: generation)
    count &+= 1
    return (number, true)
  }

  /// Fibonacci hashing: the high bits of a product with 2⁶⁴ divided by the golden ratio.
  @inline(__always)
  private func home(of id: Int64) -> Int {
    let product = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product >> 20) & (slots.count &- 1)
  }

  private func freeSlot(for id: Int64) -> Int {
    var index = home(of: id)
    while slots.pointer[index].generation == generation { index = (index + 1) & (slots.count - 1) }
    return index
  }
}
