import Synchronization
import Telemetry

/// Asks other workers, and waits for their answers.
///
/// Used by one thread at a time; two calls at once trap.
public final class Client {
  /// Bounds of a client's patience and appetite.
  public struct Limits: Sendable, Equatable {
    /// Bytes of requests and expected answers under way to one peer at any time; a larger request travels alone.
    public var creditBytes = 32 << 20
    /// A peer that owes an answer and sends nothing for so long is given up.
    public var timeoutSeconds = 60.0
    /// Largest request that is sent, with its header.
    public var maximumRequestBytes = Server.defaultMaximumRequestBytes
    /// Connections to each peer, used in turn; a peer whose server has more threads gets one for each of them.
    public var connections = 1
    /// Threads that move bytes between memory and network.
    public var ioThreads = 1
    /// Bytes of requests on each connection that the system holds until they have arrived; `nil`: it decides.
    public var sendBufferBytes: Int? = Server.defaultSendBufferBytes

    public init() {}
  }

  /// What has passed between this client and one peer, headers included.
  public struct Traffic: Equatable, Sendable {
    public var requests = 0
    public var replies = 0
    public var bytesSent = 0
    public var bytesReceived = 0

    public init() {}

    /// Both added up.
    public static func + (one: Traffic, other: Traffic) -> Traffic {
      var sum = one
      sum.requests += other.requests
      sum.replies += other.replies
      sum.bytesSent += other.bytesSent
      sum.bytesReceived += other.bytesReceived
      return sum
    }
  }

  private let token: UInt64
  private let limits: Limits
  private var peers: [PeerConnection] = []
  private var indexOfRank: [Int: Int] = [:]
  /// Every connection, peer by peer, as the poller numbers them, and those of each peer.
  private let sockets: [Socket]
  private let socketsOfPeer: [Range<Int>]
  private let poller: Poller
  private var nextRequestID: UInt64 = 1
  private var incoming = Message()
  private let isCalling = Atomic<Bool>(false)
  /// Messages that answered none of this client's open requests.
  public private(set) var droppedCount = 0

  /// - Parameters:
  ///   - token: Number that all workers of this job share.
  ///   - endpoints: Where each peer's server listens, by rank; see `Server.endpoint`.
  /// - Throws: `MessagingError` when an endpoint is not one.
  public init(token: UInt64, endpoints: [Int: String], limits: Limits = Limits()) throws {
    self.token = token
    self.limits = limits
    let context = try MessagingContext(ioThreads: limits.ioThreads)
    var sockets: [Socket] = []
    var socketsOfPeer: [Range<Int>] = []
    for (rank, endpoint) in endpoints.sorted(by: { $0.key < $1.key }) {
      indexOfRank[rank] = peers.count
      let peer = try PeerConnection(
        rank: rank, endpoint: endpoint, context: context, limits: limits)
      peers.append(peer)
      socketsOfPeer.append(sockets.count..<sockets.count + peer.sockets.count)
      sockets += peer.sockets
    }
    self.sockets = sockets
    self.socketsOfPeer = socketsOfPeer
    poller = Poller(sockets)
  }

  /// Bytes of requests and expected answers that may be under way to all peers together; a larger request travels alone.
  public var creditBytes: Int { limits.creditBytes * peers.count }

  /// Traffic with each peer so far, by rank.
  public var traffic: [Int: Traffic] { Dictionary(uniqueKeysWithValues: peers.map { ($0.rank, $0.traffic) }) }

  /// Sends all requests, within each peer's credit, and returns the answers in the order of the requests.
  ///
  /// - Throws: What `call(_:receive:)` throws.
  public func call(_ requests: [OutgoingRequest]) throws -> [Reply] {
    var replies = [Reply?](repeating: nil, count: requests.count)
    try call(requests) { index, reply in replies[index] = reply }
    return replies.map { $0! }  // Safe: the call above returns only when every request was answered.
  }

