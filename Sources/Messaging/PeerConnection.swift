import Telemetry

/// A client's connections to one peer, and the credit in use on them.
final class PeerConnection {
  let rank: Int
  let endpoint: String
  /// Used in turn.
  let sockets: [Socket]
  private(set) var traffic = Client.Traffic()
  /// Requests sent and not yet answered.
  private(set) var openCount = 0
  /// When the peer last answered, or last began to owe an answer.
  private(set) var lastProgress: UInt64 = 0
  private let credit: Int
  private var usedCredit = 0
  private var waiting: [Int] = []
  private var firstWaiting = 0
  private var nextSocket = 0

  /// - Parameters:
  ///   - endpoint: One endpoint, or several separated by commas, each of which gets a connection at least.
  init(rank: Int, endpoint: String, context: MessagingContext, limits: Client.Limits) throws(MessagingError) {
    self.rank = rank
    self.endpoint = endpoint
    credit = limits.creditBytes
    let endpoints = endpoint.split(separator: ",").map(String.init)
    var sockets: [Socket] = []
    for index in 0..<max(limits.connections, endpoints.count) {
      sockets.append(try Socket(.dealer, in: context))
      try sockets[index].setSendBuffer(bytes: limits.sendBufferBytes)
      try sockets[index].connect(endpoints.isEmpty ? endpoint : endpoints[index % endpoints.count])
    }
    self.sockets = sockets
  }

  /// Appends a request of the round to those that wait for credit.
  func enqueue(_ index: Int) { waiting.append(index) }

  /// Sends waiting requests while they fit into the credit; a request that fits into none travels alone.
  func sendWithinCredit(_ round: RequestRound) throws(MessagingError) {
    while firstWaiting < waiting.count {
      let index = waiting[firstWaiting]
      guard openCount == 0 || usedCredit + round.costs[index] <= credit else { return }
      let message = round.requests[index].buffer.takeMessage(round.open(index))
      traffic.bytesSent += message.bytes.count
      traffic.requests += 1
      _ = try sockets[nextSocket].send(message)  // A dealer with an unlimited queue always takes it.
      nextSocket = nextSocket + 1 == sockets.count ? 0 : nextSocket + 1
      if openCount == 0 { lastProgress = MonotonicClock.now() }
      openCount += 1
      usedCredit += round.costs[index]
      firstWaiting += 1
    }
  }

  /// An answer has come: its request's credit is free again.
  func settle(cost: Int, replyBytes: Int) {
    openCount -= 1
    usedCredit -= cost
    traffic.replies += 1
    traffic.bytesReceived += replyBytes
    lastProgress = MonotonicClock.now()
  }

  /// Ends the round; answers that still come will find no request.
  func forgetRequests() {
    openCount = 0
    usedCredit = 0
    firstWaiting = 0
    waiting.removeAll(keepingCapacity: true)
  }

  /// What a message says about a request of `kind`.
  ///
  /// - Throws: `MessagingError.refused` for a failure reply, `.malformedReply` for an answer of another kind.
  func reply(_ header: FrameHeader, message: Message, to kind: MessageKind) throws(MessagingError) -> Reply {
    if header.kind == MessageKind.failure.rawValue {
      let text = UnsafeRawBufferPointer(message.bytes)[FrameHeader.size...].prefix(1_000)
      let line = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
      throw .refused(peer: rank, endpoint: endpoint, reason: line)
    }
    guard header.kind == kind.rawValue, let reply = Reply(header, message: message) else {
      throw malformed("kind \(header.kind) with detail \(header.detail) to a request of kind \(kind.rawValue)")
    }
    return reply
  }

  func malformed(_ reason: String) -> MessagingError { .malformedReply(peer: rank, endpoint: endpoint, reason: reason) }
}
