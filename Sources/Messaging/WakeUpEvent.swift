import Glibc
import Tensors

/// A flag that a thread can wait for together with its sockets: a pipe that nobody empties.
final class WakeUpEvent: Sendable {
  /// Readable once the event was signalled, and ever after.
  let descriptor: Int32
  private let signalDescriptor: Int32

  /// - Throws: `SystemError` when the process has no file descriptor left.
  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError("create a pipe", code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    signalDescriptor = ends[1]
  }

  deinit {
    Glibc.close(descriptor)
    Glibc.close(signalDescriptor)
  }

  func signal() {
    var byte: UInt8 = 1
    _ = write(signalDescriptor, &byte, 1)  // Fails only when the pipe is full, hence readable already.
  }
}
