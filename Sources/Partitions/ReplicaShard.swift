import Graphs
public import Tensors

/// What a part keeps of other parts' nodes, mapped: rows of some, in-edges of some. Global ids, each list increasing.
public struct ReplicaShard: Sendable {
  /// Nodes whose table rows are kept, by node type.
  public let rows: [ArrayView<Int64>]
  /// Their rows, by node type and table, in the order of `rows`.
  public let tables: [[String: FeatureTable]]
  /// Nodes whose in-edges are kept.
  public let nodes: ArrayView<Int64>
  /// The user's number of each of them.
  public let original: ArrayView<Int64>
  /// Offsets of their in-edges, shape (nodes + 1).
  public let indptr: ArrayView<Int64>
  /// Each in-edge's source as a place in `sources`, canonical order.
  public let indices: ArrayView<UInt32>
  /// Relation of each in-edge; `nil` with one relation.
  public let relations: ArrayView<UInt16>?
  /// Sources of the in-edges, nodes of any part.
  public let sources: ArrayView<Int64>
  public let sourceOriginal: ArrayView<Int64>
  /// In-degree of each source in the whole graph.
  public let sourceDegrees: ArrayView<UInt32>
}

extension PartFiles {
  /// Folder of what a part keeps of other parts' nodes, and of their rows inside it.
  static let replica = "replica"
  static let replicaRows = "rows"

  /// Maps what the part keeps of other parts' nodes; checks shapes, and the ids that say which rows are of which type.
  ///
  /// - Returns: `nil` where the part keeps nothing.
  func replicas(of manifest: Manifest) throws -> ReplicaShard? {
    guard let counts = manifest.parts[part].replicas else { return nil }
    let folder = Self.replica
    let all = try array("\(folder)/rows", of: Int64.self, [counts.rows.reduce(0, +)])
    let byType = try byType(all, counts: counts.rows, manifest: manifest)
    return ReplicaShard(
      rows: byType,
      tables: try manifest.schema.nodeTypes.enumerated().map { type, name in
        try manifest.tables.filter { $0.nodeType == type }.reduce(into: [:]) { tables, table in
          tables[table.name] = try self.table(table, folder: "\(folder)/\(Self.replicaRows)/\(name)", rows: counts.rows[type])
        }
      },
      nodes: try array("\(folder)/nodes", of: Int64.self, [counts.nodes]),
      original: try array("\(folder)/original", of: Int64.self, [counts.nodes]),
      indptr: try array("\(folder)/indptr", of: Int64.self, [counts.nodes + 1]),
      indices: try array("\(folder)/indices", of: UInt32.self, [counts.edges]),
      relations: manifest.schema.relations.count > 1 ? try array("\(folder)/relations", of: UInt16.self, [counts.edges]) : nil,
      sources: try array("\(folder)/sources", of: Int64.self, [counts.sources]),
      sourceOriginal: try array("\(folder)/source_original", of: Int64.self, [counts.sources]),
      sourceDegrees: try array("\(folder)/source_degrees", of: UInt32.self, [counts.sources]))
  }

  /// Parts a list of global ids by node type.
  private func byType(_ ids: ArrayView<Int64>, counts: [Int], manifest: Manifest) throws -> [ArrayView<Int64>] {
    let book = PartitionBook(manifest)
    guard let odd = ids.firstIndex(where: { !book.contains(GlobalID($0)) }) else {
      guard counts.count > 1 else { return [ids] }
      var lists = [[Int64]](repeating: [], count: counts.count)
      for id in ids { lists[book.type(of: GlobalID(id))].append(id) }
      guard lists.map(\.count) == counts else {
        throw InputError(path("\(Self.replica)/rows"), expected: "\(counts) nodes by type", found: "\(lists.map(\.count))")
      }
      return lists.map { ArrayView($0) }
    }
    throw InputError("\(path("\(Self.replica)/rows")), row \(odd)", expected: "nodes below \(book.nodeCount)", found: "\(ids[odd])")
  }
}
