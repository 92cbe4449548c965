import Tensors

/// One column of a list of edges while it is read: in memory, or in a file where memory is limited.
///
/// Confined to one thread at a time.
final class EdgeColumn<Element: BitwiseCopyable> {
  private enum Target {
    case memory(Accumulator<Element>)
    case file(BufferWriter<Element>)
  }

  private let target: Target

  /// - Throws: `SystemError` when the folder of the storage takes no files.
  init(_ storage: ArrayStorage) throws {
    switch storage {
    case .memory: target = .memory(Accumulator())
    case .files: target = .file(try BufferWriter(atMost: 0, storage: storage))
    }
  }

  /// Values so far.
  var count: Int {
    switch target {
    case .memory(let values): values.count
    case .file(let values): values.count
    }
  }

  /// - Throws: `SystemError` when the disk refuses.
  func append(_ values: UnsafeBufferPointer<Element>) throws {
    switch target {
    case .memory(let all): all.append(values)
    case .file(let all): try all.append([values], threads: Threads(1))
    }
  }

  /// All values, which may be changed; nothing may be appended any more.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func finish() throws -> Buffer<Element> {
    switch target {
    case .memory(let values): Buffer(sharing: values, pointer: values.pointer, count: values.count)
    case .file(let values): try values.finish()
    }
  }
}