  /// Sends all requests, within each peer's credit, and hands over each answer when it comes, whatever the order.
  ///
  /// - Parameter receive: Takes the index of a request and its answer, on the caller's thread.
  /// - Throws: `MessagingError.refused`, `.malformedReply` or what `receive` threw, for the first request in order that had
  ///   such an end, after all others were answered; `.timedOut` for a peer that sends nothing; `.unknownPeer` and
  ///   `.requestTooLarge` before anything is sent.
  public func call(_ requests: [OutgoingRequest], receive: (Int, Reply) throws -> Void) throws {
    precondition(!isCalling.exchange(true, ordering: .acquiring), "a client is used by one thread at a time")
    defer { isCalling.store(false, ordering: .releasing) }
    try check(requests)
    let round = RequestRound(requests, firstID: nextRequestID, token: token)
    nextRequestID += UInt64(requests.count)
    defer { for peer in peers { peer.forgetRequests() } }
    for (index, request) in requests.enumerated() { peers[indexOfRank[request.peer]!].enqueue(index) }
    for peer in peers { try peer.sendWithinCredit(round) }
    while round.unanswered > 0 {
      try waitForReplies()
      for (index, peer) in peers.enumerated() {
        for number in socketsOfPeer[index] where poller.isReadable(number) {
          while try sockets[number].receive(into: incoming, wait: false) {
            try take(from: peer, sockets[number], round, receive)
            // A receiver that kept the reply keeps its message.
            if !isKnownUniquelyReferenced(&incoming) { incoming = Message() }
          }
          try peer.sendWithinCredit(round)
        }
      }
    }
    if let failure = round.failure { throw failure.error }
  }

  private func check(_ requests: [OutgoingRequest]) throws(MessagingError) {
    for request in requests {
      guard indexOfRank[request.peer] != nil else { throw .unknownPeer(request.peer) }
      let bytes = FrameHeader.size + request.buffer.payloadBytes
      guard bytes <= limits.maximumRequestBytes else { throw .requestTooLarge(bytes: bytes, limit: limits.maximumRequestBytes) }
    }
  }

  /// Waits until a peer sent something, or one that owes an answer has been silent for too long.
  private func waitForReplies() throws(MessagingError) {
    let patience = UInt64(limits.timeoutSeconds * 1e9)
    guard let oldest = peers.lazy.filter({ $0.openCount > 0 }).map(\.lastProgress).min() else { return }
    let now = MonotonicClock.now()
    let deadline = oldest + patience
    try poller.wait(milliseconds: deadline > now ? Int((deadline - now) / 1_000_000) + 1 : 0)
    let woken = MonotonicClock.now()
    for (index, peer) in peers.enumerated() where peer.openCount > 0 && !socketsOfPeer[index].contains(where: poller.isReadable) {
      guard woken < peer.lastProgress + patience else {
        throw .timedOut(peer: peer.rank, endpoint: peer.endpoint, seconds: limits.timeoutSeconds)
      }
    }
  }

  /// Checks the message just received from `peer` and closes the request that it answers; drops anything else.
  private func take(
    from peer: PeerConnection, _ socket: Socket, _ round: RequestRound, _ receive: (Int, Reply) throws -> Void
  ) throws(MessagingError) {
    guard !incoming.hasMore else {
      try socket.skipParts(after: incoming)
      droppedCount += 1
      return
    }
    let bytes = UnsafeRawBufferPointer(incoming.bytes)
    do throws(FrameHeader.Fault) {
      let header = try FrameHeader(parsing: bytes, token: token)
      guard let index = round.close(header.requestID, of: peer.rank) else {
        droppedCount += 1
        return
      }
      peer.settle(cost: round.costs[index], replyBytes: bytes.count)
      round.record(index) { try receive(index, try peer.reply(header, message: incoming, to: round.requests[index].kind)) }
    } catch {
      guard case .version(let version, _, let requestID) = error, let index = round.close(requestID, of: peer.rank) else {
        droppedCount += 1
        return
      }
      peer.settle(cost: round.costs[index], replyBytes: bytes.count)
      round.record(index) { throw peer.malformed("message version \(version), this worker speaks \(FrameHeader.currentVersion)") }
    }
  }
}
