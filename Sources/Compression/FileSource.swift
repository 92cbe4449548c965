import Glibc

/// The bytes of a file as they lie on disk, through one buffer.
///
/// Confined to one thread.
final class FileSource {
  let path: String
  /// Size of the file when it was opened; 0 for pipes.
  let size: Int
  /// Bytes taken from the file so far, those still in the buffer included.
  private(set) var bytesRead = 0
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  init(opening path: String) throws(CompressionError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CompressionError(file: path, message: "cannot be opened: \(String(cString: strerror(errno)))") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw CompressionError(file: path, message: "cannot be examined: \(reason)")
    }
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    buffer = .allocate(byteCount: 256 << 10, alignment: 64)
  }

  deinit {
    buffer.deallocate()
    close(descriptor)
  }

  /// Bytes read and not yet consumed.
  var available: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[start..<end]) }

  /// Drops the first `count` available bytes.
  func consume(_ count: Int) { start += count }

  /// Reads until `wanted` bytes are available or the file ends; returns how many are.
  @discardableResult
  func fill(_ wanted: Int) throws(CompressionError) -> Int {
    precondition(wanted <= buffer.count, "a file buffer holds \(buffer.count) bytes")
    if start > 0 && end - start < wanted {
      memmove(buffer.baseAddress!, buffer.baseAddress! + start, end - start)
      end -= start
      start = 0
    }
    while end - start < wanted {
      let count = try readOnce(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
      if count == 0 { break }
      end += count
    }
    return end - start
  }

  /// Moves bytes to `target`, past the buffer where that saves a copy; returns how many, 0 only at the end of the file.
  func take(into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    if end > start {
      let count = min(target.count, end - start)
      memcpy(target.baseAddress!, buffer.baseAddress! + start, count)
      start += count
      return count
    }
    return try readOnce(into: target)
  }

  private func readOnce(into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    while true {
      let count = read(descriptor, target.baseAddress!, target.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw CompressionError(file: path, message: "cannot be read: \(String(cString: strerror(errno)))") }
      bytesRead += count
      return count
    }
  }
}
