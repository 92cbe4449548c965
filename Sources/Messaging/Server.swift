import Synchronization

/// Answers the requests of other workers on a thread of its own.
///
/// The thread waits for nothing but its socket, and every request of this job gets an answer: what the handler made, or why
/// not. Messages of strangers are dropped and counted.
public final class Server: Sendable {
  /// What the server has seen so far.
  public struct Traffic: Equatable, Sendable {
    /// Requests answered as asked.
    public var served = 0
    /// Requests answered by a failure.
    public var refused = 0
    /// Messages that were not of this job, or malformed.
    public var dropped = 0
    /// Answers whose receiver was gone.
    public var undeliverable = 0
    /// Bytes of all messages of this job, headers included.
    public var bytesReceived = 0
    public var bytesSent = 0

    public init() {}
  }

  /// Largest request served by default, in bytes with its header.
  public static let defaultMaximumRequestBytes = 64 << 20

  /// Where clients connect, `tcp://10.0.0.7:40231`.
  public let endpoint: String
  private let counters = ServerCounters()
  private let running: Mutex<Running?>

  private struct Running {
    let context: MessagingContext
    let thread: NativeThread
  }

  /// Listens on a free port and starts to serve.
  ///
  /// - Parameters:
  ///   - token: Number that all workers of this job share; messages with another are dropped.
  ///   - handlers: What is served, by kind; other kinds get a failure reply.
  ///   - host: IPv4 address or network interface to listen on; by default the address of the default route.
  ///   - maximumRequestBytes: Larger requests get a failure reply.
  /// - Throws: `MessagingError` when `host` is not an address of this machine; `SystemError` when no thread can be had.
  public init(
    token: UInt64, handlers: [MessageKind: RequestHandler], host: String? = nil,
    maximumRequestBytes: Int = Server.defaultMaximumRequestBytes
  ) throws {
    let context = try MessagingContext()
    let socket = try Socket(.router, in: context)
    // Far above what is served, so that an oversized request is still read and gets its answer.
    try socket.setMaximumMessage(bytes: max(maximumRequestBytes, Self.defaultMaximumRequestBytes) * 4)
    endpoint = try socket.bind(host: host ?? HostAddress.guess())
    let loop = ServerLoop(
      socket: socket, token: token, handlers: handlers, maximumRequestBytes: maximumRequestBytes, counters: counters)
    running = Mutex(Running(context: context, thread: try NativeThread(name: "halo-server") { loop.run() }))
  }

  /// Stops serving, waits for the thread and frees the port; requests not yet answered stay unanswered. Later calls do
  /// nothing. A server that nobody refers to any more closes by itself.
  public func close() {
    running.withLock { running in
      running?.context.shutDown()
      running?.thread.join()
      running = nil  // The thread has closed its socket; the last reference to the context waits for the port.
    }
  }

  deinit { close() }

  public var traffic: Traffic { counters.traffic }
}
