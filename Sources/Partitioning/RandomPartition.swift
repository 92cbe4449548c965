import Partitions
import Tensors

/// Parts by a keyed shuffle: every part holds the same number of nodes, and of each type, up to one.
enum RandomPartition {
  /// Deals the part numbers round to all nodes and shuffles them inside each type (Fisher–Yates).
  ///
  /// - Complexity: O(nodes); one Philox block a node.
  static func parts(of numbering: NodeNumbering, partCount: Int, seed: UInt64) -> [UInt16] {
    var parts = (0..<numbering.count).map { UInt16($0 % partCount) }
    for type in numbering.typeIndices {
      let key = RandomKey(seed: seed, purpose: .partition, relation: type)
      let range = numbering.range(of: type)
      for left in stride(from: range.count - 1, to: 0, by: -1) {
        let bits = key.bits(id: UInt64(left), step: 0)
        let pick = boundedIndex(bits[0], below: UInt32(left + 1))
        parts.swapAt(range.lowerBound + left, range.lowerBound + Int(pick))
      }
    }
    return parts
  }
}
