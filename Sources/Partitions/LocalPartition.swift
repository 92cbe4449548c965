public import Graphs
public import Tensors

/// The nodes of one split that are inner nodes of a part, of one type.
public struct SplitShard: Sendable {
  /// (part-local id, rank), shape (n, 2), by increasing local id. Ranks number the training nodes of the whole split, type after
  /// type, inside a type by original id.
  public let train: ArrayView<UInt32>
  /// Part-local ids, increasing.
  public let validation: ArrayView<UInt32>
  public let test: ArrayView<UInt32>

  public init(train: ArrayView<UInt32>, validation: ArrayView<UInt32>, test: ArrayView<UInt32>) {
    self.train = train
    self.validation = validation
    self.test = test
  }

  /// Training nodes of the part.
  public var trainCount: Int { train.count / 2 }
  /// Part-local ids of the training nodes, increasing.
  public var trainIDs: [UInt32] { stride(from: 0, to: train.count, by: 2).map { train[$0] } }
}

/// What a part stores of its inner nodes of one type; rows are in local order, row 0 is the type's first inner node.
public struct NodeShard: Sendable {
  public let tables: [String: FeatureTable]
  /// Class of each inner node, −1 where unknown; `nil` without labels.
  public let labels: ArrayView<Int32>?
  /// One entry per split, in the order of `Manifest.splits`.
  public let splits: [SplitShard]

  public init(tables: [String: FeatureTable], labels: ArrayView<Int32>?, splits: [SplitShard]) {
    self.tables = tables
    self.labels = labels
    self.splits = splits
  }
}

/// One part, mapped from its directory: in-edges of its inner nodes, its halo, its rows.
///
/// Local ids are inner nodes (by type, then by original id), then halo nodes (by global id).
public final class LocalPartition: Sendable {
  public let part: Int
  public let book: PartitionBook
  public let innerCount: Int
  public let haloCount: Int
  /// In-edge offsets of inner nodes, shape (inner + 1).
  public let indptr: ArrayView<Int64>
  /// Local id of each in-edge's source, canonical order, shape (edges).
  public let indices: ArrayView<UInt32>
  /// Relation of each in-edge; `nil` with one relation.
  public let relations: ArrayView<UInt16>?
  /// Input number of each in-edge.
  public let edgeIDs: ArrayView<Int64>
  /// Global ids of halo nodes, increasing, hence grouped by owner.
  public let halo: ArrayView<Int64>
  public let haloOriginal: ArrayView<Int64>
  /// In-degree of each halo node in the whole graph.
  public let haloDegrees: ArrayView<UInt32>
  /// The user's number of each inner node.
  public let original: ArrayView<Int64>
  /// In-degree of each inner node.
  public let degrees: ArrayView<UInt32>
  /// One entry per node type.
  public let nodes: [NodeShard]
  /// Rows of the part's in-edges by relation and table, in the order of its in-edges.
  public let edgeTables: [[String: FeatureTable]]
  /// Which of these rows belong to a node.
  public let edgeRows: EdgeRows
  /// What the part keeps of other parts' nodes; `nil`: nothing.
  public let replicas: ReplicaShard?
  /// What its batches are expected to read from other parts; `nil` where the directory does not say.
  public let expectedRows: ExpectedRows?

  /// Maps a part's files and checks them: sizes, shapes, every id and offset that others use as an index, and, by the
  /// checksums of its node lists, that the part is of the manifest's run.
  ///
  /// - Throws: `SystemError` when a file cannot be opened; `InputError` when it is not what the manifest says, or the part is absent.
  /// - Complexity: O(edges + nodes) of the part, read once in order; tables are not read.
  public convenience init(directory: String, manifest: Manifest, part: Int) throws {
    try manifest.checkPresence(of: part, in: directory)
    try PartFiles(directory: directory, part: part).checkRecords(of: manifest)
    try self.init(mapping: directory, manifest: manifest, part: part)
    try checkRanges(directory: directory, manifest: manifest)
  }

  /// Maps a part's files; checks shapes and nothing else.
  init(mapping directory: String, manifest: Manifest, part: Int) throws {
    precondition(part >= 0 && part < manifest.partCount, "part \(part) of \(manifest.partCount)")
    self.part = part
    book = PartitionBook(manifest)
    let counts = manifest.parts[part]
    innerCount = counts.innerNodes.reduce(0, +)
    haloCount = counts.haloNodes
    let edges = counts.edges.reduce(0, +)
    let files = PartFiles(directory: directory, part: part)
    indptr = try files.array("indptr", of: Int64.self, [innerCount + 1])
    indices = try files.array("indices", of: UInt32.self, [edges])
    relations = manifest.schema.relations.count > 1 ? try files.array("relations", of: UInt16.self, [edges]) : nil
    edgeIDs = try files.array("edge_ids", of: Int64.self, [edges])
    halo = try files.array("halo", of: Int64.self, [haloCount])
    haloOriginal = try files.array("halo_original", of: Int64.self, [haloCount])
    haloDegrees = try files.array("halo_degrees", of: UInt32.self, [haloCount])
    original = try files.array("original", of: Int64.self, [innerCount])
    degrees = try files.array("degrees", of: UInt32.self, [innerCount])
    nodes = try manifest.schema.nodeTypes.indices.map { type in try files.shard(of: type, manifest: manifest) }
    edgeTables = try manifest.schema.relations.indices.map { relation in try files.edgeTables(of: relation, manifest: manifest) }
    edgeRows = try files.edgeRows(of: manifest)
    replicas = try files.replicas(of: manifest)
    expectedRows = try files.expectedRows(of: manifest)
  }

  /// Global id of a local node.
  @inlinable
  public func globalID(of local: PartLocalID) -> GlobalID {
    let index = Int(local.rawValue)
    return index < innerCount ? GlobalID(firstGlobalID + Int64(index)) : GlobalID(halo[index - innerCount])
  }

  /// The part's nodes of one type in a split.
  ///
  /// - Parameter split: Position in `Manifest.splits`.
  public func split(_ split: Int, type: Int) -> SplitShard { nodes[type].splits[split] }

  /// First global id of the inner nodes.
  public var firstGlobalID: Int64 { book.bounds[part * book.typeCount] }
}
