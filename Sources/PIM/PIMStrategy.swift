/// How an aggregation is spread over a machine, in PyGim's terms.
///
/// - Across clusters: `slices` slices of the sources, with the edges from them (edge-level), times `columnParts` parts of the columns
///   (feature-level); every cluster, a rank or `1 / clustersPerRank` of one, holds one tile.
/// - Inside a cluster: destinations over cores (`cores`); each core holds the whole tile of source rows.
/// - Inside a core: edges over tasklets (`taskletSplit`).
///
/// Giannoula et al., "PyGim", SIGMETRICS 2025, arXiv:2402.16731, §4.
public struct PIMStrategy: Hashable, Codable, Sendable, CustomStringConvertible {
  /// How a core finds its edges.
  public enum Format: String, Codable, Sendable, CaseIterable {
    /// Row offsets and sources.
    case csr
    /// A destination and a source for each edge.
    case coo
  }

  /// How destinations are spread over the cores of a cluster.
  public enum Cores: String, Codable, Sendable, CaseIterable {
    /// Equally many rows (RV).
    case rows
    /// Whole rows, equally many edges (RE in CSR, CE in COO).
    case nonZeros
    /// Equally many edges, rows split between neighbours (CP; COO alone).
    case exact
  }

  /// How the edges of a core are spread over its tasklets.
  public enum Tasklets: String, Codable, Sendable, CaseIterable {
    /// Equally many rows (CSR alone).
    case rows
    /// Whole rows, equally many edges (RGRN in COO).
    case nonZeros
    /// Equally many edges; every row is added to its output under the core's lock (CG_LOCK; COO alone).
    case exactLocked
    /// Equally many edges; the sums of rows at the ends wait in the scratchpad for one tasklet to add (LOCKFREE; COO alone).
    case exactLockFree
  }

  public var slices = 1
  public var columnParts = 1
  public var clustersPerRank = 1
  public var format = Format.csr
  public var cores = Cores.nonZeros
  public var taskletSplit = Tasklets.nonZeros
  public var elementType = PIMElementType.int32
  /// Sums without factors; what factors there are scale rows on the host.
  public var addOnly = false
  public var tasklets = 16
  /// Bytes of a block in which indices and factors are read.
  public var streamBytes = 32

  public init() {}

  public init(_ slices: Int, _ columnParts: Int, clustersPerRank: Int = 1) {
    self.slices = slices
    self.columnParts = columnParts
    self.clustersPerRank = clustersPerRank
  }

  /// Combinations of format and splits that exist.
  public static let layouts: [(format: Format, cores: Cores, tasklets: Tasklets)] =
    [
      (.csr, .rows, .rows), (.csr, .rows, .nonZeros), (.csr, .nonZeros, .rows), (.csr, .nonZeros, .nonZeros),
      (.coo, .nonZeros, .nonZeros), (.coo, .nonZeros, .exactLocked), (.coo, .nonZeros, .exactLockFree),
      (.coo, .exact, .nonZeros), (.coo, .exact, .exactLocked), (.coo, .exact, .exactLockFree),
    ]

  var isLayout: Bool { Self.layouts.contains { $0.format == format && $0.cores == cores && $0.tasklets == taskletSplit } }

  /// The strategy with another layout.
  public func with(_ layout: (format: Format, cores: Cores, tasklets: Tasklets)) -> PIMStrategy {
    var other = self
    (other.format, other.cores, other.taskletSplit) = layout
    return other
  }

  /// Slices, column parts and clusters of a rank as PyGim writes them, then the rest.
  public var description: String {
    "\(slices)-\(columnParts)-\(clustersPerRank) \(format.rawValue) \(cores.rawValue)/\(taskletSplit.rawValue) \(elementType.rawValue) "
      + (addOnly ? "add" : "multiply-add")
  }
}
