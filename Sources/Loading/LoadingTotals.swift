public import KVStore
public import Messaging

/// What loading batches has taken and moved so far.
public struct LoadingTotals: Sendable {
  /// Rows of input nodes.
  public var rows = RowTraffic()
  /// Rows of sampled edges, all tables together.
  public var edgeRows = RowTraffic()
  /// Bytes and requests to and from each peer, by rank.
  public var peers: [Int: Client.Traffic] = [:]
  /// Nodes whose sampling was asked of other workers.
  public var remoteNodes = 0
  /// Time of loading ahead: sampling, and deciding and pulling rows. Rows may travel while the next steps are sampled.
  public var sampleNanoseconds = 0
  public var fetchNanoseconds = 0
  /// Steps that are fetched ahead of the one that is computed, and sampled ahead of those.
  public var stepsFetchedAhead = 0
  public var stepsSampledAhead = 0
  /// Most bytes that were held so far of what the budget bounds: batches beside the one that is computed, and all that loading them needs.
  public var bytesAhead = 0

  public init() {}
}
