/// What went wrong between workers.
public enum MessagingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A call of the ZeroMQ library failed.
  case library(operation: String, reason: String)
  /// The socket's context was shut down: whoever waited on it is to end.
  case closed
  /// A peer answered that it could not serve a request.
  case refused(peer: Int, endpoint: String, reason: String)
  /// A peer owed an answer and sent nothing for so long.
  case timedOut(peer: Int, endpoint: String, seconds: Double)
  /// A peer's answer is not what its request asked for.
  case malformedReply(peer: Int, endpoint: String, reason: String)
  /// A request is larger than any server accepts.
  case requestTooLarge(bytes: Int, limit: Int)
  /// There is no connection to this worker.
  case unknownPeer(Int)

  public var description: String {
    switch self {
    case .library(let operation, let reason): "\(operation): \(reason)"
    case .closed: "the message socket was closed"
    case .refused(let peer, let endpoint, let reason): "worker \(peer) (\(endpoint)) refused a request: \(reason)"
    case .timedOut(let peer, let endpoint, let seconds):
      "worker \(peer) (\(endpoint)) owes an answer and has sent nothing for \(Self.text(seconds)) s"
    case .malformedReply(let peer, let endpoint, let reason): "worker \(peer) (\(endpoint)) sent a wrong answer: \(reason)"
    case .requestTooLarge(let bytes, let limit): "a request of \(bytes) bytes is above the limit of \(limit)"
    case .unknownPeer(let peer): "there is no connection to worker \(peer)"
    }
  }

  /// `10`, `0.5`: seconds without a trailing zero.
  static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }
}
