import Glibc
import Graphs
import Tensors

extension Verifier {
  /// What parts keep of other parts' nodes is what the owners have: in-edges in the same order, numbers, degrees and rows.
  func checkReplicas() {
    for part in parts {
      guard let replicas = part.replicas, isSound(replicas, of: part) else { continue }
      checkSources(replicas, of: part)
      for row in replicas.nodes.indices { checkNode(replicas, row, of: part) }
      for type in replicas.rows.indices { checkRows(replicas, type, of: part) }
    }
  }

  private func file(of part: LocalPartition, _ name: String) -> String { file(part, "\(PartFiles.replica)/\(name)") }

  /// Whether every id, offset and place leads somewhere.
  private func isSound(_ replicas: ReplicaShard, of part: LocalPartition) -> Bool {
    let before = log.violations.count
    let (inner, nodes) = (part.book.innerRange(of: part.part), part.book.nodeCount)
    for (name, ids) in replicas.rows.map({ ("rows", $0) }) + [("nodes", replicas.nodes), ("sources", replicas.sources)] {
      for (row, id) in ids.enumerated() {
        let place = file(of: part, name)
        log.demand(id >= 0 && id < nodes, "replicas exist", file: place, row: row, "\(id) of \(nodes)")
        log.demand(row == 0 || ids[row - 1] < id, "replicas increase", file: place, row: row, "\(id) after \(ids[max(0, row - 1)])")
        log.demand(name == "sources" || !inner.contains(id), "replicas belong to others", file: place, row: row, "node \(id) is inner")
      }
    }
    let (count, edges, sources) = (replicas.nodes.count, replicas.indices.count, replicas.sources.count)
    log.demand(
      replicas.indptr[0] == 0 && replicas.indptr[count] == Int64(edges), "offsets span the edges", file: file(of: part, "indptr"),
      "\(replicas.indptr[0]) to \(replicas.indptr[count]) for \(edges)")
    for row in 0..<count {
      let (start, end) = (replicas.indptr[row], replicas.indptr[row + 1])
      log.demand(start <= end, "offsets do not decrease", file: file(of: part, "indptr"), row: row + 1, "\(end) after \(start)")
    }
    for (row, place) in replicas.indices.enumerated() {
      log.demand(Int(place) < sources, "sources are listed", file: file(of: part, "indices"), row: row, "\(place) of \(sources)")
    }
    return log.violations.count == before
  }

  /// Sources are needed, and agree with their owners.
  private func checkSources(_ replicas: ReplicaShard, of part: LocalPartition) {
    var needed = [Bool](repeating: false, count: replicas.sources.count)
    for place in replicas.indices { needed[Int(place)] = true }
    for (row, id) in replicas.sources.enumerated() {
      log.demand(needed[row], "sources have an edge", file: file(of: part, "sources"), row: row, "node \(id) has none here")
      guard let (owner, local) = ownership(of: id, seenBy: part) else { continue }
      log.demand(
        replicas.sourceOriginal[row] == owner.original[local], "original ids of sources are their owners'",
        file: file(of: part, "source_original"), row: row, "\(replicas.sourceOriginal[row]), the owner has \(owner.original[local])")
      log.demand(
        replicas.sourceDegrees[row] == owner.degrees[local], "degrees of sources are their owners'",
        file: file(of: part, "source_degrees"), row: row, "\(replicas.sourceDegrees[row]), the owner has \(owner.degrees[local])")
    }
  }

  /// The in-edges of one node are those that its owner has, in its order.
  private func checkNode(_ replicas: ReplicaShard, _ row: Int, of part: LocalPartition) {
    guard let (owner, local) = ownership(of: replicas.nodes[row], seenBy: part) else { return }
    log.demand(
      replicas.original[row] == owner.original[local], "original ids of replicas are their owners'", file: file(of: part, "original"),
      row: row, "\(replicas.original[row]), the owner has \(owner.original[local])")
    let kept = Int(replicas.indptr[row])..<Int(replicas.indptr[row + 1])
    let theirs = Int(owner.indptr[local])..<Int(owner.indptr[local + 1])
    guard kept.count == theirs.count else {
      return log.demand(
        false, "all in-edges are kept", file: file(of: part, "indptr"), row: row + 1, "\(kept.count), the owner has \(theirs.count)")
    }
    for (own, other) in zip(kept, theirs) {
      let (source, expected) = (replicas.sources[Int(replicas.indices[own])], owner.globalID(of: PartLocalID(owner.indices[other])))
      log.demand(
        source == expected.rawValue, "in-edges are their owners'", file: file(of: part, "indices"), row: own,
        "from \(source), the owner has \(expected.rawValue)")
      let (relation, theirs) = (replicas.relations?[own], owner.relations?[other])
      log.demand(
        relation == theirs, "relations are their owners'", file: file(of: part, "relations"), row: own,
        "\(relation ?? 0), the owner has \(theirs ?? 0)")
    }
  }

  /// The rows of one type are those that their owners have, byte for byte.
  private func checkRows(_ replicas: ReplicaShard, _ type: Int, of part: LocalPartition) {
    let folder = "\(PartFiles.replicaRows)/\(manifest.schema.nodeTypes[type])"
    for (row, id) in replicas.rows[type].enumerated() {
      guard let (owner, local) = ownership(of: id, seenBy: part), locals(owner, type: type).contains(local) else { continue }
      let theirs = local - locals(owner, type: type).lowerBound
      for (name, table) in replicas.tables[type] {
        guard let original = owner.nodes[type].tables[name] else { continue }
        log.demand(
          Self.areEqual(table, row, original, theirs), "rows are their owners'", file: file(of: part, "\(folder)/\(name)"), row: row,
          "not the row of node \(id)")
      }
    }
  }

  /// The owner of a node and the node's number there; `nil` where that part is not checked.
  private func ownership(of id: Int64, seenBy part: LocalPartition) -> (LocalPartition, local: Int)? {
    self.part(part.book.owner(of: GlobalID(id))).map { ($0, Int(id - $0.firstGlobalID)) }
  }

  private static func areEqual(_ a: FeatureTable, _ row: Int, _ b: FeatureTable, _ other: Int) -> Bool {
    switch (a, b) {
    case (.dense(let left), .dense(let right)):
      let stride = left.strideBytes
      return stride == right.strideBytes
        && memcmp(left.bytes.pointer + row * stride, right.bytes.pointer + other * stride, stride) == 0
    case (.sparse(let left), .sparse(let right)):
      guard let mine = entries(of: row, left), let theirs = entries(of: other, right), mine.count == theirs.count else { return false }
      return zip(mine, theirs).allSatisfy {
        left.indices[$0] == right.indices[$1] && left.values[$0].bitPattern == right.values[$1].bitPattern
      }
    default: return false
    }
  }

  /// Entries of a sparse row; `nil` where its offsets lead nowhere.
  private static func entries(of row: Int, _ rows: SparseRows) -> Range<Int>? {
    let (start, end) = (rows.indptr[row], rows.indptr[row + 1])
    return start >= 0 && start <= end && end <= Int64(rows.indices.count) ? Int(start)..<Int(end) : nil
  }
}
