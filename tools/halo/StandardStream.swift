import Glibc
import Tensors

/// The two places that a command prints to.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Writes all of `text`.
  ///
  /// - Throws: `SystemError` when the other side cannot take it: a full disk, a closed pipe.
  func write(_ text: String) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemError("write standard \(self)", code: errno) }
      bytes = bytes.dropFirst(count)
    }
  }
}
