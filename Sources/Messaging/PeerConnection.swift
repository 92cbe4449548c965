import Telemetry

/// A client's connection to one peer, and the credit in use on it.
final class PeerConnection {
  let rank: Int
  let endpoint: String
  let socket: Socket
  private(set) var traffic = Client.Traffic()
  /// Requests sent and not yet answered.
  private(set) var openCount = 0
  /// When the peer last answered, or last began to owe an answer.
  private(set) var lastProgress: UInt64 = 0
  private let credit: Int
  private var usedCredit = 0
  private var waiting: [Int] = []
  private var firstWaiting = 0

  init(rank: Int, endpoint: String, context: MessagingContext, credit: Int) throws(MessagingError) {
    self.rank = rank
    self.endpoint = endpoint
    self.credit = credit
    socket = try Socket(.dealer, in: context)
    try socket.connect(endpoint)
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
      _ = try socket.send(message)  // A dealer with an unlimited queue always takes it.
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
