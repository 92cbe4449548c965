import CZeroMQ
import Glibc

/// A ZeroMQ context: the I/O threads that sockets share. Lives until its last socket is closed.
package final class MessagingContext: @unchecked Sendable {
  // Sendable: ZeroMQ documents contexts as thread-safe.
  let raw: UnsafeMutableRawPointer

  package init(ioThreads: Int = 1) throws(MessagingError) {
    guard let context = zmq_ctx_new() else { throw .lastCall("create a ZeroMQ context") }
    raw = context
    _ = MessageMemory.isKept
    try check(zmq_ctx_set(raw, ZMQ_IO_THREADS, Int32(ioThreads)), "set \(ioThreads) ZeroMQ I/O threads")
  }

  /// Makes every call on the context's sockets, waiting or later, throw `MessagingError.closed`.
  package func shutDown() { zmq_ctx_shutdown(raw) }

  deinit { while zmq_ctx_term(raw) != 0, zmq_errno() == EINTR {} }
}

/// A ZeroMQ socket with unlimited queues (senders keep within credits) and no lingering; used by one thread at a time.
package final class Socket {
  package enum Kind: Sendable {
    /// Accepts any number of connections; messages begin with a part that names the connection.
    case router
    /// One end of one connection.
    case dealer
  }

  package enum SendResult { case sent, unreachable }

  let raw: UnsafeMutableRawPointer
  private let context: MessagingContext  // Closing a context waits for its sockets: they keep it.

  package init(_ kind: Kind, in context: MessagingContext) throws(MessagingError) {
    guard let socket = zmq_socket(context.raw, kind == .router ? ZMQ_ROUTER : ZMQ_DEALER) else {
      throw .lastCall("create a ZeroMQ socket")
    }
    raw = socket
    self.context = context
    try set(ZMQ_LINGER, to: 0, "ZMQ_LINGER")
    try set(ZMQ_SNDHWM, to: 0, "ZMQ_SNDHWM")
    try set(ZMQ_RCVHWM, to: 0, "ZMQ_RCVHWM")
    if kind == .router {
      try set(ZMQ_ROUTER_MANDATORY, to: 1, "ZMQ_ROUTER_MANDATORY")
      // Naming a domain, with nobody to authenticate it, has one effect: connections of ZMTP 1 and 2 are cut. Ours are ZMTP 3;
      // bytes of strangers mostly read as ZMTP 1, and libzmq 4.3.4 aborts the process when such a one comes while the socket
      // is closed (`process_routing_id_msg` in its zmtp_engine.cpp).
      try check(zmq_setsockopt(raw, ZMQ_ZAP_DOMAIN, "halo", 4), "set ZMQ_ZAP_DOMAIN")
    }
  }

  deinit { zmq_close(raw) }

  /// Waits at most so long, once closed, for messages still to leave.
  package func setLinger(milliseconds: Int) throws(MessagingError) {
    try set(ZMQ_LINGER, to: Int32(milliseconds), "ZMQ_LINGER")
  }

  /// Bounds what the system takes of messages on their way out, on connections made from now on; `nil`: it decides itself.
  package func setSendBuffer(bytes: Int?) throws(MessagingError) {
    if let bytes { try set(ZMQ_SNDBUF, to: Int32(clamping: bytes), "ZMQ_SNDBUF") }
  }

  /// Cuts connections that announce a larger message, before any memory is given to it.
  package func setMaximumMessage(bytes: Int) throws(MessagingError) {
    var value = Int64(bytes)
    try check(zmq_setsockopt(raw, ZMQ_MAXMSGSIZE, &value, MemoryLayout<Int64>.size), "set ZMQ_MAXMSGSIZE")
  }

  /// Listens on a port of `host`, an IPv4 address or the name of a network interface; returns the endpoint.
  ///
  /// - Parameter port: `nil`: a free one.
  package func bind(host: String, port: Int? = nil) throws(MessagingError) -> String {
    let place = port.map { "\(host):\($0)" } ?? host
    try check(zmq_bind(raw, "tcp://\(host):\(port.map(String.init) ?? "*")"), "listen on \(place)")
    var text = [CChar](repeating: 0, count: 256)
    var length = text.count
    try check(zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &text, &length), "read the endpoint")
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Connects in the background; an endpoint that nobody listens on is tried again and again.
  package func connect(_ endpoint: String) throws(MessagingError) {
    try check(zmq_connect(raw, endpoint), "connect to \(endpoint)")
  }

  /// Sends one part and empties `message`; `unreachable` when a router's first part names no open connection.
  package func send(_ message: Message, more: Bool = false) throws(MessagingError) -> SendResult {
    while zmq_msg_send(message.raw, raw, more ? ZMQ_SNDMORE : 0) < 0 {
      switch zmq_errno() {
      case EINTR: continue
      case EHOSTUNREACH: return .unreachable
      default: throw .lastCall("send a message")
      }
    }
    return .sent
  }

  /// Receives one part into `message`.
  ///
  /// - Returns: False when there is none and `wait` is false.
  package func receive(into message: Message, wait: Bool) throws(MessagingError) -> Bool {
    while zmq_msg_recv(message.raw, raw, wait ? 0 : ZMQ_DONTWAIT) < 0 {
      switch zmq_errno() {
      case EINTR: continue
      case EAGAIN: return false
      default: throw .lastCall("receive a message")
      }
    }
    return true
  }

  /// Discards the rest of a multipart message.
  package func skipParts(after message: Message) throws(MessagingError) {
    while message.hasMore, try receive(into: message, wait: true) {}
  }

  private func set(_ option: Int32, to value: Int32, _ name: String) throws(MessagingError) {
    var copy = value
    try check(zmq_setsockopt(raw, option, &copy, MemoryLayout<Int32>.size), "set \(name)")
  }
}

/// Waits until one of several sockets, or an event of the operating system, has something to read.
package final class Poller {
  private let items: UnsafeMutablePointer<zmq_pollitem_t>
  private let count: Int

  /// - Parameter descriptor: A file descriptor to watch as well, after the sockets.
  package init(_ sockets: [Socket], descriptor: Int32? = nil) {
    count = sockets.count + (descriptor == nil ? 0 : 1)
    items = .allocate(capacity: max(1, count))
    for (index, socket) in sockets.enumerated() {
      items[index] = zmq_pollitem_t(socket: socket.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    }
    if let descriptor { items[count - 1] = zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0) }
  }

  deinit { items.deallocate() }

  /// Waits until something can be read, at most `milliseconds`; a signal ends the wait early.
  package func wait(milliseconds: Int) throws(MessagingError) {
    for index in 0..<count { items[index].revents = 0 }
    let result = zmq_poll(items, Int32(count), max(0, milliseconds))
    if result < 0, zmq_errno() == EINTR { return }
    try check(result, "wait for messages")
  }

  /// True when the `index`-th socket (or the descriptor) had something to read at the last wait.
  package func isReadable(_ index: Int) -> Bool { items[index].revents & Int16(ZMQ_POLLIN) != 0 }
}

extension MessagingError {
  /// The error of the ZeroMQ call that just failed.
  fileprivate static func lastCall(_ operation: String) -> MessagingError {
    let code = zmq_errno()
    if code == CZeroMQ.ETERM { return .closed }
    return .library(operation: operation, reason: String(cString: zmq_strerror(code)))
  }
}

/// Every return code of the ZeroMQ library passes here; negative ones throw.
@discardableResult
private func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(MessagingError) -> Int32 {
  guard result >= 0 else { throw .lastCall(operation()) }
  return result
}
