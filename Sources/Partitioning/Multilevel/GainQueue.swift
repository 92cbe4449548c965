import Tensors

/// Nodes by the gain that was expected of moving them, highest first: a binary heap whose outdated entries are left to the caller.
///
/// Equal gains are ordered by a hash of the node under a seed, so that other seeds search elsewhere.
struct GainQueue {
  struct Entry: BitwiseCopyable {
    var gain: Int32
    var rank: UInt32
    var node: UInt32

    @inline(__always)
    func precedes(_ other: Entry) -> Bool {
      gain != other.gain ? gain > other.gain : rank != other.rank ? rank > other.rank : node < other.node
    }
  }

  private let heap = GrowingBuffer<Entry>()
  private let seed: UInt64

  /// - Parameter capacity: Room that is set aside; pages that are not used take no memory.
  init(seed: UInt64, capacity: Int) {
    self.seed = seed
    heap.reserve(capacity)
  }

  var count: Int { heap.count }

  func removeAll() { heap.removeAll() }

  @inline(__always)
  private func entry(_ node: Int, _ gain: Int32) -> Entry {
    let rank = UInt32(truncatingIfNeeded: mix64(UInt64(truncatingIfNeeded: node) ^ seed))
    return Entry(gain: gain, rank: rank, node: UInt32(truncatingIfNeeded: node))
  }

  /// Takes in place of all entries those of nodes below `count` for which there is a gain. O(count).
  func fill(_ count: Int, gain: (Int) -> Int32?) {
    heap.resize(to: count)
    let entries = heap.pointer
    var filled = 0
    for node in 0..<count {
      guard let gain = gain(node) else { continue }
      entries[filled] = entry(node, gain)
      filled &+= 1
    }
    heap.resize(to: filled)
    order()
  }

  /// O(log n).
  @inline(__always)
  func insert(_ node: Int, gain: Int32) {
    let entry = entry(node, gain)
    var child = heap.count
    heap.resize(to: child &+ 1)
    let entries = heap.pointer
    while child > 0, entry.precedes(entries[(child &- 1) / 2]) {
      entries[child] = entries[(child &- 1) / 2]
      child = (child &- 1) / 2
    }
    entries[child] = entry
  }

  /// Takes the entry of the highest gain. O(log n).
  func pop() -> Entry? {
    guard heap.count > 0 else { return nil }
    let first = heap.pointer[0]
    let last = heap.pointer[heap.count &- 1]
    heap.resize(to: heap.count &- 1)
    if heap.count > 0 { place(last, from: 0) }
    return first
  }

  /// Drops entries; the others come out in the order in which they would have. O(n).
  func drop(unless isKept: (Entry) -> Bool) {
    let entries = heap.pointer
    var count = 0
    for index in 0..<heap.count where isKept(entries[index]) {
      entries[count] = entries[index]
      count &+= 1
    }
    heap.resize(to: count)
    order()
  }

  /// Makes a heap of entries in any order.
  private func order() {
    for parent in (0..<heap.count / 2).reversed() { place(heap.pointer[parent], from: parent) }
  }

  /// All entries, in no order.
  var entries: UnsafeBufferPointer<Entry> { heap.readOnly }

  /// Puts an entry where it belongs below a place that is free.
  @inline(__always)
  private func place(_ entry: Entry, from free: Int) {
    let entries = heap.pointer
    let count = heap.count
    var parent = free
    while true {
      var child = 2 &* parent &+ 1
      guard child < count else { break }
      if child &+ 1 < count, entries[child &+ 1].precedes(entries[child]) { child &+= 1 }
      guard entries[child].precedes(entry) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = entry
  }
}
