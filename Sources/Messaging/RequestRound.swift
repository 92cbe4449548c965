/// The requests of one `Client.call` and what has become of them.
final class RequestRound {
  let requests: [OutgoingRequest]
  /// Bytes that each request and its answer hold of a peer's credit.
  let costs: [Int]
  private(set) var unanswered: Int
  /// The first request, in order, that was not served.
  private(set) var failure: (index: Int, error: any Error)?
  private let firstID: UInt64
  private let token: UInt64
  private var isOpen: [Bool]

  init(_ requests: [OutgoingRequest], firstID: UInt64, token: UInt64) {
    self.requests = requests
    self.firstID = firstID
    self.token = token
    unanswered = requests.count
    costs = requests.map { 2 * FrameHeader.size + $0.buffer.payloadBytes + $0.expectedReplyBytes }
    isOpen = [Bool](repeating: false, count: requests.count)
  }

  /// The header of a request that leaves now and waits for its answer from here on.
  func open(_ index: Int) -> FrameHeader {
    let request = requests[index]
    isOpen[index] = true
    var header = FrameHeader(kind: request.kind.rawValue, token: token, requestID: firstID + UInt64(index))
    header.table = request.table
    header.part = request.part
    header.step = request.step
    header.count = request.count
    header.detail = request.detail
    return header
  }

  /// Closes the request with this id; `nil` when `peer` owes no answer to any such request.
  func close(_ requestID: UInt64, of peer: Int) -> Int? {
    guard requestID >= firstID, let index = Int(exactly: requestID - firstID), index < requests.count else { return nil }
    guard isOpen[index], requests[index].peer == peer else { return nil }
    isOpen[index] = false
    unanswered -= 1
    return index
  }

  /// Runs what is to be done with the answer to a request, and keeps its error when it is the first in order.
  func record(_ index: Int, _ body: () throws -> Void) {
    do { try body() } catch { if failure.map({ index < $0.index }) ?? true { failure = (index, error) } }
  }
}
