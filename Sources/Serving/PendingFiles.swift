import Glibc
import Tensors

/// Files that are written under other names, which they lose when all of them are complete.
enum PendingFiles {
  /// Calls `body` with a name for each of `paths` to write to.
  ///
  /// - Throws: What `body` throws, `SystemError` when a file cannot be moved; no pending file is left behind.
  static func write(_ paths: [String], _ body: ([String]) throws -> Void) throws {
    let pending = paths.map { "\($0).partial-\(getpid())" }
    defer { for path in pending { unlink(path) } }
    try body(pending)
    for (from, to) in zip(pending, paths) {
      guard rename(from, to) == 0 else { throw SystemError("rename \(from) to \(to)", code: errno) }
    }
  }
}
