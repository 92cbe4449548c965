import Glibc
import Synchronization

private let requested = Atomic<Bool>(false)

/// A polite request to end the run at the end of its epoch: SIGUSR1, which `halo launch` sends for SIGINT, SIGTERM and SIGHUP.
public enum StopRequest {
  /// Notes the first SIGUSR1 from now on; a second one ends the process, as it does by itself.
  public static func listen() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in requested.store(true, ordering: .relaxed) }
    // SA_RESETHAND is not imported: 2³¹.
    action.sa_flags = SA_RESTART | Int32.min
    sigaction(SIGUSR1, &action, nil)
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, SIGUSR1)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  /// Whether the request has come to this process.
  public static var hasCome: Bool { requested.load(ordering: .relaxed) }
}
