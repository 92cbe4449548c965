import Glibc
import Tensors

/// A thread of the operating system that blocks in calls of its own, away from Swift's and Dispatch's pools.
///
/// It takes no signals: they go to the threads that expect them.
package final class NativeThread: @unchecked Sendable {
  // Sendable: the handle is written once, before the thread is shared, and joined once by `join`'s callers' lock.
  private let handle: pthread_t

  private final class Body {
    let name: String
    let run: @Sendable () -> Void
    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// - Parameter name: Shown by `top` and debuggers; at most 15 bytes.
  /// - Throws: `SystemError` when the system has no thread to give.
  package init(name: String, _ run: @escaping @Sendable () -> Void) throws {
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &previous)  // Inherited by the new thread.
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(name: name, run: run))
    let result = pthread_create(
      &thread, nil,
      { argument in
        let body = Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
        NativeThread.setName(body.name)
        body.run()
        return nil
      }, body.toOpaque())
    guard result == 0 else {
      body.release()
      throw SystemError("start thread \(name)", code: result)
    }
    handle = thread
  }

  /// Names the calling thread, as far as the system has a place for that.
  private static func setName(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = name.utf8CString.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count - 1) }
    close(descriptor)
  }

  /// Waits until the thread has ended; to be called once.
  package func join() { pthread_join(handle, nil) }
}
