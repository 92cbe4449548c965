import Tensors

/// An end of an edge whose node has no number yet.
struct SpilledEnd {
  /// Twice the number of the edge, and one more at its destination.
  var position: UInt64
  var key: NodeKey
  /// The name of a hashed key; empty otherwise. It belongs to the file or the piece of text that the end comes from.
  var name: UnsafeRawBufferPointer

  /// Bytes without the name.
  fileprivate static let headBytes = 24

  /// Bytes on disk.
  fileprivate var size: Int { Self.headBytes + (key.isHashed ? 4 + name.count : 0) }

  /// ```
  /// │ position 8 bytes │ key 16 bytes │ only hashed keys: length of the name 4 bytes │ name │
  /// ```
  fileprivate func write(to record: UnsafeMutableRawPointer) {
    record.storeBytes(of: position, as: UInt64.self)
    record.storeBytes(of: key.low, toByteOffset: 8, as: UInt64.self)
    record.storeBytes(of: key.high, toByteOffset: 16, as: UInt64.self)
    guard key.isHashed else { return }
    record.storeBytes(of: UInt32(name.count), toByteOffset: Self.headBytes, as: UInt32.self)
    (record + Self.headBytes + 4).copyMemory(from: name.baseAddress!, byteCount: name.count)
  }

  fileprivate init(reading record: UnsafeRawPointer) {
    position = record.loadUnaligned(as: UInt64.self)
    key = NodeKey(
      low: record.loadUnaligned(fromByteOffset: 8, as: UInt64.self), high: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    name = UnsafeRawBufferPointer(start: record, count: 0)
    guard key.isHashed else { return }
    let length = Int(record.loadUnaligned(fromByteOffset: Self.headBytes, as: UInt32.self))
    name = UnsafeRawBufferPointer(start: record + Self.headBytes + 4, count: length)
  }

  init(position: UInt64, key: NodeKey, name: UnsafeRawBufferPointer) {
    (self.position, self.key, self.name) = (position, key, name)
  }
}

/// Ends of edges in a file, in the order of the edges.
struct SpilledList {
  fileprivate let bytes: ArrayView<UInt8>
  /// Where they lie.
  fileprivate var ranges: ArraySlice<Range<Int>>

  /// Takes the next end, whose name is valid while the list lives; `nil` behind the last.
  mutating func next() -> SpilledEnd? {
    guard let range = ranges.first else { return nil }
    let end = SpilledEnd(reading: UnsafeRawPointer(bytes.pointer + range.lowerBound))
    if end.size == range.count {
      ranges.removeFirst()
    } else {
      ranges[ranges.startIndex] = range.lowerBound + end.size..<range.upperBound
    }
    return end
  }
}

/// Ends of edges on disk, spread over buckets by seven bits of the hashes of their keys: a node is in one bucket only, its ends in the
/// order of the edges.
final class SpilledEnds {
  static let bucketCount = 128
  /// Buckets can be spread again, by seven bits more each time; the bits at the lower end are left to tables.
  static let levelCount = 5
  private static let blockBytes = 1 << 17
  /// Memory of the blocks that are being filled.
  static let bufferBytes = bucketCount * blockBytes

  private let file: ScratchFile
  private let level: Int
  /// One block for each bucket.
  private let blocks: Buffer<UInt8>
  private var filled = [Int](repeating: 0, count: bucketCount)
  /// Where the blocks of each bucket lie in the file.
  private var ranges = [[Range<Int>]](repeating: [], count: bucketCount)

  /// - Parameter level: How often the ends were spread before.
  /// - Throws: `SystemError` when the folder takes no files.
  init(in folder: String, level: Int = 0) throws {
    precondition(level < Self.levelCount, "no bits are left at level \(level)")
    file = try ScratchFile(in: folder)
    self.level = level
    blocks = Buffer(count: Self.bufferBytes)
  }

  /// - Throws: `SystemError` when the disk refuses.
  /// - Precondition: The name is shorter than a block.
  func append(_ end: SpilledEnd) throws {
    let bucket = Int(truncatingIfNeeded: end.key.hash >> UInt64(57 - 7 * level)) & (Self.bucketCount - 1)
    precondition(end.size <= Self.blockBytes, "a name of \(end.name.count) bytes")
    if filled[bucket] + end.size > Self.blockBytes { try flush(bucket) }
    end.write(to: UnsafeMutableRawPointer(blocks.pointer + (bucket * Self.blockBytes + filled[bucket])))
    filled[bucket] += end.size
  }

  private func flush(_ bucket: Int) throws {
    let block = UnsafeRawBufferPointer(start: blocks.pointer + bucket * Self.blockBytes, count: filled[bucket])
    ranges[bucket].append(file.count..<file.count + filled[bucket])
    filled[bucket] = 0
    try file.append(block)
  }

  /// The ends of every bucket; nothing may be appended any more.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func finish() throws -> [SpilledList] {
    for bucket in 0..<Self.bucketCount where filled[bucket] > 0 { try flush(bucket) }
    let bytes = try file.mapped(as: UInt8.self)
    return ranges.map { SpilledList(bytes: bytes, ranges: $0[...]) }
  }
}

/// Several lists of ends in one file, written one after the other.
final class SpilledLists {
  private let file: ScratchFile
  private let record = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  /// Where the list that is being written begins.
  private var start = 0
  private var ranges: [Range<Int>] = []

  /// - Throws: `SystemError` when the folder takes no files.
  init(in folder: String) throws { file = try ScratchFile(in: folder) }

  deinit { record.deallocate() }

  /// What is appended from now on is a list, if `keepList` follows; it is forgotten where another one begins first.
  func beginList() { start = file.count }

  func keepList() { ranges.append(start..<file.count) }

  /// - Throws: `SystemError` when the disk refuses.
  func append(_ end: SpilledEnd) throws {
    end.write(to: record.baseAddress!)
    try file.append(UnsafeRawBufferPointer(rebasing: record[..<end.size]))
  }

  /// The lists that were kept; nothing may be appended any more.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func finish() throws -> [SpilledList] {
    let bytes = try file.mapped(as: UInt8.self)
    return ranges.map { SpilledList(bytes: bytes, ranges: $0.isEmpty ? [] : [$0]) }
  }
}
