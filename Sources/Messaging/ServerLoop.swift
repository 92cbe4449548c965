/// A server's thread: receives, dispatches, answers.
final class ServerLoop: @unchecked Sendable {
  // Sendable: after `init` only the server's thread touches it; it owns the loop, so that the socket closes with the thread.
  private let socket: Socket
  private let token: UInt64
  private let handlers: [MessageKind: RequestHandler]
  private let options: Server.Options
  private let counters: ServerCounters
  private let queue = RequestQueue()
  private let unread: UnreadAnswers?
  private let event: WakeUpEvent
  private let poller: Poller
  /// Messages read between two that are served, so that a flood of them stops nobody's answer.
  private static let mostReads = 1_024
  /// Milliseconds; what ends the wait is a message or the event.
  private static let longestWait = 60_000

  /// - Parameter event: Signalled when requests from the future are to be tried again.
  init(
    socket: Socket, token: UInt64, handlers: [MessageKind: RequestHandler], options: Server.Options, counters: ServerCounters,
    event: WakeUpEvent
  ) {
    self.socket = socket
    self.event = event
    poller = Poller([socket], descriptor: event.descriptor)
    self.token = token
    self.handlers = handlers
    self.options = options
    self.counters = counters
    unread = options.maximumUnreadBytes == nil ? nil : UnreadAnswers()
  }

  /// Serves until the context is shut down.
  func run() {
    do {
      while true {
        try readAll()
        if event.isUp, event.clear() { queue.unpark() }
        if let entry = queue.takeOldest() {
          if try serve(entry) { queue.giveBack(entry) } else { queue.park(entry) }
        }
      }
    } catch .closed {
      return
    } catch {
      fatalError("the message server cannot go on: \(error)")
    }
  }

  /// Reads what has come, and waits for it only where no request is left to serve.
  private func readAll() throws(MessagingError) {
    for _ in 0..<Self.mostReads {
      let entry = queue.takeSpare()
      guard try socket.receive(into: entry.sender, wait: false) else {
        queue.giveBack(entry)
        guard queue.isEmpty else { return }
        try poller.wait(milliseconds: Self.longestWait)
        guard poller.isReadable(1) else { continue }
        if event.clear() { queue.unpark() }
        return
      }
      if let header = try readRequest(entry) { queue.append(entry, header) } else { queue.giveBack(entry) }
    }
  }

  /// Reads what follows the sender's name; the header of a request that is to be served.
  private func readRequest(_ entry: RequestQueue.Entry) throws(MessagingError) -> FrameHeader? {
    guard entry.sender.hasMore else {
      counters.dropped.add()
      return nil
    }
    _ = try socket.receive(into: entry.request, wait: true)
    guard !entry.request.hasMore else {
      try socket.skipParts(after: entry.request)
      counters.dropped.add()
      return nil
    }
    return try accept(entry)
  }

  /// Answers what cannot be served, and drops what is no request.
  private func accept(_ entry: RequestQueue.Entry) throws(MessagingError) -> FrameHeader? {
    let bytes = UnsafeRawBufferPointer(entry.request.bytes)
    let known = options.answersStrangers ? FrameHeader.token(of: bytes) ?? token : token
    let header: FrameHeader
    do throws(FrameHeader.Fault) {
      header = try FrameHeader(parsing: bytes, token: known)
    } catch {
      guard case .version(let version, let kind, let requestID) = error else {
        counters.dropped.add()
        return nil
      }
      let answered = FrameHeader(kind: kind, token: known, requestID: requestID)
      try refuse(entry, answered, "message version \(version), this worker speaks \(FrameHeader.currentVersion)")
      return nil
    }
    counters.bytesReceived.add(bytes.count)
    guard let reason = reasonAgainst(header, bytes: bytes.count) else { return header }
    try refuse(entry, header, reason)
    return nil
  }

  /// Why a request is not even queued; `nil` where it is.
  private func reasonAgainst(_ header: FrameHeader, bytes: Int) -> String? {
    guard header.token == token else { return "the token is not this server's" }
    guard let kind = MessageKind(rawValue: header.kind), handlers[kind] != nil else {
      return "messages of kind \(header.kind) are not served here"
    }
    guard bytes <= options.maximumRequestBytes else {
      return "a request of \(bytes) bytes is above the limit of \(options.maximumRequestBytes)"
    }
    guard queue.bytes == 0 || queue.bytes + bytes <= options.maximumQueuedBytes else {
      return "the queue is full: \(queue.bytes) bytes of requests wait, the limit is \(options.maximumQueuedBytes)"
    }
    return nil
  }

  /// Answers a request; false: its time has not come.
  private func serve(_ entry: RequestQueue.Entry) throws(MessagingError) -> Bool {
    let header = entry.header
    if let unread, let limit = options.maximumUnreadBytes {
      let bytes = unread.bytes(to: entry.sender)
      guard bytes <= limit else {
        try refuse(entry, header, "\(bytes) bytes of answers wait to be read, the limit is \(limit)")
        return true
      }
    }
    guard let kind = MessageKind(rawValue: header.kind), let handler = handlers[kind] else {
      try refuse(entry, header, "messages of kind \(header.kind) are not served here")
      return true
    }
    let reply: ReplyBuffer
    do {
      reply = try handler(Request(header, kind: kind, message: entry.request))
    } catch is NotYet {
      return false
    } catch {
      try refuse(entry, header, "\(error)")
      return true
    }
    var answer = header
    answer.count = reply.count
    answer.detail = reply.detail
    counters.served.add()
    try send(answer, reply.buffer, to: entry.sender)
    return true
  }

  private func refuse(_ entry: RequestQueue.Entry, _ header: FrameHeader, _ reason: String) throws(MessagingError) {
    var answer = FrameHeader(kind: MessageKind.failure.rawValue, token: header.token, requestID: header.requestID)
    answer.part = header.part
    counters.refused.add()
    try send(answer, MessageBuffer(text: reason), to: entry.sender)
  }

  private func send(_ header: FrameHeader, _ buffer: MessageBuffer, to sender: Message) throws(MessagingError) {
    let answer = buffer.takeMessage(header)
    let bytes = answer.bytes.count
    let message = unread?.counting(answer, to: sender) ?? answer
    guard try socket.send(sender, more: true) == .sent else { return counters.undeliverable.add() }
    _ = try socket.send(message)
    counters.bytesSent.add(bytes)
  }
}
