import Tensors

/// The slots of a cache: free ones, and ones that were given up while steps under way still read them.
struct CacheSlots {
  let count: Int
  /// The next slot of the same list.
  private let next: Buffer<UInt32>
  private var free: UInt32
  /// First slot given up, by the last step that reads it; a ring over the steps under way.
  private var givenUp = Buffer<UInt32>(count: 16)
  /// Steps before this one are computed.
  private var firstUnfinished = 0
  private static let none = UInt32.max

  init(count: Int) {
    precondition(count >= 0 && count < 1 << 30, "\(count) slots of a cache")
    self.count = count
    next = Buffer(count: count)
    for slot in 0..<count { next.pointer[slot] = slot + 1 < count ? UInt32(slot + 1) : Self.none }
    free = count > 0 ? 0 : Self.none
    givenUp.pointer.update(repeating: Self.none, count: givenUp.count)
  }

  var bytes: Int { 4 * (next.count + givenUp.count) }

  /// A slot that nobody reads, −1 where there is none.
  @inline(__always)
  mutating func take() -> Int32 {
    guard free != Self.none else { return -1 }
    let slot = free
    free = next.pointer[Int(slot)]
    return Int32(bitPattern: slot)
  }

  /// Frees a slot as soon as `step`, the last that reads it, is computed.
  @inline(__always)
  mutating func giveUp(_ slot: Int32, readUntil step: Int) {
    let slot = UInt32(bitPattern: slot)
    if step < firstUnfinished {
      next.pointer[Int(slot)] = free
      free = slot
    } else {
      if step &- firstUnfinished >= givenUp.count { growRing(to: step) }
      let place = step & (givenUp.count &- 1)
      next.pointer[Int(slot)] = givenUp.pointer[place]
      givenUp.pointer[place] = slot
    }
  }

  /// Frees what steps before `step` were the last to read.
  mutating func finished(before step: Int) {
    while firstUnfinished < step {
      let place = firstUnfinished & (givenUp.count - 1)
      var slot = givenUp.pointer[place]
      givenUp.pointer[place] = Self.none
      while slot != Self.none {
        let following = next.pointer[Int(slot)]
        next.pointer[Int(slot)] = free
        free = slot
        slot = following
      }
      firstUnfinished += 1
    }
  }

  private mutating func growRing(to step: Int) {
    let old = givenUp
    var count = old.count
    while step - firstUnfinished >= count { count *= 2 }
    givenUp = Buffer(count: count)
    givenUp.pointer.update(repeating: Self.none, count: count)
    for step in firstUnfinished..<firstUnfinished + old.count {
      givenUp.pointer[step & (count - 1)] = old.pointer[step & (old.count - 1)]
    }
  }
}
