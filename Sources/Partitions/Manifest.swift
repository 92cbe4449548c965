public import Graphs
public import Tensors

/// What a table holds for each node of a type, or for each edge of a relation.
public struct TableDescription: Codable, Hashable, Sendable {
  public enum Layout: String, Codable, Sendable { case dense, sparse }

  public var name: String
  /// Index of the node type; of the destination's for a table of edges.
  public var nodeType: Int
  /// Index of the relation whose edges the rows are of; `nil`: they are nodes'.
  public var relation: Int?
  public var layout: Layout
  public var columns: Int
  /// Type of the stored elements; float32 for the values of a sparse table. bfloat16 is stored as uint16; rows of int8 carry their
  /// scales.
  public var elementType: ElementType
  /// Distance between rows of a dense table in bytes, padding included; 0 for a sparse one.
  public var strideBytes: Int

  public init(
    name: String, nodeType: Int, relation: Int? = nil, layout: Layout, columns: Int, elementType: ElementType, strideBytes: Int
  ) {
    self.name = name
    self.nodeType = nodeType
    self.relation = relation
    self.layout = layout
    self.columns = columns
    self.elementType = elementType
    self.strideBytes = strideBytes
  }

  /// Which rows of a part are the table's, in the book that numbers them: `PartitionBook(_:)` by node type for a table of nodes,
  /// `PartitionBook(edgesOf:)` by relation for one of edges.
  public var slot: Int { relation ?? nodeType }
}

/// Sizes of one split in one part.
public struct SplitCounts: Codable, Hashable, Sendable {
  /// Training, validation and test nodes of each node type.
  public var train: [Int]
  public var validation: [Int]
  public var test: [Int]

  public init(train: [Int], validation: [Int], test: [Int]) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}

/// Sizes of what a part keeps of other parts' nodes.
public struct ReplicaCounts: Codable, Hashable, Sendable {
  /// Nodes of each type whose table rows are kept.
  public var rows: [Int]
  /// Nodes whose in-edges are kept, these in-edges, and their different sources.
  public var nodes: Int
  public var edges: Int
  public var sources: Int

  public init(rows: [Int], nodes: Int, edges: Int, sources: Int) {
    self.rows = rows
    self.nodes = nodes
    self.edges = edges
    self.sources = sources
  }
}

/// Sizes of one part.
public struct PartCounts: Codable, Hashable, Sendable {
  /// Inner nodes of each node type.
  public var innerNodes: [Int]
  /// Halo nodes of all types.
  public var haloNodes: Int
  /// In-edges of inner nodes, by relation.
  public var edges: [Int]
  /// One entry per split.
  public var splits: [SplitCounts]
  /// What the part holds of each balanced weight, by its constraint's name; `nil` without any.
  public var weights: [String: Int]?
  /// `nil` where nothing is kept of other parts' nodes.
  public var replicas: ReplicaCounts?
  /// Nodes of other parts that are listed with the probability that a batch reads them; `nil` where no fan-out was named.
  public var expectedRows: Int?

  public init(
    innerNodes: [Int], haloNodes: Int, edges: [Int], splits: [SplitCounts], weights: [String: Int]? = nil,
    replicas: ReplicaCounts? = nil, expectedRows: Int? = nil
  ) {
    self.innerNodes = innerNodes
    self.haloNodes = haloNodes
    self.edges = edges
    self.splits = splits
    self.weights = weights
    self.replicas = replicas
    self.expectedRows = expectedRows
  }
}

/// How well a partition does; fractions are of the whole graph.
public struct PartitionMetrics: Codable, Hashable, Sendable {
  /// Directed edges between different parts.
  public var cutEdges: Int
  /// `cutEdges` over all edges.
  public var cut: Double
  /// Halo nodes of all parts.
  public var haloNodes: Int
  /// `haloNodes` over all nodes.
  public var halo: Double
  /// Largest part over the mean part, by constraint; of unequal targets the worst part over its own.
  public var imbalance: [String: Double]

  public init(cutEdges: Int, cut: Double, haloNodes: Int, halo: Double, imbalance: [String: Double]) {
    self.cutEdges = cutEdges
    self.cut = cut
    self.haloNodes = haloNodes
    self.halo = halo
    self.imbalance = imbalance
  }
}

