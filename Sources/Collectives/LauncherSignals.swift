import CMPI
import Glibc
import Synchronization
import Tensors

/// The write end of the pipe into which signals are noted; −1 while none are.
private let noteDescriptor = Atomic<Int32>(-1)

/// While it lives, signals that ask the launcher to stop arrive as bytes in a pipe instead of killing it.
///
/// Signals that are ignored already (SIGHUP under `nohup`, SIGINT of a background job) stay so; those that were blocked,
/// as in a process started by a thread that blocks them, are let through to the thread that makes this.
final class LauncherSignals {
  private static let caught = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]
  /// The read end, non-blocking.
  let descriptor: CInt
  private var earlier: [(number: Int32, action: sigaction)] = []
  private var earlierMask = sigset_t()

  /// - Throws: `SystemError` when there are no descriptors left.
  init() throws {
    var ends: [CInt] = [-1, -1]
    guard cmpi_pipe(&ends) == 0 else { throw SystemError("make a pipe", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    descriptor = ends[0]
    let exchange = noteDescriptor.compareExchange(expected: -1, desired: ends[1], ordering: .sequentiallyConsistent)
    precondition(exchange.exchanged, "a process launches one job at a time")
    for number in Self.caught {
      replace(number) { number in
        let code = errno
        var byte = UInt8(number)
        _ = write(noteDescriptor.load(ordering: .relaxed), &byte, 1)
        errno = code
      }
    }
    var open = sigset_t()
    sigemptyset(&open)
    for number in Self.caught { sigaddset(&open, number) }
    pthread_sigmask(SIG_UNBLOCK, &open, &earlierMask)
    // A closed standard error must not keep the launcher from ending its job.
    replace(SIGPIPE) { _ in }
  }

  deinit {
    pthread_sigmask(SIG_SETMASK, &earlierMask, nil)
    for (number, action) in earlier.reversed() {
      var action = action
      sigaction(number, &action, nil)
    }
    close(noteDescriptor.exchange(-1, ordering: .sequentiallyConsistent))
    close(descriptor)
  }

  /// The signals that have arrived since the last call.
  func take() -> [Int32] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    return bytes.prefix(max(0, count)).map(Int32.init)
  }

  private func replace(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var current = sigaction()
    sigaction(number, nil, &current)
    if unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    sigaction(number, &action, nil)
    earlier.append((number, current))
  }
}
