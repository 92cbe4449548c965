import Graphs
import Tensors

extension Verifier {
  /// Name of one of a part's files on the edges of a relation.
  private func edgeFile(_ part: LocalPartition, _ relation: Int, _ name: String) -> String {
    file(part, "\(PartFiles.edgeFolder(manifest.schema.relations[relation].name))/\(name)")
  }

  /// Tables of edges are sound, and first rows count the in-edges of their relation.
  func checkEdgeTables() {
    for part in parts {
      for (relation, tables) in part.edgeTables.enumerated() {
        for (name, table) in tables.sorted(by: { $0.key < $1.key }) { checkTable(table) { edgeFile(part, relation, name + $0) } }
        checkFirstRows(of: part, relation)
      }
    }
  }

  private func checkFirstRows(of part: LocalPartition, _ relation: Int) {
    guard let firsts = part.edgeRows.firsts[relation], let relations = part.relations else { return }
    var before: Int64 = 0
    for row in 0...part.innerCount {
      log.demand(
        firsts[row] == before, "first rows count the edges of their relation", file: edgeFile(part, relation, PartFiles.edgeOffsets),
        row: row, "\(firsts[row]) for \(before) edges before")
      guard row < part.innerCount else { break }
      for position in Int(part.indptr[row])..<Int(part.indptr[row + 1]) where Int(relations[position]) == relation { before += 1 }
    }
  }

  /// Every row is that of its edge in the input.
  func compareEdgeTables(of part: LocalPartition, with graph: RawGraph) {
    let bounds = NodeNumbering(counts: graph.edges.map(\.count)).offsets
    for (relation, edges) in graph.edges.enumerated() {
      let stored = part.edgeTables[relation].keys.sorted()
      log.demand(
        stored == edges.tables.keys.sorted(), "edge tables are the input's", file: Manifest.fileName,
        "\(stored) of relation \(graph.schema.relations[relation].name)")
      guard !stored.isEmpty else { continue }
      var next = 0
      for position in part.indices.indices where part.relations.map({ Int($0[position]) == relation }) ?? true {
        let row = next
        next += 1
        let edge = Int(part.edgeIDs[position]) - bounds[relation]
        guard edge >= 0, edge < edges.count else { continue }  // Reported by checkEdges.
        for name in stored {
          guard let table = part.edgeTables[relation][name], let input = edges.tables[name], row < table.rows else { continue }
          log.demand(
            Self.sameRow(table, row, input, edge), "rows are the input's", file: edgeFile(part, relation, name), row: row,
            "another row than edge \(edge)'s")
        }
      }
    }
  }
}
