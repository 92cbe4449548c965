import Foundation
import Synchronization
import Tensors

/// Makes files and directories survive a crash of the machine.
///
/// A flush waits milliseconds for the disk, and a partition directory has thousands of files: sixteen threads wait at once,
/// and the file system joins their requests.
package enum DiskFlush {
  /// Flushes every path; returns when all are on the disk.
  ///
  /// - Throws: `SystemError` for the first path that failed.
  package static func flush(_ paths: [String]) throws {
    let lanes = min(16, paths.count)
    guard lanes > 1 else { return try paths.forEach(flush) }
    let outcome = Outcome()
    let finished = DispatchSemaphore(value: 0)
    for lane in 0..<lanes {
      Thread.detachNewThread {
        for path in stride(from: lane, to: paths.count, by: lanes).map({ paths[$0] }) where outcome.isGood {
          do { try flush(path) } catch { outcome.fail(error) }
        }
        finished.signal()
      }
    }
    for _ in 0..<lanes { finished.wait() }
    try outcome.check()
  }

  /// The first error of several threads.
  private final class Outcome: Sendable {
    private let failure = Mutex<(any Error)?>(nil)

    var isGood: Bool { failure.withLock { $0 == nil } }

    func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

    func check() throws { if let error = failure.withLock({ $0 }) { throw error } }
  }

  private static func flush(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
    defer { close(descriptor) }
    // A file system that cannot flush directories says EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw SystemError("flush \(path)", code: errno) }
  }
}
