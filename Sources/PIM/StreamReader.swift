/// A tasklet's way through an array of the bank, one block at a time.
struct StreamReader<Element: BitwiseCopyable> {
  private let address: Int
  private let block: UnsafeMutableRawPointer
  private let blockBytes: Int
  private var current = -1

  /// - Throws: `PIMFault.scratchpadOverflow`.
  init(_ address: Int, blockBytes: Int, _ tasklet: inout PIMTasklet) throws {
    self.address = address
    self.blockBytes = blockBytes
    block = try tasklet.allocate(blockBytes)
  }

  @inline(__always)
  mutating func element(_ index: Int, _ tasklet: inout PIMTasklet) throws -> Element {
    let byte = index &* MemoryLayout<Element>.stride
    let number = byte / blockBytes
    if number != current {
      try tasklet.read(address &+ number &* blockBytes, into: block, bytes: blockBytes)
      current = number
    }
    return (block + (byte &- number &* blockBytes)).load(as: Element.self)
  }

  /// Blocks that a walk through `range` reads, elements of `size` bytes.
  static func blocks(_ range: Range<Int>, size: Int, blockBytes: Int) -> Int {
    range.isEmpty ? 0 : (range.upperBound * size - 1) / blockBytes - range.lowerBound * size / blockBytes + 1
  }
}
