import Tensors

/// Numbers distinct global ids in order of first appearance: open addressing with memory that is kept between uses.
///
/// Ids are below 2³⁶ − 1 and numbers below 2²⁸. Confined to one thread.
public final class GlobalIDIndex {
  private let slots = GrowingBuffer<UInt64>()

  public init() {}

  /// Bytes that it holds on to.
  public var capacityBytes: Int { 8 * slots.capacity }

  /// Starts an empty numbering of at most `room` ids, which are written to `ids` in order; O(room).
  ///
  /// - Parameter ids: Room for `room` ids; must stay in place while the numbering is used.
  public func begin(room: Int, ids: UnsafeMutablePointer<GlobalID>) -> Numbering {
    precondition(room < 1 << Numbering.numberBits, "\(room) ids to number")
    var capacity = 64
    while capacity < 2 * room { capacity *= 2 }
    slots.resize(to: capacity)
    slots.pointer.update(repeating: 0, count: capacity)
    return Numbering(slots: slots.pointer, mask: UInt64(capacity - 1), ids: ids)
  }

  /// A numbering under way; valid until the next `begin` of its index.
  public struct Numbering {
    @usableFromInline static let numberBits: UInt64 = 28
    /// A slot is 0, or (id + 1) · 2²⁸ + number.
    @usableFromInline let slots: UnsafeMutablePointer<UInt64>
    @usableFromInline let mask: UInt64
    @usableFromInline let ids: UnsafeMutablePointer<GlobalID>
    /// Ids numbered so far.
    public var count: Int { used }
    @usableFromInline var used = 0

    init(slots: UnsafeMutablePointer<UInt64>, mask: UInt64, ids: UnsafeMutablePointer<GlobalID>) {
      self.slots = slots
      self.mask = mask
      self.ids = ids
    }

    /// The number of `id`, a new one when it appears for the first time. O(1) expected.
    @inlinable @inline(__always)
    public mutating func number(_ id: GlobalID) -> UInt32 {
      let key = UInt64(id.rawValue) &+ 1
      var slot = (key &* 0x9E37_79B9_7F4A_7C15) >> 20 & mask
      while true {
        let entry = slots[Int(slot)]
        if entry == 0 {
          ids[used] = id
          slots[Int(slot)] = key << Self.numberBits | UInt64(used)
          used &+= 1
          return UInt32(truncatingIfNeeded: used &- 1)
        }
        if entry >> Self.numberBits == key { return UInt32(truncatingIfNeeded: entry & ((1 << Self.numberBits) - 1)) }
        slot = (slot &+ 1) & mask
      }
    }
  }
}
