/// The fixed binary tree over part numbers along which every sum over parts is taken.
///
/// Its nodes are aligned blocks of `2^level` parts; a node's value is its left half plus its right half. Where a half
/// holds no part, or no part that takes part in the sum, the node's value is the other half, without an addition. The
/// order of additions is then a property of the part numbers alone: it does not know how many workers there are.
///
/// ```
/// level 3                 0‥7                    six parts, the workers own 0‥2 and 3‥5:
/// level 2         0‥3            4‥5             the first sends (0+1) and 2,
/// level 1      0‥1    2‥3        4‥5             the second 3 and (4+5);
/// level 0      0  1   2  3       4  5            the sum is ((0+1)+(2+3))+(4+5)
/// ```
public struct ReductionTree: Sendable, Equatable {
  /// An aligned block of parts, a node of the tree.
  public struct Block: Sendable, Hashable {
    /// The block spans `2^level` part numbers.
    public var level: Int
    /// Ordinal among the blocks of its level.
    public var index: Int

    /// The part numbers that the block spans; the last ones may not exist.
    public var span: Range<Int> { index << level..<(index + 1) << level }

    public init(level: Int, index: Int) {
      self.level = level
      self.index = index
    }

    /// The node whose half this block is.
    public var parent: Block { Block(level: level + 1, index: index >> 1) }
    /// The other half of the parent.
    public var sibling: Block { Block(level: level, index: index ^ 1) }
  }

  /// Adds one block's sum to another's: `sums[into] += sums[from]`, positions in a list of blocks.
  public struct Addition: Sendable, Hashable {
    public var into: Int
    public var from: Int

    public init(into: Int, from: Int) {
      self.into = into
      self.from = from
    }
  }

  /// Number of parts.
  public let parts: Int

  public init(parts: Int) {
    precondition(parts >= 1, "a tree needs a part")
    self.parts = parts
  }

  /// The root: the smallest aligned block that spans all parts.
  public var root: Block {
    var level = 0
    while 1 << level < parts { level += 1 }
    return Block(level: level, index: 0)
  }

  /// The fewest blocks that make up `range`, ascending: what the owner of these parts can add up alone.
  public func blocks(covering range: Range<Int>) -> [Block] {
    precondition(range.lowerBound >= 0 && range.upperBound <= parts, "parts \(range) of \(parts)")
    var blocks: [Block] = []
    var first = range.lowerBound
    while first < range.upperBound {
      var level = first == 0 ? Int.bitWidth - 2 : first.trailingZeroBitCount
      while range.upperBound - first < 1 << level { level -= 1 }
      blocks.append(Block(level: level, index: first >> level))
      first += 1 << level
    }
    return blocks
  }

  /// The additions that leave the sum over all `blocks` at position 0, in the order in which to make them.
  ///
  /// - Parameter blocks: Disjoint and ascending; parts outside them are absent from the sum.
  public func additions(of blocks: [Block]) -> [Addition] {
    for (left, right) in zip(blocks, blocks.dropFirst()) {
      precondition(left.span.upperBound <= right.span.lowerBound, "blocks \(left) and \(right) are not ascending")
    }
    var additions: [Addition] = []
    func sum(_ node: Block, _ positions: Range<Int>) -> Int? {
      guard positions.count > 1 else { return positions.first }
      let middle = (2 * node.index + 1) << (node.level - 1)
      let split = positions.first { blocks[$0].span.lowerBound >= middle } ?? positions.upperBound
      let left = sum(Block(level: node.level - 1, index: 2 * node.index), positions.lowerBound..<split)
      let right = sum(Block(level: node.level - 1, index: 2 * node.index + 1), split..<positions.upperBound)
      guard let left, let right else { return left ?? right }
      additions.append(Addition(into: left, from: right))
      return left
    }
    _ = sum(root, blocks.indices)
    return additions
  }

  /// The sum of one optional value per part along the tree; nil when all parts are absent.
  public func sum<Value>(_ values: [Value?], _ add: (Value, Value) -> Value) -> Value? {
    precondition(values.count == parts, "\(values.count) values for \(parts) parts")
    let present = values.indices.filter { values[$0] != nil }
    var sums = present.map { values[$0]! }
    for addition in additions(of: present.map { Block(level: 0, index: $0) }) {
      sums[addition.into] = add(sums[addition.into], sums[addition.from])
    }
    return sums.first
  }
}
