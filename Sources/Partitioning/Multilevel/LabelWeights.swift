import Tensors

/// Sums of edge weights by label: a hash table that is emptied by touching only what was used.
///
/// Open addressing with multiplicative hashing; labels are remembered in the order of their first appearance. They are below 2³² − 1, sums
/// below 2³¹.
final class LabelWeights: @unchecked Sendable {
  // Sendable: borrowed by one chunk at a time.
  fileprivate struct Slot: BitwiseCopyable {
    var label: UInt32
    var sum: Int32
  }

  private static let free = UInt32.max
  /// Labels that are read before the first of them is added: misses of the cache overlap then.
  private static let block = 512

  /// All free while no table is in use.
  private let slots = GrowingBuffer<Slot>()
  private let used = GrowingBuffer<UInt32>()
  private let labels = GrowingBuffer<UInt32>(capacity: LabelWeights.block)

  /// An empty table with room for `limit` different labels; must be emptied before the next is taken.
  @inline(__always)
  func table(_ limit: Int) -> Table {
    // At most half full.
    let bits = max(6, Int.bitWidth &- (2 &* max(1, limit) &- 1).leadingZeroBitCount)
    if 1 << bits > slots.count { grow(to: 1 << bits) }
    return Table(slots: slots.pointer, used: used.pointer, labels: labels.pointer, bits: UInt32(truncatingIfNeeded: bits))
  }

  @inline(never)
  private func grow(to count: Int) {
    slots.reset(to: count)
    slots.pointer.update(repeating: Slot(label: Self.free, sum: 0), count: count)
    used.reset(to: count / 2 + 1)
  }

  /// The table itself; valid while its owner lives.
  struct Table {
    private let slots: UnsafeMutablePointer<Slot>
    private let used: UnsafeMutablePointer<UInt32>
    private let labels: UnsafeMutablePointer<UInt32>
    private let shift: UInt32
    private let mask: UInt32
    /// Number of different labels.
    private(set) var count = 0

    fileprivate init(
      slots: UnsafeMutablePointer<Slot>, used: UnsafeMutablePointer<UInt32>, labels: UnsafeMutablePointer<UInt32>, bits: UInt32
    ) {
      self.slots = slots
      self.used = used
      self.labels = labels
      shift = 32 &- bits
      mask = UInt32(truncatingIfNeeded: 1 << Int(bits) &- 1)
    }

    /// Adds the weight of every arc in `arcs` to the sum of the label of its end.
    @inline(__always)
    mutating func add(_ arcs: Range<Int>, of adjacency: Adjacency, by labelOfNode: UnsafePointer<UInt32>) {
      let neighbours = adjacency.neighbours.pointer
      let weights = adjacency.weights?.pointer
      var begin = arcs.lowerBound
      while begin < arcs.upperBound {
        let length = min(LabelWeights.block, arcs.upperBound &- begin)
        for index in 0..<length { labels[index] = labelOfNode[Int(neighbours[begin &+ index])] }
        if let weights {
          for index in 0..<length { add(labels[index], weights[begin &+ index]) }
        } else {
          for index in 0..<length { add(labels[index], 1) }
        }
        begin &+= length
      }
    }

    /// Adds `weight` to the sum of `label`.
    @inline(__always)
    mutating func add(_ label: UInt32, _ weight: Int32) {
      let slot = slot(of: label)
      if slots[slot].label == label {
        slots[slot].sum &+= weight
      } else {
        slots[slot] = Slot(label: label, sum: weight)
        used[count] = UInt32(truncatingIfNeeded: slot)
        count &+= 1
      }
    }

    /// Sum of `label`, zero where it was not added.
    @inline(__always)
    func sum(of label: UInt32) -> Int32 {
      let slot = slot(of: label)
      return slots[slot].label == label ? slots[slot].sum : 0
    }

    /// The label that appeared as number `index`, and its sum.
    @inline(__always)
    subscript(index: Int) -> (label: UInt32, sum: Int32) {
      let slot = slots[Int(used[index])]
      return (slot.label, slot.sum)
    }

    /// Empties the table. O(labels).
    @inline(__always)
    mutating func removeAll() {
      for index in 0..<count { slots[Int(used[index])].label = LabelWeights.free }
      count = 0
    }

    /// Where `label` is, or belongs.
    @inline(__always)
    private func slot(of label: UInt32) -> Int {
      var slot = (label &* 0x9E37_79B1) &>> shift
      while slots[Int(slot)].label != label && slots[Int(slot)].label != LabelWeights.free { slot = (slot &+ 1) & mask }
      return Int(slot)
    }
  }
}
