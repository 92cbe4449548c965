/// The server's thread: receives, dispatches, answers.
final class ServerLoop: @unchecked Sendable {
  // Sendable: after `init` only the server's thread touches it; it owns the loop, so that the socket closes with the thread.
  private let socket: Socket
  private let token: UInt64
  private let handlers: [MessageKind: RequestHandler]
  private let maximumRequestBytes: Int
  private let sender = Message()
  private let request = Message()
  private let counters: ServerCounters

  init(socket: Socket, token: UInt64, handlers: [MessageKind: RequestHandler], maximumRequestBytes: Int, counters: ServerCounters) {
    self.socket = socket
    self.token = token
    self.handlers = handlers
    self.maximumRequestBytes = maximumRequestBytes
    self.counters = counters
  }

  /// Serves until the context is shut down.
  func run() {
    do {
      while true { try serveOne() }
    } catch .closed {
      return
    } catch {
      fatalError("the message server cannot go on: \(error)")
    }
  }

  private func serveOne() throws(MessagingError) {
    _ = try socket.receive(into: sender, wait: true)
    guard sender.hasMore else { return counters.dropped.add() }
    _ = try socket.receive(into: request, wait: true)
    guard !request.hasMore else {
      try socket.skipParts(after: request)
      return counters.dropped.add()
    }
    let header: FrameHeader
    do throws(FrameHeader.Fault) {
      header = try FrameHeader(parsing: UnsafeRawBufferPointer(request.bytes), token: token)
    } catch {
      guard case .version(let version, let kind, let requestID) = error else { return counters.dropped.add() }
      return try refuse(
        FrameHeader(kind: kind, token: token, requestID: requestID),
        "message version \(version), this worker speaks \(FrameHeader.currentVersion)")
    }
    counters.bytesReceived.add(request.bytes.count)
    guard let kind = MessageKind(rawValue: header.kind), let handler = handlers[kind] else {
      return try refuse(header, "messages of kind \(header.kind) are not served here")
    }
    guard request.bytes.count <= maximumRequestBytes else {
      return try refuse(header, "a request of \(request.bytes.count) bytes is above the limit of \(maximumRequestBytes)")
    }
    let reply: ReplyBuffer
    do {
      reply = try handler(Request(header, kind: kind, message: request))
    } catch {
      return try refuse(header, "\(error)")
    }
    var answer = header
    answer.count = reply.count
    answer.detail = reply.detail
    counters.served.add()
    try send(answer, reply.buffer)
  }

  private func refuse(_ header: FrameHeader, _ reason: String) throws(MessagingError) {
    var answer = FrameHeader(kind: MessageKind.failure.rawValue, token: token, requestID: header.requestID)
    answer.part = header.part
    counters.refused.add()
    try send(answer, MessageBuffer(text: reason))
  }

  private func send(_ header: FrameHeader, _ buffer: MessageBuffer) throws(MessagingError) {
    let message = buffer.takeMessage(header)
    let bytes = message.bytes.count
    guard try socket.send(sender, more: true) == .sent else { return counters.undeliverable.add() }
    _ = try socket.send(message)
    counters.bytesSent.add(bytes)
  }
}
