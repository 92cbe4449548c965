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

/// How text is cut for the threads that parse it.
enum TextPieces {
  /// Bytes of a piece: with what is parsed from it, it stays in a core's own cache.
  static let bytes = 1 << 18
  /// Pieces for each thread that are read, parsed or taken at a time.
  static let perThread = 2
  /// Sets of so many pieces: one is read while the next is parsed and another is taken.
  static let sets = 3
}

/// Reads a text file in pieces: one thread finds or decompresses the next ones and one takes what was parsed before, in the order of the
/// file, while all others parse; whoever is done with one thing does another.
///
/// Memory: three sets of two pieces for each thread, and their results, whatever the size of the file.
struct TextPipeline<Result: ParsedChunk> {
  var path: String
  var context: IngestContext
  /// Bytes of text in a piece.
  var chunkBytes = TextPieces.bytes
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
  ///   - consume: Takes each result, in the order of the file, one at a time on any thread.
  /// - Throws: `InputError` with the line at fault, the first in the file.
  func run(
    prologue: (UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int) = { _ in (0, 0) },
    parse: @escaping @Sendable (UnsafeRawBufferPointer, Result) throws(LineError) -> Void, consume: (Result) throws -> Void
  ) throws {
    let source = Source(chunks: try TextChunks(opening: path, longestLine: longestLine))
    let fileSize = source.chunks.fileSize
    let progress = context.showsProgress && fileSize > 16 << 20 ? ProgressReporter("reading \(path)", unit: "bytes", total: fileSize) : nil
    var reported = 0
    var (taken, parsed, upcoming) = (slots(), slots(), slots())
    try Self.read(source, into: parsed)
    var (skip, linesBefore) = try skipHead(&parsed, source, prologue)
    try withoutActuallyEscaping(consume) { take in
      while parsed[0].chunk.count > 0 {
        try work(taking: taken, take, parsing: parsed, parse, skip: skip, linesBefore: &linesBefore, reading: source, into: upcoming)
        skip = 0
        (taken, parsed, upcoming) = (parsed, upcoming, taken)
        progress?.advance(by: source.chunks.fileBytesRead - reported)
        reported = source.chunks.fileBytesRead
      }
      for slot in taken where slot.chunk.count > 0 { try take(slot.result) }
    }
    progress?.finish()
  }

  private func slots() -> [Slot] { (0..<TextPieces.perThread * context.threads.count).map { _ in Slot(bytes: chunkBytes) } }

  /// Asks what is to be skipped before anything is parsed: bytes of the first piece, and lines of the file.
  private func skipHead(
    _ slots: inout [Slot], _ source: Source, _ prologue: (UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int)
  ) throws -> (skip: Int, lines: Int) {
    var lines = 0
    while let first = slots.first, first.chunk.count > 0 {
      let skipped = try prologue(first.chunk.text)
      lines += skipped.lines
      if skipped.bytes < first.chunk.count { return (skipped.bytes, lines) }
      // The whole piece was comments: go on with the next one.
      slots.removeFirst()
      slots.append(first)
      try Self.read(source, into: [first])
    }
    return (0, lines)
  }

  /// Takes the results of `taken`, parses `parsed` and fills `upcoming` from the file, all at the same time.
  ///
  /// - Throws: What went wrong first in the file.
  private func work(
    taking taken: [Slot], _ consume: @escaping (Result) throws -> Void, parsing parsed: [Slot],
    _ parse: @escaping @Sendable (UnsafeRawBufferPointer, Result) throws(LineError) -> Void, skip: Int, linesBefore: inout Int,
    reading source: Source, into upcoming: [Slot]
  ) throws {
    let (takeFailure, readFailure) = (Failure(), Failure())
    // Called by one thread at a time, and by none when the loop is over.
    nonisolated(unsafe) let take = consume
    context.threads.forEach(parsed.count + 2) { index in
      switch index {
      case 0: readFailure.keep { try Self.read(source, into: upcoming) }
      case 1: takeFailure.keep { for slot in taken where slot.chunk.count > 0 { try take(slot.result) } }
      default: Self.parse(parsed[index - 2], skip: index == 2 ? skip : 0, parse)
      }
    }
    try takeFailure.check()
    for (index, slot) in parsed.enumerated() where slot.chunk.count > 0 {
      if let error = slot.failure.withLock({ $0 }) {
        // What is wrong with the results before it comes first.
        for earlier in parsed[..<index] { try consume(earlier.result) }
        throw InputError(path, line: linesBefore + error.line + 1, expected: error.expected, found: error.found)
      }
      linesBefore += slot.result.lineCount
    }
    guard let failure = readFailure.error else { return }
    for slot in parsed where slot.chunk.count > 0 { try consume(slot.result) }
    throw failure
  }

  private static func parse(
    _ slot: Slot, skip: Int, _ parse: (UnsafeRawBufferPointer, Result) throws(LineError) -> Void
  ) {
    slot.failure.withLock { $0 = nil }
    do throws(LineError) { try parse(UnsafeRawBufferPointer(rebasing: slot.chunk.text[skip...]), slot.result) } catch {
      slot.failure.withLock { $0 = error }
    }
  }

  private static func read(_ source: Source, into slots: [Slot]) throws {
    for slot in slots { try source.chunks.next(into: slot.chunk) }
  }

  /// The error of one of the things that go on at the same time.
  private final class Failure: Sendable {
    private let kept = Mutex<(any Error)?>(nil)

    var error: (any Error)? { kept.withLock { $0 } }

    func keep(_ body: () throws -> Void) {
      do { try body() } catch { kept.withLock { $0 = error } }
    }

    func check() throws { if let error { throw error } }
  }
}
