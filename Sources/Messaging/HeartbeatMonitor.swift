import Glibc
import Synchronization
import Telemetry

/// A worker that has given no sign of life for too long.
public struct SilentWorker: Equatable, Sendable, CustomStringConvertible {
  public var rank: Int
  /// Name of its host; `nil` when the worker was never heard of.
  public var host: String?
  public var pid: Int32?
  /// The silence that is not tolerated, in seconds.
  public var seconds: Double

  public init(rank: Int, host: String?, pid: Int32?, seconds: Double) {
    self.rank = rank
    self.host = host
    self.pid = pid
    self.seconds = seconds
  }

  /// `worker 2 (node7, pid 123) has been silent for 10 s`
  public var description: String {
    let identity = host.map { "\($0), pid \(pid.map(String.init) ?? "unknown")" } ?? "never heard of"
    return "worker \(rank) (\(identity)) has been silent for \(MessagingError.text(seconds)) s"
  }
}

/// Notices workers that died, hang in the kernel or are cut off, while their peers wait in collectives that never return.
///
/// A star over rank 0, on threads and sockets of its own: every worker sends a sign of life once a beat and rank 0
/// answers. Rank 0 reports a worker that is silent, a worker reports a silent rank 0. Whoever leaves in good order says so
/// and is not reported.
public final class HeartbeatMonitor: Sendable {
  /// When to speak and when to worry.
  public struct Timing: Equatable, Sendable {
    /// Seconds between two signs of life.
    public var beatSeconds: Double
    /// Seconds of silence after which a worker counts as lost.
    public var silenceSeconds: Double

    public init(beatSeconds: Double = 1, silenceSeconds: Double = 10) {
      precondition(beatSeconds > 0 && silenceSeconds > 2 * beatSeconds, "a silence must be longer than two beats")
      self.beatSeconds = beatSeconds
      self.silenceSeconds = silenceSeconds
    }

    var beat: UInt64 { UInt64(beatSeconds * 1e9) }
    var silence: UInt64 { UInt64(silenceSeconds * 1e9) }
  }

  /// Called once per silent worker, on the monitor's thread.
  public typealias SilenceHandler = @Sendable (SilentWorker) -> Void

  /// Where workers send their signs of life: an address of rank 0.
  public let endpoint: String
  private let event: WakeUpEvent
  private let thread: Mutex<NativeThread?>

  /// Watches all other workers, at rank 0.
  ///
  /// - Parameters:
  ///   - size: Number of workers, rank 0 included.
  ///   - token: Number that all workers of this job share.
  ///   - host: IPv4 address or network interface to listen on; by default the address of the default route.
  ///   - onSilence: By default `endJob(status: 1)`.
  /// - Throws: `MessagingError` or `SystemError` when sockets or threads cannot be had.
  public init(
    leading size: Int, token: UInt64, host: String? = nil, timing: Timing = Timing(),
    onSilence: @escaping SilenceHandler = HeartbeatMonitor.endJob(status: 1)
  ) throws {
    let socket = try Socket(.router, in: try MessagingContext())
    endpoint = try socket.bind(host: host ?? HostAddress.guess())
    let event = try WakeUpEvent()
    self.event = event
    let lead = HeartbeatLead(socket: socket, size: size, token: token, timing: timing, event: event, onSilence: onSilence)
    thread = Mutex(try NativeThread(name: "halo-heartbeat") { lead.run() })
  }

  /// Beats for worker `rank` and watches rank 0.
  ///
  /// - Parameter endpoint: The endpoint of rank 0's monitor.
  /// - Throws: `MessagingError` or `SystemError` when sockets or threads cannot be had.
  public init(
    following endpoint: String, rank: Int, token: UInt64, timing: Timing = Timing(),
    onSilence: @escaping SilenceHandler = HeartbeatMonitor.endJob(status: 1)
  ) throws {
    self.endpoint = endpoint
    let socket = try Socket(.dealer, in: try MessagingContext())
    try socket.connect(endpoint)
    let event = try WakeUpEvent()
    self.event = event
    let follower = HeartbeatFollower(
      socket: socket, rank: rank, token: token, timing: timing, event: event, onSilence: onSilence)
    thread = Mutex(try NativeThread(name: "halo-heartbeat") { follower.run() })
  }

  /// Says goodbye and waits for the thread, at most about two seconds. Later calls do nothing.
  public func close() {
    event.signal()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }

  deinit { close() }

  /// Prints one line that names the lost worker and ends this process with `status`, at once: threads may be stuck in
  /// calls that never return, so nothing is cleaned up. The launcher then ends the other workers.
  public static func endJob(status: Int32) -> SilenceHandler {
    { worker in
      let line = "halo: \(worker); ending the job\n"
      _ = line.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
      _exit(status)
    }
  }
}
