import Synchronization
import Telemetry
import Tensors

/// What is wrong with a line; the pipeline adds the file and turns the line into its number in the file.
struct LineError: Error {
  /// Lines of the chunk before the one at fault.
  var line: Int
  var expected: String
  var found: String
}

/// What was read from one chunk.
protocol ParsedChunk: AnyObject, Sendable {
  /// An empty result to be filled, and later emptied and filled again.
  init()
  /// Lines that the chunk held, comments included.
  var lineCount: Int { get }
}

/// Reads a text file in pieces: one thread reads and decompresses while the others parse, and results are taken in file order.
///
/// Memory: two pieces per thread, and their results, whatever the size of the file.
struct TextPipeline<Result: ParsedChunk> {
  var path: String
  var context: IngestContext
  /// Bytes of text in a piece.
  var chunkBytes = 1 << 20
  /// Bytes of the longest line.
  var longestLine = 1 << 16

  /// A piece and its result.
  private final class Slot: Sendable {
    let chunk: TextChunk
    let result = Result()
    let failure = Mutex<LineError?>(nil)
    init(bytes: Int) { chunk = TextChunk(capacity: bytes) }
  }

  /// The file, moved between threads that do not use it at the same time.
  private struct Source: @unchecked Sendable {
    let chunks: TextChunks
  }

  /// Parses the whole file.
  ///
  /// - Parameters:
  ///   - prologue: Looks at the first lines, before anything is parsed; returns bytes to skip and the lines in them, called
  ///     again for the next piece while it skips whole pieces.
  ///   - parse: Reads a piece of whole lines into a result, on any thread.
  ///   - consume: Takes each result, in the order of the file, on the calling thread.
  /// - Throws: `InputError` with the line at fault, the first in the file.
  func run(
    prologue: (UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int) = { _ in (0, 0) },
    parse: @escaping @Sendable (UnsafeRawBufferPointer, Result) throws(LineError) -> Void, consume: (Result) throws -> Void
  ) throws {
    let source = Source(chunks: try TextChunks(opening: path, longestLine: longestLine))
    let fileSize = source.chunks.fileSize
    let progress = context.showsProgress && fileSize > 16 << 20 ? ProgressReporter("reading \(path)", unit: "bytes", total: fileSize) : nil
    var current = (0..<context.threads.count).map { _ in Slot(bytes: chunkBytes) }
    var upcoming = (0..<context.threads.count).map { _ in Slot(bytes: chunkBytes) }
    var linesBefore = 0
    var reported = 0
    try Self.read(source, into: current)
    var skip = 0
    while let first = current.first, first.chunk.count > 0 {
      let skipped = try prologue(first.chunk.text)
      linesBefore += skipped.lines
      skip = skipped.bytes
      if skip < first.chunk.count { break }
      // The whole piece was comments: go on with the next one.
      current.append(current.removeFirst())
      try Self.read(source, into: [current.last!])
    }
    while current[0].chunk.count > 0 {
      let readFailure = parseBatch(current, skip: skip, reading: source, into: upcoming, parse)
      skip = 0
      for slot in current where slot.chunk.count > 0 {
        if let error = slot.failure.withLock({ $0 }) {
          throw InputError(path, line: linesBefore + error.line + 1, expected: error.expected, found: error.found)
        }
        linesBefore += slot.result.lineCount
        try consume(slot.result)
      }
      // An error of reading comes after those of the lines before it.
      if let readFailure { throw readFailure }
      swap(&current, &upcoming)
      progress?.advance(by: source.chunks.fileBytesRead - reported)
      reported = source.chunks.fileBytesRead
    }
    progress?.finish()
  }

  /// Parses `slots` and fills `next` from the file at the same time; returns why the file could not be read.
  private func parseBatch(
    _ slots: [Slot], skip: Int, reading source: Source, into next: [Slot],
    _ parse: @escaping @Sendable (UnsafeRawBufferPointer, Result) throws(LineError) -> Void
  ) -> (any Error)? {
    let readFailure = Mutex<(any Error)?>(nil)
    context.threads.forEach(slots.count + 1) { index in
      if index == 0 {
        do { try Self.read(source, into: next) } catch { readFailure.withLock { $0 = error } }
        return
      }
      let slot = slots[index - 1]
      let text = UnsafeRawBufferPointer(rebasing: slot.chunk.text[(index == 1 ? skip : 0)...])
      do throws(LineError) {
        slot.failure.withLock { $0 = nil }
        try parse(text, slot.result)
      } catch {
        slot.failure.withLock { $0 = error }
      }
    }
    return readFailure.withLock { $0 }
  }

  private static func read(_ source: Source, into slots: [Slot]) throws {
    for slot in slots { try source.chunks.next(into: slot.chunk) }
  }
}
