import Tensors

/// An end of an edge whose node has no number yet.
struct SpilledEnd {
  /// Twice the number of the edge, and one more at its destination.
  var position: UInt64
  var key: NodeKey
  /// The name of a hashed key; empty otherwise. It belongs to the file or the piece of text that the end comes from.
  var name: UnsafeRawBufferPointer
}

/// Ends of edges on disk, spread over buckets by the hash of their keys: a node is in one bucket only, its ends in the order of
/// the edges.
///
/// ```
/// │ position 8 bytes │ key 16 bytes │ only hashed keys: length of the name 4 bytes │ name │
/// ```
final class SpilledEnds {
  static let bucketCount = 128
  private static let blockBytes = 1 << 17
  /// Bytes of a record without its name.
  private static let headBytes = 24
  /// Memory of the blocks that are being filled.
  static let bufferBytes = bucketCount * blockBytes

  private let file: ScratchFile
  /// One block for each bucket.
  private let blocks: Buffer<UInt8>
  private var filled = [Int](repeating: 0, count: bucketCount)
  /// Where the blocks of each bucket lie in the file.
  private var ranges = [[Range<Int>]](repeating: [], count: bucketCount)

  /// - Throws: `SystemError` when the folder takes no files.
  init(in folder: String) throws {
    file = try ScratchFile(in: folder)
    blocks = Buffer(count: Self.bufferBytes)
  }

  static func bucket(of key: NodeKey) -> Int { Int(key.hash >> 57) }

  /// - Throws: `SystemError` when the disk refuses.
  /// - Precondition: The name is shorter than a block.
  func append(_ end: SpilledEnd) throws {
    let bucket = Self.bucket(of: end.key)
    let size = Self.headBytes + (end.key.isHashed ? 4 + end.name.count : 0)
    precondition(size <= Self.blockBytes, "a name of \(end.name.count) bytes")
    if filled[bucket] + size > Self.blockBytes { try flush(bucket) }
    let record = UnsafeMutableRawPointer(blocks.pointer + (bucket * Self.blockBytes + filled[bucket]))
    record.storeBytes(of: end.position, as: UInt64.self)
    record.storeBytes(of: end.key.low, toByteOffset: 8, as: UInt64.self)
    record.storeBytes(of: end.key.high, toByteOffset: 16, as: UInt64.self)
    if end.key.isHashed {
      record.storeBytes(of: UInt32(end.name.count), toByteOffset: Self.headBytes, as: UInt32.self)
      (record + Self.headBytes + 4).copyMemory(from: end.name.baseAddress!, byteCount: end.name.count)
    }
    filled[bucket] += size
  }

  private func flush(_ bucket: Int) throws {
    let block = UnsafeRawBufferPointer(start: blocks.pointer + bucket * Self.blockBytes, count: filled[bucket])
    ranges[bucket].append(file.count..<file.count + filled[bucket])
    filled[bucket] = 0
    try file.append(block)
  }

  /// The ends of every bucket, for reading; nothing may be appended any more.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func finish() throws -> [Cursor] {
    for bucket in 0..<Self.bucketCount where filled[bucket] > 0 { try flush(bucket) }
    let bytes = try file.mapped(as: UInt8.self)
    return ranges.map { Cursor(bytes: bytes, ranges: $0[...]) }
  }

  /// Walks the ends of one bucket.
  struct Cursor {
    fileprivate let bytes: ArrayView<UInt8>
    fileprivate var ranges: ArraySlice<Range<Int>>

    /// The next end, whose name is valid while the cursor lives; `nil` behind the last.
    mutating func next() -> SpilledEnd? {
      guard let range = ranges.first else { return nil }
      let record = UnsafeRawPointer(bytes.pointer + range.lowerBound)
      let key = NodeKey(
        low: record.loadUnaligned(fromByteOffset: 8, as: UInt64.self), high: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      var size = SpilledEnds.headBytes
      var name = UnsafeRawBufferPointer(start: record, count: 0)
      if key.isHashed {
        let length = Int(record.loadUnaligned(fromByteOffset: size, as: UInt32.self))
        name = UnsafeRawBufferPointer(start: record + size + 4, count: length)
        size += 4 + length
      }
      if size == range.count {
        ranges.removeFirst()
      } else {
        ranges[ranges.startIndex] = range.lowerBound + size..<range.upperBound
      }
      return SpilledEnd(position: record.loadUnaligned(as: UInt64.self), key: key, name: name)
    }
  }
}
