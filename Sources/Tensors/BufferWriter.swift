/// Fills a buffer from its start; how long it becomes is known at the end.
///
/// In memory nothing is moved when it grows, and room that is not used takes none. Used by one thread.
package final class BufferWriter<Element: BitwiseCopyable> {
  private enum Target {
    case memory(Buffer<Element>)
    case file(ScratchFile)
  }

  private let target: Target
  package private(set) var count = 0

  /// - Parameter limit: Most elements that will come.
  /// - Throws: `SystemError` when the folder of the storage takes no files.
  package init(atMost limit: Int, storage: ArrayStorage) throws {
    switch storage {
    case .memory: target = .memory(Buffer(count: limit))
    case .files(let folder, _): target = .file(try ScratchFile(in: folder))
    }
  }

  /// Appends all elements of a buffer.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  package func append(_ elements: Buffer<Element>) throws {
    try withExtendedLifetime(elements) { try append([UnsafeBufferPointer(elements.elements)], threads: Threads(1)) }
  }

  /// Appends several pieces, in their order.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  package func append(_ pieces: [UnsafeBufferPointer<Element>], threads: Threads) throws {
    let starts = pieces.map { piece in
      defer { count += piece.count }
      return count
    }
    switch target {
    case .memory(let buffer):
      precondition(count <= buffer.count, "\(count) elements where \(buffer.count) were announced")
      // Pieces are read only, and each goes to a place of its own.
      nonisolated(unsafe) let pieces = pieces
      threads.forEach(pieces.count) { index in
        guard let source = pieces[index].baseAddress else { return }
        (buffer.pointer + starts[index]).update(from: source, count: pieces[index].count)
      }
    case .file(let file):
      for piece in pieces { try file.append(UnsafeRawBufferPointer(piece)) }
    }
  }

  /// What was appended; nothing may be appended any more.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  package func finish() throws -> Buffer<Element> {
    switch target {
    case .memory(let buffer): Buffer(sharing: buffer, pointer: buffer.pointer, count: count)
    case .file(let file): try file.mappedBuffer(of: Element.self)
    }
  }
}
