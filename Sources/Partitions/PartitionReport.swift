import Foundation
public import Graphs
public import Tensors

/// What a user wants to know of a partition: cut, halo and balance, beside those of a random partition.
///
/// Encodes as the one object that `--json` prints and `report.json` holds; `description` is the table for a terminal.
public struct PartitionReport: Codable, Hashable, Sendable {
  /// Where a partition directory keeps it, outside the files that `graph.json` lists.
  public static let fileName = "report.json"

  /// Sizes of one part.
  public struct Part: Codable, Hashable, Sendable {
    public var nodes: Int
    public var halo: Int
    public var edges: Int
    public var train: Int
  }

  /// How a table is stored.
  public struct Table: Codable, Hashable, Sendable {
    public var name: String
    public var columns: Int
    public var elementType: String
    /// Bytes of a row, with padding; absent for sparse tables, whose rows differ.
    public var rowBytes: Int?
    /// The relation whose edges the rows are of; absent for tables of nodes.
    public var relation: String?

    /// `table 'feat'`, `edge table 'cites/feat'`.
    var title: String { relation.map { "edge table '\($0)/\(name)'" } ?? "table '\(name)'" }
  }

  public var name: String
  public var method: String
  public var nodes: Int
  public var edges: Int
  /// Directed edges between different parts, as a fraction of all edges.
  public var cut: Double
  public var cutEdges: Int
  /// Halo nodes of all parts over the number of nodes.
  public var halo: Double
  public var haloNodes: Int
  /// Largest part over the mean part, by constraint; of unequal targets the worst part over its own.
  public var imbalance: [String: Double]
  /// Tolerances asked, by constraint.
  public var tolerance: [String: Double]
  public var unmet: [UnmetTolerance]
  /// The same measures of a random partition.
  public var random: PartitionMetrics
  /// One entry per part.
  public var parts: [Part]
  /// What each part holds, by constraint: those of `imbalance`.
  public var loads: [String: [Int]]
  /// What each part is to hold in proportion; `nil` where all are to be equal.
  public var partWeights: [Double]?
  public var tables: [Table]
  public var seed: UInt64
  /// `nil` where the edges were not at hand.
  public var details: PartitionDetails?
  /// `nil` where no fan-out was named.
  public var reads: Reads?
  /// `nil` where parts keep nothing of other parts' nodes.
  public var replicas: Replicas?

  public init(_ manifest: Manifest, details: PartitionDetails? = nil) {
    self.init(
      name: manifest.name, parts: Self.parts(of: manifest), record: manifest.partitioner, metrics: manifest.metrics,
      random: manifest.randomMetrics)
    unmet = manifest.unmetTolerances
    loads = manifest.metrics.imbalance.keys.reduce(into: [:]) { $0[$1] = manifest.loads(of: $1) }
    tables = (manifest.tables + manifest.edgeTables).map { table in
      Table(
        name: table.name, columns: table.columns, elementType: table.elementType.rawValue,
        rowBytes: table.layout == .dense ? table.strideBytes : nil, relation: table.relation.map { manifest.schema.relations[$0].name })
    }
    self.details = details
    reads = manifest.expectedReads.map { Reads($0, widths: manifest.inputRowBytes) }
    replicas = Replicas(manifest)
  }

  /// Reports an assignment that is not written as a partition directory.
  public init(_ assignment: PartitionAssignment, of graph: RawGraph, threads: Threads) {
    func counts(_ constraint: BalanceConstraint) -> [Int] {
      PartLoads(of: constraint, graph: graph, parts: assignment.parts, partCount: assignment.partCount, threads: threads).counts
    }
    let halos = PartitionMetrics.haloCounts(
      graph: graph, parts: assignment.parts, partCount: assignment.partCount, threads: threads)
    let (nodes, edges, train) = (counts(.nodes), counts(.edges), counts(.train))
    self.init(
      name: graph.name, parts: halos.indices.map { Part(nodes: nodes[$0], halo: halos[$0], edges: edges[$0], train: train[$0]) },
      record: assignment.record, metrics: assignment.metrics, random: assignment.randomMetrics)
    unmet = assignment.unmet
    reads = assignment.reads.map { Reads($0.reads, widths: graph.nodes.map(InputTable.rowBytes)) }
    for name in imbalance.keys { loads[name] = BalanceConstraint(named: name, in: graph.schema).map(counts) }
  }

  private init(name: String, parts: [Part], record: PartitionerRecord, metrics: PartitionMetrics, random: PartitionMetrics) {
    self.name = name
    self.parts = parts
    self.random = random
    method = record.method
    seed = record.seed
    tolerance = record.tolerances
    partWeights = record.partWeights
    nodes = parts.reduce(0) { $0 + $1.nodes }
    edges = parts.reduce(0) { $0 + $1.edges }
    cut = metrics.cut
    cutEdges = metrics.cutEdges
    halo = metrics.halo
    haloNodes = metrics.haloNodes
    imbalance = metrics.imbalance
    (unmet, loads, tables) = ([], [:], [])
  }

  private static func parts(of manifest: Manifest) -> [Part] {
    manifest.parts.map { counts in
      Part(
        nodes: counts.innerNodes.reduce(0, +), halo: counts.haloNodes, edges: counts.edges.reduce(0, +),
        train: counts.splits.first?.train.reduce(0, +) ?? 0)
    }
  }

  /// What each part is to hold; equal shares where nothing else was asked.
  var shares: PartShares {
    (try? PartShares(weights: partWeights ?? [], partCount: parts.count)) ?? PartShares(equal: parts.count)
  }

  /// The bytes of `report.json`: keys sorted, so equal reports have equal bytes.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try [UInt8](encoder.encode(self)) + [0x0A]
  }

  /// Reads the report of a partition directory.
  ///
  /// - Throws: `SystemError` when it cannot be read, `InputError` when it is no report.
  public static func load(_ directory: String) throws -> PartitionReport {
    let path = "\(directory)/\(fileName)"
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    do { return try JSONDecoder().decode(PartitionReport.self, from: data) } catch {
      throw InputError(path, expected: "the report of a partition", found: "another file, or a damaged one")
    }
  }
}
