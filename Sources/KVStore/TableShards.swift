public import Partitions
public import Tensors

/// Where a worker keeps the rows of its own parts.
public enum FeaturePlacement: String, Codable, CaseIterable, Sendable {
  /// In the mapped files: workers of one host share the pages, and pages that nobody reads cost nothing.
  case mapped
  /// In a copy in huge pages: random rows read faster, every worker pays for its own parts.
  case resident
}

/// The rows of one table that this process can read in its own memory, by part.
public final class TableShards: Sendable {
  /// Names the table in messages: its index in the manifest's tables.
  public let number: Int
  public let description: TableDescription
  /// Rows of the inner nodes of the table's type, in local order; of a table of edges those of the in-edges (`EdgeRows`).
  public let shards: [Int: FeatureTable]
  /// Rows of nodes of other parts.
  public let replicas: [Replicas]

  /// Rows of nodes that other parts own, in the order of their global ids.
  public struct Replicas: Sendable {
    /// Increasing.
    public let nodes: ArrayView<Int64>
    public let rows: FeatureTable

    public init(nodes: ArrayView<Int64>, rows: FeatureTable) {
      precondition(nodes.count == rows.rows, "a row for each node")
      self.nodes = nodes
      self.rows = rows
    }
  }

  /// - Parameter resident: Parts whose rows are copied, once, into huge pages, and all replicas where there is any.
  /// - Precondition: Every shard has the layout, columns, element type and stride of the description; rows of int8 carry their
  ///   scales.
  public init(
    number: Int, description: TableDescription, shards: [Int: FeatureTable], replicas: [Replicas] = [], resident: Set<Int> = []
  ) {
    for replica in replicas {
      precondition(Self.matches(replica.rows, description), "replicas of table \(description.name) are not what the manifest says")
    }
    self.replicas = resident.isEmpty ? replicas : replicas.map { Replicas(nodes: $0.nodes, rows: Self.copy($0.rows)) }
    for (part, shard) in shards {
      precondition(Self.matches(shard, description), "part \(part) of table \(description.name) is not what the manifest says")
    }
    self.number = number
    self.description = description
    self.shards = Dictionary(uniqueKeysWithValues: shards.map { ($0, resident.contains($0) ? Self.copy($1) : $1) })
  }

  /// The shards of table `number` of `manifest` in some mapped parts, and the replicas that these keep.
  ///
  /// - Parameter resident: Parts whose rows are copied, once, into huge pages.
  public convenience init(number: Int, of manifest: Manifest, in parts: [LocalPartition], resident: Set<Int> = []) {
    let description = manifest.tables[number]
    var shards: [Int: FeatureTable] = [:]
    for part in parts {
      guard let table = part.nodes[description.nodeType].tables[description.name] else {
        preconditionFailure("part \(part.part) has no table \(description.name)")
      }
      shards[part.part] = table
    }
    let replicas = parts.sorted { $0.part < $1.part }.compactMap { part in
      part.replicas.flatMap { kept in
        kept.tables[description.nodeType][description.name].map { Replicas(nodes: kept.rows[description.nodeType], rows: $0) }
      }
    }
    self.init(number: number, description: description, shards: shards, replicas: replicas, resident: resident)
  }

  /// The shards of edge table `number` of `manifest` in some mapped parts; `PartitionBook(edgesOf:)` numbers their rows. In messages the
  /// tables of edges follow those of nodes.
  ///
  /// - Parameter resident: Parts whose rows are copied, once, into huge pages.
  public convenience init(edgeTable number: Int, of manifest: Manifest, in parts: [LocalPartition], resident: Set<Int> = []) {
    let description = manifest.edgeTables[number]
    let shards = parts.map { part in
      guard let table = part.edgeTables[description.slot][description.name] else {
        preconditionFailure("part \(part.part) has no edge table \(description.name)")
      }
      return (part.part, table)
    }
    self.init(
      number: manifest.tables.count + number, description: description, shards: Dictionary(uniqueKeysWithValues: shards),
      resident: resident)
  }

  private static func matches(_ shard: FeatureTable, _ description: TableDescription) -> Bool {
    guard shard.columns == description.columns else { return false }
    switch shard {
    case .dense(let table):
      return description.layout == .dense && table.elementType == description.elementType
        && table.strideBytes == description.strideBytes && table.scales == nil
    case .sparse:
      return description.layout == .sparse
    }
  }

  private static func copy(_ table: FeatureTable) -> FeatureTable {
    switch table {
    case .dense(let rows):
      .dense(
        DenseRows(
          rows: rows.rows, columns: rows.columns, strideBytes: rows.strideBytes, elementType: rows.elementType,
          bytes: Buffer(copying: rows.bytes.elements).view))
    case .sparse(let rows):
      .sparse(
        SparseRows(
          rows: rows.rows, columns: rows.columns, indptr: Buffer(copying: rows.indptr.elements).view,
          indices: Buffer(copying: rows.indices.elements).view, values: Buffer(copying: rows.values.elements).view))
    }
  }
}
