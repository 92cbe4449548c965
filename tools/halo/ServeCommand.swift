import ArgumentParser
import Configuration
import Glibc
import KVStore
import Messaging
import Serving

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the rows and sampled neighbours of one part to other programs.",
    discussion: """
      Prints where it listens and goes on until it gets SIGINT, SIGTERM or SIGHUP. 'halo pull' and tools/halo_client.py are clients; \
      README.md draws the protocol. Everything in a request is checked, and a request that is not served gets a reason. Nothing is \
      encrypted: whoever reaches the port reads the part, so it listens on this machine alone unless --bind says otherwise.
      """)

  @Argument(help: "Partition directory; other parts may be absent.")
  var parts: String

  @Option(help: "Number of the part to serve.")
  var part: Int

  @Option(help: ArgumentHelp("Where to listen, tcp://ADDRESS:PORT; '*' as the port takes a free one.", valueName: "endpoint"))
  var bind = Endpoint(host: "127.0.0.1", port: nil)

  @Option(help: "Number that requests must carry.")
  var token: UInt64 = 0

  @Option(help: "Seed of the samples; with that of a training run they are the run's.")
  var seed: UInt64 = 0

  @Option(help: "Threads that answer, each with a port of its own: thread t listens on PORT + t.")
  var threads = 1

  @Option(help: "Threads that move bytes between memory and network.")
  var ioThreads = 1

  @Option(help: "Where feature rows are read: 'mapped' in the files' pages, 'resident' in a copy.")
  var residency = ExecutionConfiguration.Residency.mapped

  @OptionGroup var report: ReportOptions

  func validate() throws {
    for (name, value) in [("threads", threads), ("io-threads", ioThreads)] where !(1...256).contains(value) {
      throw ValidationError("--\(name) must be 1 to 256")
    }
    if let port = bind.port, port + threads > 65_536 { throw ValidationError("--bind needs \(threads) ports from \(port) on") }
  }

  func run() throws {
    let signals = StopSignals()  // Before any thread starts: all of them inherit what is blocked.
    var options = PartService.Options()
    (options.server.host, options.server.port) = (bind.host, bind.port)
    (options.server.threads, options.server.ioThreads) = (threads, ioThreads)
    (options.token, options.seed, options.placement) = (token, seed, residency == .resident ? .resident : .mapped)
    let service = try PartService(directory: parts, part: part, options: options)
    try report.show(ServeReport(service))
    signals.wait()
    service.close()
    let traffic = service.traffic
    Halo.printNote(
      "served \(traffic.served) requests, refused \(traffic.refused), dropped \(traffic.dropped) messages; \(traffic.bytesReceived) bytes "
        + "came, \(traffic.bytesSent) went")
  }
}

/// What is served, and where.
private struct ServeReport: Encodable, CustomStringConvertible {
  var endpoints: [String]
  var graph: ServedGraph

  init(_ service: PartService) { (endpoints, graph) = (service.endpoints, service.graph) }

  var description: String {
    "\(graph.name): part \(graph.part) of \(graph.partCount), at \(endpoints.joined(separator: ", "))"
  }
}

/// The signals that ask a server to end.
private struct StopSignals {
  private var signals = sigset_t()

  /// Blocks them in this thread and in those that it starts.
  init() {
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// Waits until one of them has come.
  func wait() {
    var (copy, signal) = (signals, Int32(0))
    while sigwait(&copy, &signal) != 0 {}
  }
}

/// `tcp://ADDRESS:PORT`.
struct Endpoint: ExpressibleByArgument, CustomStringConvertible {
  /// IPv4 address, name of a network interface, or '*' for all.
  var host: String
  /// `nil`: a free one.
  var port: Int?

  init(host: String, port: Int?) { (self.host, self.port) = (host, port) }

  init?(argument: String) {
    let scheme = "tcp://"
    let place = argument.hasPrefix(scheme) ? argument.dropFirst(scheme.count) : argument[...]
    guard let colon = place.lastIndex(of: ":") else { return nil }
    let (host, port) = (String(place[..<colon]), String(place[place.index(after: colon)...]))
    guard !host.isEmpty, !host.contains("/"), !host.contains(","), port == "*" || (Int(port).map { (1...65_535).contains($0) } ?? false)
    else { return nil }
    self.init(host: host, port: Int(port))
  }

  var description: String { "tcp://\(host):\(port.map(String.init) ?? "*")" }
  var defaultValueDescription: String { description }
}
