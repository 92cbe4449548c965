import Compression
import Glibc
import Tensors

/// A piece of a text file that ends with a line end; its memory is used again for later pieces.
final class TextChunk: @unchecked Sendable {
  // Sendable: filled by the reading thread, then read by one parsing thread; the pipeline keeps the two apart.
  fileprivate var memory: UnsafeMutableRawBufferPointer
  /// Whole lines, each with its line feed; empty at the end of the file. They lie in the piece's own memory or in the mapped file.
  fileprivate(set) var text = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Bytes behind the text that may be read, so that parsers can load words: at least eight from the last line feed on.
  fileprivate static let padding = 16

  /// - Parameter capacity: Bytes of text; lines longer than that make it grow.
  init(capacity: Int) {
    memory = .allocate(byteCount: capacity + Self.padding, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    show(0)
  }

  deinit { memory.deallocate() }

  /// Bytes of the text.
  var count: Int { text.count }

  fileprivate var capacity: Int { memory.count - Self.padding }

  fileprivate func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * capacity + Self.padding, alignment: 64)
    larger.initializeMemory(as: UInt8.self, repeating: 0)
    larger.copyMemory(from: UnsafeRawBufferPointer(memory))
    memory.deallocate()
    memory = larger
  }

  /// Shows the first `filled` bytes of its own memory.
  fileprivate func show(_ filled: Int) { text = UnsafeRawBufferPointer(rebasing: memory[..<filled]) }
}

/// Cuts a file into pieces at line ends; a line feed after the last line is supplied where missing.
///
/// A plain file is mapped and its pieces are where they lie, so that finding the next one takes no time; what is compressed, or no
/// regular file, is copied. Confined to one thread at a time; pieces of a mapped file live as long as this.
final class TextChunks {
  private let stream: ByteStream
  private let mapped: MappedFile?
  private let longestLine: Int
  /// Bytes of the mapped file that went into pieces.
  private var position = 0
  /// Start of a line whose end was not yet read.
  private var rest: [UInt8] = []
  private var ended = false

  /// - Parameter longestLine: Bytes; longer lines are an error, since a file of other contents may be one endless line.
  init(opening path: String, longestLine: Int) throws {
    self.longestLine = longestLine
    do { stream = try ByteStream(opening: path) } catch { throw InputError(error) }
    mapped = stream.encoding == .plain && stream.fileSize > 0 ? try MappedFile(path) : nil
    if let base = mapped?.bytes.baseAddress {
      // MADV_SEQUENTIAL: the system reads further ahead. The call only helps and may fail.
      madvise(UnsafeMutableRawPointer(mutating: base), stream.fileSize, 2)
    }
  }

  var path: String { stream.path }
  /// Bytes on disk, and how many of them were read: the measure of progress.
  var fileSize: Int { stream.fileSize }
  var fileBytesRead: Int { mapped == nil ? stream.fileBytesRead : position }

  /// Fills `chunk` with the next lines; it stays empty when there are none.
  ///
  /// - Throws: `InputError` when the file cannot be read or decompressed, or a line is too long.
  func next(into chunk: TextChunk) throws {
    if let mapped { try next(into: chunk, of: mapped.bytes) } else { try readNext(into: chunk) }
  }

  /// The next lines where they lie; the last ones are copied, since nothing behind them may be read.
  private func next(into chunk: TextChunk, of bytes: UnsafeRawBufferPointer) throws {
    var room = chunk.capacity
    while bytes.count - position > room + TextChunk.padding {
      if let end = Self.lastLineEnd(bytes, from: position, before: position + room) {
        chunk.text = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        position = end
        return
      }
      guard room < longestLine else { throw tooLong }
      room *= 2
    }
    let last = UnsafeRawBufferPointer(rebasing: bytes[position...])
    while chunk.capacity <= last.count { chunk.grow() }
    chunk.memory.copyMemory(from: last)
    position = bytes.count
    chunk.show(Self.closed(chunk.memory, last.count))
  }

  private func readNext(into chunk: TextChunk) throws {
    while chunk.capacity < rest.count { chunk.grow() }
    chunk.memory.copyBytes(from: rest)
    var filled = rest.count
    rest.removeAll(keepingCapacity: true)
    while !ended {
      let room = UnsafeMutableRawBufferPointer(rebasing: chunk.memory[filled..<chunk.capacity])
      let count: Int
      do { count = try stream.read(into: room) } catch { throw InputError(error) }
      filled += count
      if count < room.count {
        ended = true
        filled = Self.closed(chunk.memory, filled)
        break
      }
      if let end = Self.lastLineEnd(UnsafeRawBufferPointer(chunk.memory), from: 0, before: filled) {
        rest.append(contentsOf: chunk.memory[end..<filled])
        filled = end
        break
      }
      guard filled < longestLine else { throw tooLong }
      chunk.grow()
    }
    chunk.show(filled)
  }

  private var tooLong: InputError {
    InputError(path, expected: "lines of at most \(longestLine) bytes", found: "a longer one")
  }

  /// Sees to it that the last line has a line feed; returns the bytes of the text.
  private static func closed(_ memory: UnsafeMutableRawBufferPointer, _ filled: Int) -> Int {
    guard filled > 0, memory[filled - 1] != 0x0A else { return filled }
    memory[filled] = 0x0A
    return filled + 1
  }

  /// Position behind the last line feed of a range.
  private static func lastLineEnd(_ memory: UnsafeRawBufferPointer, from start: Int, before end: Int) -> Int? {
    var position = end
    while position > start {
      if memory[position - 1] == 0x0A { return position }
      position -= 1
    }
    return nil
  }
}

extension InputError {
  /// A file that cannot be read or decompressed.
  init(_ error: CompressionError) {
    self.init(error.file, expected: "a readable, complete file", found: error.message)
  }
}
