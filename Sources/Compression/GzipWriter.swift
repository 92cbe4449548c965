import CZlib
import Glibc

/// Writes a gzip file piece by piece; equal content gives equal bytes: no name and no time are stored. Confined to one thread.
public final class GzipWriter {
  private let path: String
  private var file: gzFile?

  /// Creates `path`, replacing what was there.
  ///
  /// - Throws: `CompressionError` when it cannot be created.
  public init(creating path: String) throws(CompressionError) {
    self.path = path
    file = gzopen(path, "wb6e")
    if file == nil { throw CompressionError(file: path, message: "cannot be created: \(String(cString: strerror(errno)))") }
  }

  deinit { if let file { gzclose(file) } }

  /// Appends `bytes`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
    var done = 0
    while done < bytes.count {
      let count = gzwrite(file, bytes.baseAddress! + done, UInt32(min(bytes.count - done, 1 << 30)))
      guard count > 0 else { throw failure() }
      done += Int(count)
    }
  }

  /// Completes the file.
  public func close() throws(CompressionError) {
    guard let file else { return }
    self.file = nil
    let code = gzclose(file)
    guard code == Z_OK else {
      throw CompressionError(
        file: path, message: "cannot be written: \(code == Z_ERRNO ? String(cString: strerror(errno)) : "zlib status \(code)")")
    }
  }

  private func failure() -> CompressionError {
    var code: Int32 = 0
    let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
    return CompressionError(file: path, message: "cannot be written: \(code == Z_ERRNO ? String(cString: strerror(errno)) : message)")
  }
}
