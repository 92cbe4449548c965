import Partitions
import Tensors

/// Parts by a keyed shuffle: of every type each part holds its share, up to one node.
enum RandomPartition {
  /// Deals the part numbers to all nodes and shuffles them inside each type (Fisher–Yates).
  ///
  /// - Complexity: O(nodes); one Philox block a node.
  static func parts(of numbering: NodeNumbering, shares: PartShares, seed: UInt64) -> [UInt16] {
    var parts = shares.areEqual ? (0..<numbering.count).map { UInt16($0 % shares.partCount) } : dealt(numbering, shares)
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

  /// Unequal shares: inside a type one run for each part, their ends at the rounded sums of the shares; no part without a node.
  private static func dealt(_ numbering: NodeNumbering, _ shares: PartShares) -> [UInt16] {
    var parts = [UInt16](repeating: 0, count: numbering.count)
    var sizes = [Int](repeating: 0, count: shares.partCount)
    for type in numbering.typeIndices {
      let range = numbering.range(of: type)
      var (sum, start) = (0.0, 0)
      for part in 0..<shares.partCount {
        sum += shares.fraction(of: part)
        let isLast = part == shares.partCount - 1
        let end = isLast ? range.count : max(start, min(range.count, Int((sum * Double(range.count)).rounded())))
        for node in start..<end { parts[range.lowerBound + node] = UInt16(part) }
        sizes[part] += end - start
        start = end
      }
    }
    for empty in sizes.indices where sizes[empty] == 0 {
      guard let largest = sizes.indices.max(by: { (sizes[$0], $1) < (sizes[$1], $0) }), sizes[largest] > 1,
        let node = parts.firstIndex(of: UInt16(largest))
      else { break }
      parts[node] = UInt16(empty)
      sizes[largest] -= 1
      sizes[empty] = 1
    }
    return parts
  }
}
