/// Modelled seconds and bytes of one aggregation, by phase; nothing in here was measured.
public struct PIMTimes: Hashable, Codable, Sendable {
  /// Edges to the banks: once for a graph.
  public var load = 0.0
  /// Source rows to the banks.
  public var hostToPIM = 0.0
  /// Slowest core of all ranks.
  public var kernel = 0.0
  /// Sums back to the host.
  public var pimToHost = 0.0
  /// The host brings the sums of slices together.
  public var merge = 0.0
  /// Bytes that move for each of these, padding counted: all cores of a rank move as many as the largest.
  public var loadBytes = 0
  public var hostToPIMBytes = 0
  public var pimToHostBytes = 0
  /// Bytes of the fullest bank.
  public var bankBytes = 0
  /// Joules of the modules while the kernel runs, as PyGim counts them.
  public var kernelJoules = 0.0

  public init() {}

  /// Seconds of one aggregation of a graph that is loaded.
  public var total: Double { hostToPIM + kernel + pimToHost + merge }

  /// Both, one after the other.
  public static func + (a: PIMTimes, b: PIMTimes) -> PIMTimes {
    var sum = a
    sum.load += b.load
    sum.hostToPIM += b.hostToPIM
    sum.kernel += b.kernel
    sum.pimToHost += b.pimToHost
    sum.merge += b.merge
    sum.loadBytes += b.loadBytes
    sum.hostToPIMBytes += b.hostToPIMBytes
    sum.pimToHostBytes += b.pimToHostBytes
    sum.bankBytes = max(a.bankBytes, b.bankBytes)
    sum.kernelJoules += b.kernelJoules
    return sum
  }
}

/// What one cluster did, or would do.
struct ClusterWork {
  /// Cycles of its slowest core.
  var cycles = 0.0
  /// Largest core's bytes of edges, of source rows and of sums.
  var loadBytes = 0
  var inputBytes = 0
  var sumBytes = 0
  var bankBytes = 0
  /// Rows of sums of all its cores.
  var rows = 0

  mutating func add(_ tile: CoreTile, cycles: Double) {
    self.cycles = max(self.cycles, cycles)
    loadBytes = max(loadBytes, tile.loadBytes)
    inputBytes = max(inputBytes, tile.inputBytes)
    sumBytes = max(sumBytes, tile.sumBytes)
    bankBytes = max(bankBytes, tile.bankBytes)
    rows += tile.rows
  }
}

/// Turns the work of clusters into the times of a machine.
struct PhaseModel {
  let topology: PIMTopology
  /// Whether the cores of a cluster get the same source rows.
  var sharesInputs = true

  /// Everything but the merge.
  ///
  /// - Parameter clusters: Rank of each cluster and what it did.
  func times(_ clusters: [(rank: Int, work: ClusterWork)]) -> PIMTimes {
    var times = PIMTimes()
    times.kernel = (clusters.map(\.work.cycles).max() ?? 0) / (topology.megahertz * 1e6)
    times.bankBytes = clusters.map(\.work.bankBytes).max() ?? 0
    times.kernelJoules = times.kernel * topology.wattsPerModule * Double(topology.modules)
    transfers(clusters, &times)
    return times
  }

  /// - Parameters:
  ///   - widths: Columns of each column part; clusters `c`, `c + widths.count`, … hold those of part `c`.
  ///   - rowCount: Destinations of the whole.
  func times(_ clusters: [(rank: Int, work: ClusterWork)], widths: [Int], rowCount: Int) -> PIMTimes {
    var times = times(clusters)
    for (part, width) in widths.enumerated() {
      let rows = stride(from: part, to: clusters.count, by: widths.count).reduce(0) { $0 + clusters[$1].work.rows }
      times.merge += mergeSeconds(rows: rows, rowCount: rowCount, width: width)
    }
    return times
  }

  /// The host copies the first sums of each destination and adds the others.
  func mergeSeconds(rows: Int, rowCount: Int, width: Int) -> Double {
    let copies = min(rows, rowCount)
    return Double(copies) * topology.host.copySeconds(columns: width) + Double(rows - copies) * topology.host.addSeconds(columns: width)
  }

  /// All cores of a rank move as many bytes as its largest.
  private func transfers(_ clusters: [(rank: Int, work: ClusterWork)], _ times: inout PIMTimes) {
    var largest = [ClusterWork](repeating: ClusterWork(), count: topology.ranks)
    for (rank, work) in clusters {
      largest[rank].loadBytes = max(largest[rank].loadBytes, work.loadBytes)
      largest[rank].inputBytes = max(largest[rank].inputBytes, work.inputBytes)
      largest[rank].sumBytes = max(largest[rank].sumBytes, work.sumBytes)
    }
    for (rank, cores) in topology.coresOfRanks.enumerated() {
      times.loadBytes += largest[rank].loadBytes * cores
      times.hostToPIMBytes += largest[rank].inputBytes * cores
      times.pimToHostBytes += largest[rank].sumBytes * cores
    }
    let (host, ranks) = (topology.host, topology.ranks)
    let inputRate = sharesInputs ? host.broadcastRate(ranks: ranks) : host.writeRate(ranks: ranks)
    let perCore = Double(times.pimToHostBytes) / Double(topology.cores)
    times.load = Double(times.loadBytes) / host.writeRate(ranks: ranks)
    times.hostToPIM = Double(times.hostToPIMBytes) / inputRate
    times.pimToHost = Double(times.pimToHostBytes) / host.readRate(ranks: ranks, bytesPerCore: perCore)
  }
}
