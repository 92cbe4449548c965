import CKernels
import Tensors

/// A hash table from global ids to small numbers that is emptied in constant time: open addressing, linear probing,
/// slots of 16 bytes that count only when they carry the current generation.
package final class RowDeduplicator {
  fileprivate struct Slot: BitwiseCopyable {
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
  package func number(of id: Int64) -> (number: UInt32, isNew: Bool) { numbering { $0.number(of: id) } }

  /// Hands over the table as a value for a loop over many ids, which then touches no object.
  ///
  /// - Parameter body: Numbers no more ids than room was reserved for.
  @inline(__always)
  package func numbering<Result>(_ body: (inout Numbering) throws -> Result) rethrows -> Result {
    var numbering = Numbering(slots: slots.pointer, mask: slots.count &- 1, generation: generation, count: count)
    defer { count = numbering.count }
    return try body(&numbering)
  }

  /// The table of a `RowDeduplicator`; valid during the call that handed it over.
  package struct Numbering {
    fileprivate let slots: UnsafeMutablePointer<Slot>
    fileprivate let mask: Int
    fileprivate let generation: UInt32
    /// Ids so far.
    package fileprivate(set) var count: Int

    /// Asks for the memory of an id that is to be numbered soon.
    @inline(__always)
    package func ask(for id: Int64) { halo_ask_for_line(slots + RowDeduplicator.hash(id) & mask) }

    /// The number of `id`, and whether it is new. O(1) expected.
    @inline(__always)
    package mutating func number(of id: Int64) -> (number: UInt32, isNew: Bool) {
      var index = RowDeduplicator.hash(id) & mask
      while slots[index].generation == generation {
        if slots[index].id == id { return (slots[index].number, false) }
        index = (index &+ 1) & mask
      }
      let number = UInt32(truncatingIfNeeded: count)
      slots[index] = Slot(id: id, number: number, generation: generation)
      count &+= 1
      return (number, true)
    }
  }

  /// Fibonacci hashing: the high bits of a product with 2⁶⁴ divided by the golden ratio.
  @inline(__always)
  private static func hash(_ id: Int64) -> Int {
    Int(truncatingIfNeeded: UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15 >> 20)
  }

  private func freeSlot(for id: Int64) -> Int {
    var index = Self.hash(id) & (slots.count - 1)
    while slots.pointer[index].generation == generation { index = (index + 1) & (slots.count - 1) }
    return index
  }
}
