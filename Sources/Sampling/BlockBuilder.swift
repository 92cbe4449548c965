public import Graphs
import Tensors

/// Turns sampled neighbours into a block: gives every distinct source a row, destinations first.
///
/// Holds the hash table between steps, so that building allocates nothing after warm-up. Confined to one thread.
public final class BlockBuilder {
  /// Open addressing; a slot is 0 or (global id + 1) · 2²⁸ + row.
  private let slots = GrowingBuffer<UInt64>()
  fileprivate static let rowBits: UInt64 = 28

  public init() {}

  /// Fills `block` with `destinations`, which are distinct, and their sampled in-neighbours. O(edges) expected.
  ///
  /// - Precondition: Global ids are below 2³⁶ − 1 and the block has less than 2²⁸ rows.
  public func build(_ block: Block, destinations: UnsafeBufferPointer<GlobalID>, neighbors: SampledNeighbors) {
    let relationCount = block.relations.count
    precondition(
      neighbors.relationCount == relationCount && neighbors.counts.count == destinations.count * relationCount,
      "neighbours of another list of destinations")
    let mask = prepare(rows: destinations.count + neighbors.sources.count)
    block.destinationCount = destinations.count
    block.sourceIDs.resize(to: destinations.count + neighbors.sources.count)
    var table = RowTable(slots: slots.pointer, mask: mask, ids: block.sourceIDs.pointer)
    for destination in destinations {
      let row = table.row(of: destination)
      precondition(Int(row) == table.count - 1, "a destination appears twice")
    }
    layOut(block, neighbors)
    var edge = 0
    let counts = neighbors.counts.pointer
    let sources = neighbors.sources.pointer
    for destination in 0..<destinations.count {
      for relation in 0..<relationCount {
        let list = block.relations[relation]
        let output = list.sources.pointer + Int(list.indptr.pointer[destination])
        for index in 0..<Int(counts[destination &* relationCount &+ relation]) {
          output[index] = table.row(of: sources[edge])
          edge &+= 1
        }
      }
    }
    block.sourceIDs.resize(to: table.count)
  }

  /// Sizes every relation's CSR from the counts.
  private func layOut(_ block: Block, _ neighbors: SampledNeighbors) {
    let relationCount = block.relations.count
    for (relation, list) in block.relations.enumerated() {
      list.indptr.resize(to: block.destinationCount + 1)
      var total: UInt32 = 0
      for destination in 0..<block.destinationCount {
        list.indptr.pointer[destination] = total
        total += neighbors.counts.pointer[destination * relationCount + relation]
      }
      list.indptr.pointer[block.destinationCount] = total
      list.sources.resize(to: Int(total))
    }
  }

  /// Empties a table with room for `rows` at a load of at most one half; returns its mask.
  private func prepare(rows: Int) -> UInt64 {
    precondition(rows < 1 << Self.rowBits, "a block of \(rows) rows")
    var capacity = 64
    while capacity < 2 * rows { capacity *= 2 }
    slots.resize(to: capacity)
    slots.pointer.update(repeating: 0, count: capacity)
    return UInt64(capacity - 1)
  }
}

/// Rows by global id, in order of first appearance.
private struct RowTable {
  let slots: UnsafeMutablePointer<UInt64>
  let mask: UInt64
  let ids: UnsafeMutablePointer<GlobalID>
  var count = 0

  @inline(__always)
  mutating func row(of id: GlobalID) -> UInt32 {
    let key = UInt64(id.rawValue) &+ 1
    var slot = (key &* 0x9E37_79B9_7F4A_7C15) >> 20 & mask
    while true {
      let entry = slots[Int(slot)]
      if entry == 0 {
        ids[count] = id
        slots[Int(slot)] = key << BlockBuilder.rowBits | UInt64(count)
        count &+= 1
        return UInt32(truncatingIfNeeded: count &- 1)
      }
      if entry >> BlockBuilder.rowBits == key { return UInt32(truncatingIfNeeded: entry & ((1 << BlockBuilder.rowBits) - 1)) }
      slot = (slot &+ 1) & mask
    }
  }
}
