import Graphs
public import Tensors

/// Numbers the rows of a part's edge tables: the in-edges of one relation in the part's order, from 0.
///
/// With one relation a row is an in-edge's position itself; with several, a relation that has tables lists the first row of each inner
/// node. Rows of all parts and relations together are numbered by `PartitionBook(edgesOf:)`: these are global edge ids.
public struct EdgeRows: Sendable {
  /// First row of each inner node, shape (inner + 1), by relation; `nil` where a relation has no tables, or is the only one.
  @usableFromInline let firsts: [ArrayView<Int64>?]
  /// Global edge id of row 0, by relation.
  private let bases: [Int64]

  init(firsts: [ArrayView<Int64>?], bases: [Int64]) {
    precondition(firsts.count == bases.count, "rows of \(firsts.count) relations, ids of \(bases.count)")
    self.firsts = firsts
    self.bases = bases
  }

  /// Whether the edges of `relation` can be told by row: it is the only relation, or has tables.
  public func numbers(_ relation: Int) -> Bool { firsts.count == 1 || firsts[relation] != nil }

  /// First row of each inner node in `relation`, shape (inner + 1); `nil` where it has no tables, or is the only one.
  package func firsts(_ relation: Int) -> ArrayView<Int64>? { firsts[relation] }

  /// Row, inside part and relation, of the first in-edge of an inner node in `relation`; its other in-edges of the relation follow.
  ///
  /// - Parameter firstPosition: Position of that in-edge among all in-edges of the part.
  /// - Precondition: The relation is numbered; see `numbers`.
  @inlinable
  public func first(ofInner local: Int, relation: Int, firstPosition: Int) -> Int64 {
    guard firsts.count > 1 else { return Int64(firstPosition) }
    guard let rows = firsts[relation] else { preconditionFailure("relation \(relation) has no tables: its edges have no rows") }
    return rows[local]
  }

  /// Global edge id of row 0 of `relation` in this part.
  public func base(_ relation: Int) -> Int64 { bases[relation] }
}

extension PartFiles {
  /// Folder of a relation's tables, and the file beside them with the first row of each inner node.
  static func edgeFolder(_ relation: String) -> String { "edges/\(relation)" }
  static let edgeOffsets = "indptr"

  /// Maps the tables of a relation's edges; checks shapes.
  func edgeTables(of relation: Int, manifest: Manifest) throws -> [String: FeatureTable] {
    let folder = Self.edgeFolder(manifest.schema.relations[relation].name)
    return try manifest.edgeTables.filter { $0.relation == relation }.reduce(into: [:]) { tables, table in
      tables[table.name] = try self.table(table, folder: folder, rows: manifest.parts[part].edges[relation])
    }
  }

  /// Maps what numbers the rows of the part's in-edges; checks shapes.
  func edgeRows(of manifest: Manifest) throws -> EdgeRows {
    let (relations, book) = (manifest.schema.relations, PartitionBook(edgesOf: manifest))
    let withTables = Set(manifest.edgeTables.map(\.slot))
    let innerCount = manifest.parts[part].innerNodes.reduce(0, +)
    return EdgeRows(
      firsts: try relations.enumerated().map { index, relation in
        guard relations.count > 1, withTables.contains(index) else { return nil }
        return try array("\(Self.edgeFolder(relation.name))/\(Self.edgeOffsets)", of: Int64.self, [innerCount + 1])
      },
      bases: relations.indices.map { book.innerRange(of: part, type: $0).lowerBound })
  }
}

extension LocalPartition {
  /// Checks that first rows count the in-edges of each relation, and the columns of sparse tables.
  func checkEdgeRows(_ files: PartFiles, manifest: Manifest) throws {
    for (index, relation) in manifest.schema.relations.enumerated() {
      let folder = PartFiles.edgeFolder(relation.name)
      for (name, table) in edgeTables[index].sorted(by: { $0.key < $1.key }) {
        try Self.checkColumns(of: table, named: "\(folder)/\(name)", files: files)
      }
      guard let firsts = edgeRows.firsts[index], let relations else { continue }
      var expected: Int64 = 0
      for row in 0...innerCount {
        let found = firsts[row]
        guard found == expected else {
          throw InputError(
            "\(files.path("\(folder)/\(PartFiles.edgeOffsets)")), row \(row)",
            expected: "\(expected), the edges of \(relation.name) before it",
            found: "\(found)")
        }
        guard row < innerCount else { break }
        for position in Int(indptr[row])..<Int(indptr[row + 1]) where Int(relations[position]) == index { expected += 1 }
      }
    }
  }
}
