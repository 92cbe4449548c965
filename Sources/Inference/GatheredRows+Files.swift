import Compression
import Foundation
import Tensors

/// Files of gathered rows: written under another name, which they lose when they are complete.
extension GatheredRows {
  /// How rows are written, by the end of a file's name.
  public enum Format: String, CaseIterable, Sendable {
    /// An array, shape (nodes, columns), or (nodes) of predicted classes.
    case array = ".npy"
    /// Text: a header, then a line per node with its number first.
    case text = ".csv"
    /// The same, compressed.
    case compressedText = ".csv.gz"

    /// The format of a file; `nil` for another name.
    public init?(path: String) {
      guard let format = Self.allCases.first(where: { path.hasSuffix($0.rawValue) }) else { return nil }
      self = format
    }
  }

  /// Writes all rows to `path`, replacing what is there.
  ///
  /// - Throws: `InputError` when the parts do not make a whole, `SystemError` or `CompressionError` when the disk refuses; `path` is then
  ///   as it was.
  public func write(_ format: Format, to path: String) throws {
    let partial = "\(path).partial-\(getpid())"
    do {
      switch format {
      case .array: try writeArray(to: partial)
      case .text: try writeText(PlainText(creating: partial))
      case .compressedText: try writeText(CompressedText(creating: partial))
      }
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, path) == 0 else {
      let code = errno
      unlink(partial)
      throw SystemError("rename \(partial) to \(path)", code: code)
    }
  }

  private func writeArray(to path: String) throws {
    let writer = try NPYWriter(creating: path, elementType: rows.elementType, shape: isFlat ? [nodes] : [nodes, rows.columns])
    try forEachWindow { try writer.write($1) }
    try writer.close()
  }

  private func writeText(_ sink: some TextSink) throws {
    try sink.write(header + "\n")
    try forEachWindow { first, bytes in
      var text = ""
      for row in 0..<bytes.count / rowBytes {
        text += label(first + row)
        for column in 0..<rows.columns { text += "," + element(bytes, row * rows.columns + column) }
        text += "\n"
        if text.utf8.count > 1 << 20 {
          try sink.write(text)
          text = ""
        }
      }
      try sink.write(text)
    }
    try sink.close()
  }

  /// What a line begins with: the node's name, in quotes where CSV asks for them, or its number.
  private func label(_ node: Int) -> String {
    guard let name = names?[node] else { return "\(node)" }
    let isPlain =
      !name.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) } && name.first?.isWhitespace == false && name.last?.isWhitespace == false
    return isPlain ? name : "\"\(name.replacing("\"", with: "\"\""))\""
  }

  private var header: String {
    let name =
      switch rows.output {
      case .logits: "logit"
      case .predictions: "prediction"
      case .embeddings: "embedding"
      }
    if rows.output == .predictions, rows.columns == 1 { return "node,\(name)" }
    return "node," + (0..<rows.columns).map { "\(name)_\($0)" }.joined(separator: ",")
  }

  /// A number as text that reads back to the same bits.
  private func element(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> String {
    switch rows.elementType {
    case .int32: "\(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))"
    case .uint8: "\(bytes[index])"
    default: "\(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))"
    }
  }
}

/// Takes text piece by piece.
private protocol TextSink {
  func write(_ text: String) throws
  func close() throws
}

private struct PlainText: TextSink {
  private let path: String
  private let handle: FileHandle

  init(creating path: String) throws {
    self.path = path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(path)", code: errno) }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func write(_ text: String) throws {
    do { try handle.write(contentsOf: Data(text.utf8)) } catch { throw SystemError("write \(path)", code: errno) }
  }

  func close() throws {
    do { try handle.close() } catch { throw SystemError("close \(path)", code: errno) }
  }
}

private struct CompressedText: TextSink {
  private let writer: GzipWriter

  init(creating path: String) throws { writer = try GzipWriter(creating: path) }

  func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { try writer.write($0) }
  }

  func close() throws { try writer.close() }
}
