import Telemetry

/// Rows that a store has resolved so far, and bytes that came over the wire for them.
public struct RowTraffic: Equatable, Sendable {
  /// What one peer has sent.
  public struct Pulled: Equatable, Sendable {
    public var rows: Int
    /// Bytes of the rows themselves, without headers.
    public var bytes: Int

    public init(rows: Int = 0, bytes: Int = 0) {
      self.rows = rows
      self.bytes = bytes
    }
  }

  /// Rows of all lists.
  public var rowsAsked = 0
  /// Of these, rows read in place in this process's memory.
  public var rowsLocal = 0
  /// Of these, replicas of rows that other processes own.
  public var rowsReplicated = 0
  /// Different rows of a step that were still there from an earlier one, added up over steps.
  public var rowsCached = 0
  /// Bytes of a row as stored, without padding; `nil` for sparse tables, whose rows differ.
  public var rowBytes: Int?
  /// Rows and bytes that came over the wire, by rank.
  public var pulled: [Int: Pulled] = [:]
  /// Bytes of rows that were here, or had come, and were copied again before they were read: local, cached and pulled rows never are, only
  /// those of two tables that are joined into one matrix.
  public var bytesCopied = 0
  /// Processor time that deciding which rows are kept has taken.
  public var planNanoseconds = 0

  public init() {}

  /// Both added up; the size of a row where it is the same.
  public static func + (one: RowTraffic, other: RowTraffic) -> RowTraffic {
    var sum = one
    sum.rowsAsked += other.rowsAsked
    sum.rowsLocal += other.rowsLocal
    sum.rowsReplicated += other.rowsReplicated
    sum.rowsCached += other.rowsCached
    if one.rowBytes != other.rowBytes { sum.rowBytes = nil }
    sum.pulled.merge(other.pulled) { Pulled(rows: $0.rows + $1.rows, bytes: $0.bytes + $1.bytes) }
    sum.bytesCopied += other.bytesCopied
    sum.planNanoseconds += other.planNanoseconds
    return sum
  }

  /// Rows asked that are not in this process's memory.
  public var rowsRemote: Int { rowsAsked - rowsLocal }
  public var rowsPulled: Int { pulled.values.reduce(0) { $0 + $1.rows } }
  public var bytesPulled: Int { pulled.values.reduce(0) { $0 + $1.bytes } }
  /// Remote rows that needed nothing because another list of the same step, or the same, had asked for them.
  public var rowsDeduplicated: Int { rowsRemote - rowsCached - rowsPulled }
  /// Bytes of all rows asked; `nil` for sparse tables.
  public var bytesAsked: Int? { rowBytes.map { $0 * rowsAsked } }
}

/// The counters behind `RowTraffic`, which any thread may read.
final class RowCounters: Sendable {
  let asked = Counter()
  let local = Counter()
  let replicated = Counter()
  let cached = Counter()
  let copiedBytes = Counter()
  let planNanoseconds = Counter()
  private let peers: [Int: (rows: Counter, bytes: Counter)]

  init(peers: Set<Int>) {
    self.peers = Dictionary(uniqueKeysWithValues: peers.map { ($0, (Counter(), Counter())) })
  }

  func addPulled(rows: Int, bytes: Int, from peer: Int) {
    peers[peer]?.rows.add(rows)
    peers[peer]?.bytes.add(bytes)
  }

  func traffic(rowBytes: Int?) -> RowTraffic {
    var traffic = RowTraffic()
    traffic.rowsAsked = asked.value
    traffic.rowsLocal = local.value
    traffic.rowsReplicated = replicated.value
    traffic.rowsCached = cached.value
    traffic.rowBytes = rowBytes
    traffic.pulled = peers.mapValues { RowTraffic.Pulled(rows: $0.rows.value, bytes: $0.bytes.value) }
    traffic.bytesCopied = copiedBytes.value
    traffic.planNanoseconds = planNanoseconds.value
    return traffic
  }
}
