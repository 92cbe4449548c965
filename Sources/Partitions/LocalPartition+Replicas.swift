import Graphs
import Tensors

extension LocalPartition {
  /// Checks everything in the part's replicas that is used as an index.
  func checkReplicas(_ files: PartFiles, schema: Schema) throws {
    guard let replicas else { return }
    let relationCount = schema.relations.count
    func path(_ name: String) -> String { files.path("\(PartFiles.replica)/\(name)") }
    let (inner, nodeCount) = (book.innerRange(of: part), book.nodeCount)
    let foreign = "nodes of other parts below \(nodeCount)"
    for (name, ids) in replicas.rows.map({ ("rows", $0) }) + [("nodes", replicas.nodes)] {
      try Self.check(ids, file: path(name), expected: foreign) { $0 >= 0 && $0 < nodeCount && !inner.contains($0) }
      try Self.checkIncreasing(ids, file: path(name))
    }
    try Self.checkOffsets(replicas.indptr, total: replicas.indices.count, file: path("indptr"))
    let sources = replicas.sources.count
    try Self.check(replicas.indices, file: path("indices"), expected: "places below \(sources)") { Int($0) < sources }
    try Self.check(replicas.relations ?? ArrayView(), file: path("relations"), expected: "relations below \(relationCount)") {
      Int($0) < relationCount
    }
    try Self.check(replicas.sources, file: path("sources"), expected: "nodes below \(nodeCount)") { $0 >= 0 && $0 < nodeCount }
    try Self.checkIncreasing(replicas.sources, file: path("sources"))
    for (type, tables) in zip(schema.nodeTypes, replicas.tables) {
      let folder = "\(PartFiles.replica)/\(PartFiles.replicaRows)/\(type)"
      for (name, table) in tables { try Self.checkColumns(of: table, named: "\(folder)/\(name)", files: files) }
    }
  }

  /// Checks offsets and columns of a sparse table.
  static func checkColumns(of table: FeatureTable, named name: String, files: PartFiles) throws {
    guard case .sparse(let rows) = table else { return }
    try checkOffsets(rows.indptr, total: rows.indices.count, file: files.path("\(name).indptr"))
    let columns = rows.columns
    try check(rows.indices, file: files.path("\(name).indices"), expected: "columns below \(columns)") { Int($0) < columns }
  }
}
