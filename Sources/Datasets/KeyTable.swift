import Tensors

/// Numbers different keys by first appearance, from 0: open addressing in one block of memory.
final class KeyTable {
  enum Place {
    /// The key came before and has this number.
    case known(UInt32)
    /// The key is new and has this number.
    case new(UInt32)
    /// The key is new and the table is full.
    case full
  }

  /// Keys have a high half of at least one: zero marks an empty slot, and zeroed memory an empty table.
  private struct Slot: BitwiseCopyable {
    var key: NodeKey
    var number: UInt32
  }

  /// Bytes of a slot.
  static let slotBytes = 24
  private static let firstCapacity = 1024
  private let largestBytes: Int
  private var slots: Buffer<Slot>
  private(set) var count = 0
  private var isFull = false
  /// Takes what `warm` loads, so that the loads are not left out.
  private(set) var warmed: UInt64 = 0

  /// - Parameter largestBytes: Memory that the table may take, while it grows as well; it holds at least 768 keys.
  init(largestBytes: Int = .max) {
    self.largestBytes = largestBytes
    slots = Buffer(count: Self.firstCapacity)
  }

  /// The number of `key`, which is entered where it is new and there is room.
  @inline(__always)
  func place(of key: NodeKey) -> Place {
    while true {
      let mask = slots.count &- 1
      var index = Int(truncatingIfNeeded: key.hash) & mask
      while true {
        let slot = slots.pointer + index
        if slot.pointee.key == key { return .known(slot.pointee.number) }
        if slot.pointee.key.high == 0 { break }
        index = (index &+ 1) & mask
      }
      if isFull { return .full }
      // Three of four slots: longer runs of full ones cost more than the memory saved.
      if count < slots.count / 4 * 3 {
        slots.pointer[index] = Slot(key: key, number: UInt32(truncatingIfNeeded: count))
        count += 1
        return .new(UInt32(truncatingIfNeeded: count - 1))
      }
      grow()
    }
  }

  /// Loads the slots of keys that are looked up next: the program then waits for memory once for all of them, not for each.
  func warm(_ keys: UnsafeBufferPointer<NodeKey>) {
    let mask = slots.count &- 1
    var seen: UInt64 = 0
    for key in keys { seen ^= slots.pointer[Int(truncatingIfNeeded: key.hash) & mask].key.high }
    warmed = seen
  }

  /// Forgets all keys and gives the memory back.
  func removeAll() {
    slots = Buffer(count: Self.firstCapacity)
    count = 0
    isFull = false
  }

  private func grow() {
    // Ids are 32-bit numbers; old and new slots are there at the same time.
    guard 3 * slots.count <= largestBytes / Self.slotBytes, slots.count < 1 << 32 else {
      isFull = true
      return
    }
    let grown = Buffer<Slot>(count: 2 * slots.count)
    let mask = grown.count &- 1
    for old in 0..<slots.count where slots.pointer[old].key.high != 0 {
      let slot = slots.pointer[old]
      var index = Int(truncatingIfNeeded: slot.key.hash) & mask
      while grown.pointer[index].key.high != 0 { index = (index &+ 1) & mask }
      grown.pointer[index] = slot
    }
    slots = grown
  }
}
