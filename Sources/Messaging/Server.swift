import Synchronization

/// Answers the requests of other workers on threads of its own.
///
/// A thread waits for nothing but its socket, and every request of this job gets an answer: what the handler made, or why
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

  /// Bytes of a connection's messages that the system holds by default until they have arrived; it allows for twice as many.
  ///
  /// Enough for 10 Gbit/s at a round trip of half a millisecond, and few enough to stay in the processor's caches on the way. With the
  /// larger buffers that it chooses itself, Linux's BBR spaces out what it sends over the loopback interface, at about half the rate.
  public static let defaultSendBufferBytes = 384 << 10

  /// Where clients connect, `tcp://10.0.0.7:40231`; one endpoint a thread, separated by commas, which a `Client` takes as they are.
  public let endpoint: String
  private let counters = ServerCounters()
  private let running: Mutex<Running?>

  private let events: [WakeUpEvent]

  private struct Running {
    let context: MessagingContext
    let threads: [NativeThread]
  }

  /// Listens on a free port and starts to serve on one thread.
  ///
  /// - Parameters:
  ///   - token: Number that all workers of this job share; messages with another are dropped.
  ///   - handlers: What is served, by kind; other kinds get a failure reply.
  ///   - host: IPv4 address or network interface to listen on; by default the address of the default route.
  ///   - maximumRequestBytes: Larger requests get a failure reply.
  /// - Throws: `MessagingError` when `host` is not an address of this machine; `SystemError` when no thread can be had.
  public convenience init(
    token: UInt64, handlers: [MessageKind: RequestHandler], host: String? = nil,
    maximumRequestBytes: Int = Server.defaultMaximumRequestBytes
  ) throws {
    var options = Options()
    (options.host, options.maximumRequestBytes) = (host, maximumRequestBytes)
    try self.init(token: token, handlers: handlers, options: options)
  }

  /// Listens and starts to serve.
  ///
  /// - Parameters:
  ///   - token: Number that all workers of this job share.
  ///   - handlers: What is served, by kind, by several threads at once where there are; other kinds get a failure reply.
  /// - Throws: `MessagingError` when the host is not an address of this machine or a port is taken; `SystemError` when no thread can be
  ///   had.
  public init(token: UInt64, handlers: [MessageKind: RequestHandler], options: Options) throws {
    precondition(options.threads > 0 && options.ioThreads > 0, "a server without threads")
    let context = try MessagingContext(ioThreads: options.ioThreads)
    let host = options.host ?? HostAddress.guess()
    var endpoints: [String] = []
    var threads: [NativeThread] = []
    var events: [WakeUpEvent] = []
    do {
      for index in 0..<options.threads {
        let socket = try Socket(.router, in: context)
        try socket.setSendBuffer(bytes: options.sendBufferBytes)
        // Far above what is served, so that an oversized request is still read and gets its answer.
        try socket.setMaximumMessage(bytes: max(options.maximumRequestBytes, Self.defaultMaximumRequestBytes) * 4)
        endpoints.append(try socket.bind(host: host, port: options.port.map { $0 + index }))
        let event = try WakeUpEvent()
        events.append(event)
        let loop = ServerLoop(socket: socket, token: token, handlers: handlers, options: options, counters: counters, event: event)
        threads.append(try NativeThread(name: "halo-server") { loop.run() })
      }
    } catch {
      context.shutDown()
      for thread in threads { thread.join() }
      throw error
    }
    endpoint = endpoints.joined(separator: ",")
    self.events = events
    running = Mutex(Running(context: context, threads: threads))
  }

  /// Has requests that came too early (`NotYet`) tried again; any thread may call it.
  public func wakeUp() { for event in events { event.signal() } }

  /// Stops serving, waits for the threads and frees the ports; requests not yet answered stay unanswered. Later calls do
  /// nothing. A server that nobody refers to any more closes by itself.
  public func close() {
    running.withLock { running in
      running?.context.shutDown()
      for thread in running?.threads ?? [] { thread.join() }
      running = nil  // The threads have closed their sockets; the last reference to the context waits for the ports.
    }
  }

  deinit { close() }

  public var traffic: Traffic { counters.traffic }
}

extension Server {
  /// Where a server listens, with how many threads, and what it takes.
  public struct Options: Sendable, Equatable {
    /// IPv4 address or network interface to listen on; `nil`: the address of the default route.
    public var host: String?
    /// Port of the first thread, the next ones follow; `nil`: free ports.
    public var port: Int?
    /// Threads that serve, each with a port of its own.
    public var threads = 1
    /// Threads that move bytes between memory and network.
    public var ioThreads = 1
    /// Larger requests get a failure reply; with the header.
    public var maximumRequestBytes = Server.defaultMaximumRequestBytes
    /// Bytes of requests that wait for one thread; one more gets a failure reply at once.
    public var maximumQueuedBytes = 1 << 30
    /// Bytes of answers that one connection may leave unread before its requests get failure replies; `nil`: any, for clients that
    /// keep within credits.
    public var maximumUnreadBytes: Int?
    /// Bytes of answers on each connection that the system holds until they have arrived; `nil`: it decides, for clients far away.
    public var sendBufferBytes: Int? = Server.defaultSendBufferBytes
    /// Whether a request with another job's token gets a failure reply instead of being dropped.
    public var answersStrangers = false

    public init() {}
  }
}
