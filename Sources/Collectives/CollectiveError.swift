/// An operation of a process group that did not complete.
public enum CollectiveError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The MPI library returned an error code.
  case library(operation: String, rank: Int, code: Int32, reason: String)
  /// A message had another size, in bytes, than its receiver had prepared for.
  case sizeMismatch(operation: String, rank: Int, peer: Int, expected: Int, found: Int)
  /// Members called different operations at the same point.
  case operationMismatch(rank: Int, operation: String, peer: Int, peerOperation: String)
  /// A member ended while this one waited for it; `reason` is its error.
  case memberGone(rank: Int, operation: String, peer: Int, reason: String)
  /// A message decoded to something its sender cannot have meant.
  case malformed(operation: String, rank: Int, peer: Int, reason: String)

  public var description: String {
    switch self {
    case .library(let operation, let rank, let code, let reason):
      "worker \(rank): \(operation): \(reason) (MPI error \(code))"
    case .sizeMismatch(let operation, let rank, let peer, let expected, let found):
      "worker \(rank): \(operation): expected \(expected) bytes from worker \(peer), found \(found)"
    case .operationMismatch(let rank, let operation, let peer, let peerOperation):
      "worker \(rank): \(operation): worker \(peer) called \(peerOperation) instead"
    case .memberGone(let rank, let operation, let peer, let reason):
      "worker \(rank): \(operation): worker \(peer) has ended: \(reason)"
    case .malformed(let operation, let rank, let peer, let reason):
      "worker \(rank): \(operation): message from worker \(peer): \(reason)"
    }
  }
}
