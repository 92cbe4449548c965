import Graphs
import Tensors

extension PartFileJobs {
  /// The in-edges of the part that are of one relation, which has tables.
  private func edges(of relation: Int) -> RelationEdges {
    let all = RelationEdges(of: relation, in: inEdges, at: positions, count: 0)
    let count = graph.edges.count == 1 ? positions.count : all.count(in: positions)
    return RelationEdges(of: relation, in: inEdges, at: positions, count: count)
  }

  /// The tables of the part's in-edges of one relation, and with several relations the first row of each inner node.
  func edgeData(of relation: Int) -> [FileJob] {
    let described = edgeTables.filter { $0.relation == relation }
    guard !described.isEmpty else { return [] }
    let edges = edges(of: relation)
    let folder = "\(folder)/\(PartFiles.edgeFolder(graph.schema.relations[relation].name))"
    let tables = described.flatMap { description -> [FileJob] in
      guard let table = graph.edges[relation].tables[description.name] else { return [] }
      return TableFiles(description: description, rows: .edges(edges), path: "\(folder)/\(description.name)").jobs(for: table)
    }
    return tables + (graph.edges.count > 1 ? [firstRows(of: edges, path: "\(folder)/\(PartFiles.edgeOffsets).npy")] : [])
  }

  private func firstRows(of edges: RelationEdges, path: String) -> FileJob {
    let (inEdges, inner) = (inEdges, inner)
    return FileJob(path: path, estimatedBytes: (inner.count + 1) * 8) { file in
      let writer = try NPYWriter(creating: file, elementType: .int64, shape: [inner.count + 1])
      var sum: Int64 = 0
      try writer.write(CollectionOfOne(sum))
      for start in stride(from: inner.lowerBound, to: inner.upperBound, by: 1 << 16) {
        let ends = (start..<min(inner.upperBound, start + 1 << 16)).map { node in
          sum += Int64(edges.count(in: inEdges.positions(of: node..<node + 1)))
          return sum
        }
        try writer.write(ends)
      }
      try writer.close()
    }
  }
}
