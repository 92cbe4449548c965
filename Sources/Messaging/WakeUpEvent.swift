import Glibc
import Synchronization
import Tensors

/// A flag that a thread can wait for together with its sockets: a pipe that keeps its bytes until the flag is taken down.
final class WakeUpEvent: Sendable {
  /// Readable once the event was signalled, and until it is cleared.
  let descriptor: Int32
  private let signalDescriptor: Int32
  private let flag = Atomic<Bool>(false)

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
    flag.store(true, ordering: .releasing)
    var byte: UInt8 = 1
    _ = write(signalDescriptor, &byte, 1)  // Fails only when the pipe is full, hence readable already.
  }

  /// Whether the event was signalled and not cleared since.
  var isUp: Bool { flag.load(ordering: .relaxed) }

  /// Takes the flag down; returns whether it was up. A signal that comes meanwhile is not lost.
  func clear() -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      while read(descriptor, bytes.baseAddress, bytes.count) > 0 {}
    }
    return flag.exchange(false, ordering: .acquiring)
  }
}
