import Tensors

/// Collects values whose number is not known beforehand, in blocks that are freed while the whole is put together: the peak
/// is the size of the result and one block, where a growing array needs twice as much.
struct BlockAccumulator {
  private static let blockCount = 1 << 20
  /// Blocks of 4 MiB, which buffers map by themselves: freed, their memory is the system's again at once.
  private var blocks: [Buffer<UInt32>] = []
  private var lastFilled = BlockAccumulator.blockCount
  /// Values collected.
  private(set) var count = 0

  mutating func append(_ values: UnsafeBufferPointer<UInt32>) {
    var done = 0
    while done < values.count {
      if lastFilled == Self.blockCount {
        blocks.append(Buffer(count: Self.blockCount))
        lastFilled = 0
      }
      let part = min(values.count - done, Self.blockCount - lastFilled)
      (blocks[blocks.count - 1].pointer + lastFilled).update(from: values.baseAddress! + done, count: part)
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
      (result.pointer + done).update(from: block.pointer, count: part)
      done += part
    }
    self = BlockAccumulator()
    return result
  }
}
