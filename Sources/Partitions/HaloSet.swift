import Tensors

/// A set of global ids that knows each member's rank: a bit a node, and the number of members before every 64th node.
struct HaloSet: Sendable {
  private let words: Buffer<UInt64>
  private let before: Buffer<UInt32>
  let count: Int

  /// Collects the sources of a part's in-edges that other parts own.
  init(of part: Int, inEdges: InEdges, numbering: PartitionNumbering) {
    let words = Buffer<UInt64>(count: (numbering.nodes.count + 63) / 64)
    let own = UInt16(part)
    numbering.parts.withUnsafeBufferPointer { parts in
      for position in inEdges.positions(of: numbering.innerRange(of: part)) {
        let source = inEdges.source(position)
        guard parts[source] != own else { continue }
        let id = numbering.globalID(ofFlat: source)
        words.pointer[id >> 6] |= 1 << UInt64(id & 63)
      }
    }
    self.init(words: words)
  }

  /// The set of `members`, ids below `nodeCount`.
  init(members: ArrayView<Int64>, nodeCount: Int) {
    let words = Buffer<UInt64>(count: (nodeCount + 63) / 64)
    for id in members { words.pointer[Int(id) >> 6] |= 1 << UInt64(id & 63) }
    self.init(words: words)
  }

  /// The set of the ids whose bits are set in `words`, 64 to a word.
  init(words: Buffer<UInt64>) {
    self.words = words
    before = Buffer(count: words.count)
    var sum: UInt32 = 0
    for index in 0..<words.count {
      before.pointer[index] = sum
      sum += UInt32(words.pointer[index].nonzeroBitCount)
    }
    count = Int(sum)
  }

  /// Members below `id`, which is itself a member.
  @inline(__always)
  func rank(of id: Int) -> UInt32 {
    let lower = words.pointer[id >> 6] & ((1 << UInt64(id & 63)) &- 1)
    return before.pointer[id >> 6] &+ UInt32(truncatingIfNeeded: lower.nonzeroBitCount)
  }

  /// The members, increasing.
  var members: Buffer<Int64> {
    let result = Buffer<Int64>(count: count)
    var next = 0
    for index in 0..<words.count {
      var word = words.pointer[index]
      while word != 0 {
        result.pointer[next] = Int64(index << 6 + word.trailingZeroBitCount)
        next += 1
        word &= word - 1
      }
    }
    return result
  }
}
