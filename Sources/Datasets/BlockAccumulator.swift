import Tensors

/// Collects values whose number is not known beforehand, in blocks that are freed while the whole is put together: the peak
/// is the size of the result and one block, where a growing array needs twice as much.
struct BlockAccumulator {
  private static let blockCount = 1 << 20
  private var blocks: [Block] = []
  private var lastFilled = BlockAccumulator.blockCount
  /// Values collected.
  private(set) var count = 0

  /// A block of 4 MiB, beyond the size from which the allocator returns memory to the system at once.
  private final class Block {
    let values = UnsafeMutablePointer<UInt32>.allocate(capacity: BlockAccumulator.blockCount)
    deinit { values.deallocate() }
  }

  mutating func append(_ values: UnsafeBufferPointer<UInt32>) {
    var done = 0
    while done < values.count {
      if lastFilled == Self.blockCount {
        blocks.append(Block())
        lastFilled = 0
      }
      let part = min(values.count - done, Self.blockCount - lastFilled)
      (blocks[blocks.count - 1].values + lastFilled).update(from: values.baseAddress! + done, count: part)
      lastFilled += part
      done += part
    }
    count += values.count
  }

  /// All values in order; nothing is left here.
  mutating func take() -> Buffer<UInt32> {
    let result = Buffer<UInt32>(count: count)
    var done = 0
    blocks.reverse()
    while let block = blocks.popLast() {
      let part = min(Self.blockCount, count - done)
      (result.pointer + done).update(from: block.values, count: part)
      done += part
    }
    self = BlockAccumulator()
    return result
  }
}
