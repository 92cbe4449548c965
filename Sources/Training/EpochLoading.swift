import KVStore
import Loading
import Messaging

/// How the rows and samples of one epoch came to a worker: part of a line of `timings.jsonl`.
///
/// Where batches are loaded ahead, an epoch's numbers include what was fetched together with its last step, and what was sampled by then.
public struct EpochLoading: Codable, Equatable, Sendable {
  /// What came from one other worker.
  public struct Peer: Codable, Equatable, Sendable {
    public var worker: Int
    /// Rows, and their bytes without headers.
    public var rows: Int
    public var rowBytes: Int
    /// Requests for rows and samples, and bytes of all messages.
    public var requests: Int
    public var bytesSent: Int
    public var bytesReceived: Int
  }

  /// Rows of sampled edges, of all layers and tables.
  public struct EdgeRows: Codable, Equatable, Sendable {
    /// As of the input rows.
    public var asked: Int
    public var local: Int
    public var deduplicated: Int
    public var cached: Int
    public var pulled: Int
    public var bytes: Int
  }

  /// The thread that loads ahead.
  public struct Ahead: Codable, Equatable, Sendable {
    /// Wall seconds of its work, beside those of the step's stages.
    public var sampleSeconds: Double
    public var fetchSeconds: Double
    /// Steps fetched ahead of the one that is computed, and sampled ahead of those, at the end of the epoch.
    public var stepsFetched: Int
    public var stepsSampled: Int
    /// Most bytes so far that this took, rows that the cache keeps not among them.
    public var bytes: Int
  }

  /// Input rows that batches read, repetitions over parts included.
  public var rowsAsked: Int
  /// Of these, rows in this process's memory, and replicas among them.
  public var rowsLocal: Int
  public var rowsReplicated: Int
  /// Rows of other workers that another list of the same step had asked for.
  public var rowsDeduplicated: Int
  /// Different rows of a step that the cache held.
  public var rowsCached: Int
  public var rowsPulled: Int
  /// Bytes of the rows pulled, without headers.
  public var rowBytes: Int
  /// `nil` where no rows of edges are read; those pulled are among the rows of peers.
  public var edgeRows: EdgeRows?
  /// Bytes of rows that were here, or had come, and were copied again before the model has read them: 0 but where features and learned columns
  /// are joined.
  public var bytesCopied: Int
  /// Processor seconds of deciding what is kept.
  public var planSeconds: Double
  public var peers: [Peer]
  /// `nil` where batches are loaded when they are needed.
  public var ahead: Ahead?

  init(_ now: LoadingTotals, since before: LoadingTotals, loadsAhead: Bool, bytesCopied: Int) {
    rowsAsked = now.rows.rowsAsked - before.rows.rowsAsked
    rowsLocal = now.rows.rowsLocal - before.rows.rowsLocal
    rowsReplicated = now.rows.rowsReplicated - before.rows.rowsReplicated
    rowsDeduplicated = now.rows.rowsDeduplicated - before.rows.rowsDeduplicated
    rowsCached = now.rows.rowsCached - before.rows.rowsCached
    rowsPulled = now.rows.rowsPulled - before.rows.rowsPulled
    rowBytes = now.rows.bytesPulled - before.rows.bytesPulled
    self.bytesCopied = bytesCopied
    let (edges, oldEdges) = (now.edgeRows, before.edgeRows)
    let planNanoseconds = now.rows.planNanoseconds + edges.planNanoseconds - before.rows.planNanoseconds - oldEdges.planNanoseconds
    planSeconds = Double(planNanoseconds) * 1e-9
    if edges.rowsAsked > 0 {
      edgeRows = EdgeRows(
        asked: edges.rowsAsked - oldEdges.rowsAsked, local: edges.rowsLocal - oldEdges.rowsLocal,
        deduplicated: edges.rowsDeduplicated - oldEdges.rowsDeduplicated,
        cached: edges.rowsCached - oldEdges.rowsCached, pulled: edges.rowsPulled - oldEdges.rowsPulled,
        bytes: edges.bytesPulled - oldEdges.bytesPulled)
    }
    let (pulled, oldPulled) = ((now.rows + edges).pulled, (before.rows + oldEdges).pulled)
    peers = now.peers.sorted { $0.key < $1.key }.map { worker, traffic in
      let (old, rows) = (before.peers[worker] ?? Client.Traffic(), pulled[worker] ?? RowTraffic.Pulled())
      let oldRows = oldPulled[worker] ?? RowTraffic.Pulled()
      return Peer(
        worker: worker, rows: rows.rows - oldRows.rows, rowBytes: rows.bytes - oldRows.bytes, requests: traffic.requests - old.requests,
        bytesSent: traffic.bytesSent - old.bytesSent, bytesReceived: traffic.bytesReceived - old.bytesReceived)
    }
    guard loadsAhead else { return }
    ahead = Ahead(
      sampleSeconds: Double(now.sampleNanoseconds - before.sampleNanoseconds) * 1e-9,
      fetchSeconds: Double(now.fetchNanoseconds - before.fetchNanoseconds) * 1e-9, stepsFetched: now.stepsFetchedAhead,
      stepsSampled: now.stepsSampledAhead, bytes: now.bytesAhead)
  }
}

extension EpochLoading {
  /// The mean of several epochs, rounded to whole numbers; of the thread that loads ahead the last.
  init(meanOf epochs: [EpochLoading]) {
    precondition(!epochs.isEmpty, "a mean of nothing")
    func mean(_ value: (EpochLoading) -> Int) -> Int { (epochs.reduce(0) { $0 + value($1) } + epochs.count / 2) / epochs.count }
    func mean(_ worker: Int, _ value: (Peer) -> Int) -> Int { mean { $0.peers.first { $0.worker == worker }.map(value) ?? 0 } }
    self = epochs[epochs.count - 1]
    for field in [
      \EpochLoading.rowsAsked, \.rowsLocal, \.rowsReplicated, \.rowsDeduplicated, \.rowsCached, \.rowsPulled, \.rowBytes, \.bytesCopied,
    ] as [WritableKeyPath<EpochLoading, Int>] { self[keyPath: field] = mean { $0[keyPath: field] } }
    if edgeRows != nil {
      func edges(_ value: (EdgeRows) -> Int) -> Int { mean { $0.edgeRows.map(value) ?? 0 } }
      edgeRows = EdgeRows(
        asked: edges(\.asked), local: edges(\.local), deduplicated: edges(\.deduplicated), cached: edges(\.cached),
        pulled: edges(\.pulled), bytes: edges(\.bytes))
    }
    planSeconds = epochs.reduce(0) { $0 + $1.planSeconds } / Double(epochs.count)
    peers = peers.map { peer in
      Peer(
        worker: peer.worker, rows: mean(peer.worker, \.rows), rowBytes: mean(peer.worker, \.rowBytes),
        requests: mean(peer.worker, \.requests), bytesSent: mean(peer.worker, \.bytesSent),
        bytesReceived: mean(peer.worker, \.bytesReceived))
    }
  }
}