/// How the parts were made.
public struct PartitionerRecord: Codable, Hashable, Sendable {
  public var method: String
  public var seed: UInt64
  /// Tolerance of each balanced constraint, 0.05 for 5 %.
  public var tolerances: [String: Double]
  /// Other options by name.
  public var options: [String: String]
  /// One per part: parts are to hold shares in this proportion; `nil` where these are equal.
  public var partWeights: [Double]?

  public init(method: String, seed: UInt64, tolerances: [String: Double], options: [String: String], partWeights: [Double]? = nil) {
    self.method = method
    self.seed = seed
    self.tolerances = tolerances
    self.options = options
    self.partWeights = partWeights
  }

  /// Names of the tables whose values are balanced.
  package var balancedTables: [String] {
    tolerances.keys.sorted().compactMap { name in
      if case .weight(let table)? = BalanceConstraint(named: name, in: .plain) { table } else { nil }
    }
  }
}

/// One file of the directory.
public struct FileRecord: Codable, Hashable, Sendable {
  /// Relative to the directory, `part-000/indptr.npy`.
  public var path: String
  /// Bytes.
  public var size: Int
  /// XXH3-128 of the content, 32 hexadecimal digits.
  public var checksum: String

  public init(path: String, size: Int, checksum: String) {
    self.path = path
    self.size = size
    self.checksum = checksum
  }
}

/// `graph.json`: what a partition directory holds.
public struct Manifest: Codable, Hashable, Sendable {
  /// Version of the format this program writes.
  public static let currentVersion = 2
  public static let fileName = "graph.json"

  public var formatVersion: Int
  public var name: String
  /// Number of parts, k.
  public var partCount: Int
  public var schema: Schema
  /// First global id of each (part, node type), part-major, and one past the last: shape (k · types + 1).
  public var bounds: [Int64]
  /// One entry per part.
  public var parts: [PartCounts]
  public var tables: [TableDescription]
  /// Tables of edges, by relation, then by name; empty without.
  public var edgeTables: [TableDescription] {
    get { storedEdgeTables ?? [] }
    set { storedEdgeTables = newValue.isEmpty ? nil : newValue }
  }
  private var storedEdgeTables: [TableDescription]?
  /// Names of the splits, the default first; empty without.
  public var splits: [String]
  /// Classes of each node type; 0 without labels.
  public var classCounts: [Int]
  /// Names of the classes of each node type; empty where they have none.
  public var classNames: [[String]]
  public var partitioner: PartitionerRecord
  public var metrics: PartitionMetrics
  /// The same measures of a random partition with the same k.
  public var randomMetrics: PartitionMetrics
  /// What batches of a given fan-out are expected to read from other parts; `nil` where no fan-out was named.
  public var expectedReads: ExpectedReads?
  /// XXH3-128 over the input's edges, tables and splits.
  public var fingerprint: String
  public var files: [FileRecord]

  public init(
    name: String, partCount: Int, schema: Schema, bounds: [Int64], parts: [PartCounts], tables: [TableDescription],
    edgeTables: [TableDescription] = [], splits: [String], classCounts: [Int], classNames: [[String]], partitioner: PartitionerRecord,
    metrics: PartitionMetrics,
    randomMetrics: PartitionMetrics, expectedReads: ExpectedReads? = nil, fingerprint: String, files: [FileRecord]
  ) {
    formatVersion = Self.currentVersion
    self.name = name
    self.partCount = partCount
    self.schema = schema
    self.bounds = bounds
    self.parts = parts
    self.tables = tables
    storedEdgeTables = edgeTables.isEmpty ? nil : edgeTables
    self.splits = splits
    self.classCounts = classCounts
    self.classNames = classNames
    self.partitioner = partitioner
    self.metrics = metrics
    self.randomMetrics = randomMetrics
    self.expectedReads = expectedReads
    self.fingerprint = fingerprint
    self.files = files
  }

  /// Nodes of all parts and types.
  public var nodeCount: Int { Int(bounds.last ?? 0) }
  /// Edges of all parts and relations.
  public var edgeCount: Int { parts.reduce(0) { $0 + $1.edges.reduce(0, +) } }

  private enum CodingKeys: String, CodingKey {
    case formatVersion, name, partCount, schema, bounds, parts, tables
    case storedEdgeTables = "edgeTables"
    case splits, classCounts, classNames, partitioner, metrics, randomMetrics, expectedReads, fingerprint, files
  }
}
