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

  init(seed: UInt64) { self.seed = seed }

  var isEmpty: Bool { heap.count == 0 }

  func removeAll() { heap.removeAll() }

  /// O(log n).
  @inline(__always)
  func insert(_ node: Int, gain: Int32) {
    let rank = UInt32(truncatingIfNeeded: mix64(UInt64(truncatingIfNeeded: node) ^ seed))
    let entry = Entry(gain: gain, rank: rank, node: UInt32(truncatingIfNeeded: node))
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
    let entries = heap.pointer
    let first = entries[0]
    let last = entries[heap.count &- 1]
    let count = heap.count &- 1
    heap.resize(to: count)
    var parent = 0
    while true {
      var child = 2 &* parent &+ 1
      guard child < count else { break }
      if child &+ 1 < count, entries[child &+ 1].precedes(entries[child]) { child &+= 1 }
      guard entries[child].precedes(last) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    if count > 0 { entries[parent] = last }
    return first
  }
}
