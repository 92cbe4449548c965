import Tensors

/// Lists of row numbers in one pool of blocks: adding a row and taking one out cost constant time, memory follows the rows.
struct RowLists {
  private struct List: BitwiseCopyable {
    var count: UInt32 = 0
    /// Its last block.
    var block: UInt32 = 0
  }

  private static let blockLength = 64
  private var lists: Buffer<List>
  /// Rows, block after block.
  private var pool = Buffer<UInt32>(count: 16 * blockLength)
  /// The block before each in its list; of free blocks the next free one.
  private var before = Buffer<UInt32>(count: 16)
  /// Blocks that were ever used.
  private var blocks: UInt32 = 0
  private var free = UInt32.max

  /// - Parameter count: Lists, all empty.
  init(count: Int) { lists = Buffer(count: count) }

  var bytes: Int { lists.count * 8 + pool.count * 4 + before.count * 4 }

  /// Adds empty lists up to `count` in all.
  mutating func grow(to count: Int) { lists = lists.grown(to: count) }

  @inline(__always)
  func count(_ list: Int) -> Int { Int(lists.pointer[list].count) }

  /// Adds a row to the end of a list and returns its position in the pool.
  @inline(__always)
  mutating func append(_ row: UInt32, to list: Int) -> UInt32 {
    let head = lists.pointer + list
    let used = Int(head.pointee.count) % Self.blockLength
    if used == 0 { addBlock(to: head) }
    let position = Int(head.pointee.block) &* Self.blockLength &+ used
    pool.pointer[position] = row
    head.pointee.count &+= 1
    return UInt32(truncatingIfNeeded: position)
  }

  /// Takes the last row from a list that has one.
  @inline(__always)
  mutating func removeLast(_ list: Int) -> UInt32 {
    let head = lists.pointer + list
    let used = (Int(head.pointee.count) &- 1) % Self.blockLength
    let row = pool.pointer[Int(head.pointee.block) &* Self.blockLength &+ used]
    head.pointee.count &-= 1
    if used == 0 { removeBlock(from: head) }
    return row
  }

  /// Takes the row at a position from its list; the list's last row, which is returned, moves there.
  @inline(__always)
  mutating func remove(at position: UInt32, from list: Int) -> UInt32 {
    let last = removeLast(list)
    pool.pointer[Int(position)] = last
    return last
  }

  /// Empties a list. O(rows / 64).
  mutating func removeAll(_ list: Int) {
    let head = lists.pointer + list
    let blocks = (Int(head.pointee.count) + Self.blockLength - 1) / Self.blockLength
    for _ in 0..<blocks { removeBlock(from: head) }
    head.pointee = List()
  }

  /// Gives the rows of a list to an empty one.
  func move(_ list: Int, to other: Int) {
    lists.pointer[other] = lists.pointer[list]
    lists.pointer[list] = List()
  }

  private mutating func addBlock(to head: UnsafeMutablePointer<List>) {
    if free == .max {
      if Int(blocks) == before.count {
        before = before.grown(to: 2 * before.count)
        pool = pool.grown(to: 2 * pool.count)
      }
      before.pointer[Int(blocks)] = .max
      free = blocks
      blocks += 1
    }
    let block = free
    free = before.pointer[Int(block)]
    before.pointer[Int(block)] = head.pointee.block
    head.pointee.block = block
  }

  private mutating func removeBlock(from head: UnsafeMutablePointer<List>) {
    let block = head.pointee.block
    head.pointee.block = before.pointer[Int(block)]
    before.pointer[Int(block)] = free
    free = block
  }
}

extension Buffer {
  /// A longer copy, zeros at its end.
  fileprivate func grown(to count: Int) -> Buffer {
    let copy = Buffer(count: count)
    copy.pointer.update(from: pointer, count: self.count)
    return copy
  }
}
