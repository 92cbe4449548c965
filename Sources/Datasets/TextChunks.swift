import Compression
import Tensors

/// A piece of a text file that ends with a line end; its memory is used again for later pieces.
final class TextChunk: @unchecked Sendable {
  // Sendable: filled by the reading thread, then read by one parsing thread; the pipeline keeps the two apart.
  fileprivate var memory: UnsafeMutableRawBufferPointer
  fileprivate(set) var count = 0

  /// Bytes behind the text that may be read, so that parsers can load words: at least eight from the last line feed on.
  private static let padding = 16

  /// - Parameter capacity: Bytes of text; lines longer than that make it grow.
  init(capacity: Int) {
    memory = .allocate(byteCount: capacity + Self.padding, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { memory.deallocate() }

  /// Whole lines, each with its line feed; empty at the end of the file.
  var text: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  fileprivate var capacity: Int { memory.count - Self.padding }

  fileprivate func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * capacity + Self.padding, alignment: 64)
    larger.initializeMemory(as: UInt8.self, repeating: 0)
    larger.copyMemory(from: UnsafeRawBufferPointer(memory))
    memory.deallocate()
    memory = larger
  }
}

/// Cuts a file, decompressed on the way, into pieces at line ends; a line feed after the last line is supplied where missing.
///
/// Confined to one thread at a time.
final class TextChunks {
  private let stream: ByteStream
  private let longestLine: Int
  /// Start of a line whose end was not yet read.
  private var rest: [UInt8] = []
  private var ended = false

  /// - Parameter longestLine: Bytes; longer lines are an error, since a file of other contents may be one endless line.
  init(opening path: String, longestLine: Int) throws {
    self.longestLine = longestLine
    do { stream = try ByteStream(opening: path) } catch { throw InputError(error) }
  }

  var path: String { stream.path }
  /// Bytes on disk, and how many of them were read: the measure of progress.
  var fileSize: Int { stream.fileSize }
  var fileBytesRead: Int { stream.fileBytesRead }

  /// Fills `chunk` with the next lines; it stays empty when there are none.
  ///
  /// - Throws: `InputError` when the file cannot be read or decompressed, or a line is too long.
  func next(into chunk: TextChunk) throws {
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
        if filled > 0 && chunk.memory[filled - 1] != 0x0A {
          chunk.memory[filled] = 0x0A
          filled += 1
        }
        break
      }
      if let end = lastLineEnd(chunk.memory, before: filled) {
        rest.append(contentsOf: chunk.memory[end..<filled])
        filled = end
        break
      }
      guard filled < longestLine else {
        throw InputError(path, expected: "lines of at most \(longestLine) bytes", found: "a longer one")
      }
      chunk.grow()
    }
    chunk.count = filled
  }

  /// Position behind the last line feed.
  private func lastLineEnd(_ memory: UnsafeMutableRawBufferPointer, before end: Int) -> Int? {
    var position = end
    while position > 0 {
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
