import Graphs
import Tensors

extension Verifier {
  /// First input number of each relation, and one past the last.
  private var relationBounds: [Int] {
    NodeNumbering(counts: manifest.schema.relations.indices.map { relation in manifest.parts.reduce(0) { $0 + $1.edges[relation] } })
      .offsets
  }

  /// The user's number and the node type of a local node.
  private func node(_ local: Int, of part: LocalPartition) -> (original: Int64, type: Int) {
    let original = local < part.innerCount ? part.original[local] : part.haloOriginal[local - part.innerCount]
    let plain = manifest.schema.nodeTypes.count == 1
    return (original, plain ? 0 : part.book.type(of: part.globalID(of: PartLocalID(UInt32(local)))))
  }

  /// Every edge is stored once, at its destination's owner, in canonical order; degrees count them.
  func checkEdges() {
    let bounds = relationBounds
    let relations = manifest.schema.relations
    var seen = [Bool](repeating: false, count: manifest.edgeCount)
    for part in parts {
      for row in 0..<part.innerCount {
        let range = Int(part.indptr[row])..<Int(part.indptr[row + 1])
        log.demand(
          Int(part.degrees[row]) == range.count, "degrees count in-edges", file: file(part, "degrees"), row: row,
          "\(part.degrees[row]) for \(range.count) edges")
        let rowType = node(row, of: part).type
        var previous: (relation: Int, source: Int64, edge: Int64) = (-1, -1, -1)
        for position in range {
          let edge = part.edgeIDs[position]
          let source = node(Int(part.indices[position]), of: part)
          let relation = part.relations.map { Int($0[position]) } ?? 0
          let key = (relation: relation, source: source.original, edge: edge)
          log.demand(
            previous < key, "in-edges are in canonical order", file: file(part, "indices"), row: position,
            "relation \(key.relation), source \(key.source), edge \(key.edge) after \(previous.relation), \(previous.source), \(previous.edge)"
          )
          previous = key
          log.demand(!seen[Int(edge)], "edges are unique", file: file(part, "edge_ids"), row: position, "edge \(edge) a second time")
          seen[Int(edge)] = true
          log.demand(
            Int(edge) >= bounds[relation] && Int(edge) < bounds[relation + 1], "edge numbers belong to the relation",
            file: file(part, "edge_ids"), row: position, "edge \(edge) in relation \(relations[relation].name)")
          log.demand(
            source.type == relations[relation].source && rowType == relations[relation].destination,
            "ends are of the relation's types", file: file(part, "indices"), row: position, "types \(source.type) and \(rowType)")
        }
      }
    }
  }

  /// The halo is increasing, foreign, needed, and agrees with its owners.
  func checkHalo() {
    for part in parts {
      let inner = part.book.innerRange(of: part.part)
      var needed = [Bool](repeating: false, count: part.haloCount)
      for index in part.indices where Int(index) >= part.innerCount { needed[Int(index) - part.innerCount] = true }
      var previous: Int64 = -1
      for row in 0..<part.haloCount {
        let id = part.halo[row]
        log.demand(id > previous, "halo nodes increase", file: file(part, "halo"), row: row, "\(id) after \(previous)")
        previous = id
        log.demand(needed[row], "halo nodes are in-neighbours", file: file(part, "halo"), row: row, "node \(id) has no edge here")
        log.demand(!inner.contains(id), "halo nodes belong to others", file: file(part, "halo"), row: row, "node \(id) is inner")
        guard let owner = self.part(part.book.owner(of: GlobalID(id))) else { continue }
        let local = Int(id - owner.firstGlobalID)
        log.demand(
          part.haloOriginal[row] == owner.original[local], "original ids of halo nodes are their owners'",
          file: file(part, "halo_original"), row: row, "\(part.haloOriginal[row]), the owner has \(owner.original[local])")
        log.demand(
          part.haloDegrees[row] == owner.degrees[local], "degrees of halo nodes are their owners'",
          file: file(part, "halo_degrees"), row: row, "\(part.haloDegrees[row]), the owner has \(owner.degrees[local])")
      }
    }
  }

  /// Recorded counts, cut, halo and imbalance are those of the files.
  func checkMetrics() {
    let recorded = manifest.metrics
    let name = Manifest.fileName
    var cut = 0
    var edgeLoads: [Int] = []
    for part in parts {
      var edges = [Int](repeating: 0, count: manifest.schema.relations.count)
      for relation in part.relations ?? ArrayView() { edges[Int(relation)] += 1 }
      if part.relations == nil { edges[0] = part.indices.count }
      log.demand(
        edges == manifest.parts[part.part].edges, "edges by relation as recorded", file: name, row: nil,
        "\(manifest.parts[part.part].edges) in part \(part.part), found \(edges)")
      edgeLoads.append(part.indices.count)
      for index in part.indices where Int(index) >= part.innerCount { cut += 1 }
    }
    guard isComplete else { return }
    let halo = parts.reduce(0) { $0 + $1.haloCount }
    log.demand(cut == recorded.cutEdges, "cut as recorded", file: name, "\(recorded.cutEdges) edges, found \(cut)")
    log.demand(halo == recorded.haloNodes, "halo as recorded", file: name, "\(recorded.haloNodes) nodes, found \(halo)")
    checkFraction(recorded.cut, Double(cut), of: manifest.edgeCount, "cut fraction")
    checkFraction(recorded.halo, Double(halo), of: manifest.nodeCount, "halo fraction")

    var loads: [String: [Int]] = [:]
    for constraint in BalanceConstraint.all(in: manifest.schema) {
      loads[constraint.name(in: manifest.schema)] = parts.map { part in
        switch constraint {
        case .nodes: part.innerCount
        case .edges: edgeLoads[part.part]
        case .train: part.nodes.reduce(0) { $0 + ($1.splits.first?.trainCount ?? 0) }
        case .validation: part.nodes.reduce(0) { $0 + ($1.splits.first?.validation.count ?? 0) }
        case .test: part.nodes.reduce(0) { $0 + ($1.splits.first?.test.count ?? 0) }
        case .nodeType(let type): locals(part, type: type).count
        case .weight: preconditionFailure("not a constraint of every graph")
        }
      }
    }
    for (name, sums) in checkWeights() { loads[name] = sums }
    let counted = loads.filter { $0.value.contains { $0 > 0 } }
    log.demand(
      Set(counted.keys) == Set(recorded.imbalance.keys), "imbalance of each constraint", file: name,
      "of \(recorded.imbalance.keys.sorted().joined(separator: ", "))")
    for (constraint, parts) in counted.sorted(by: { $0.key < $1.key }) {
      let total = parts.reduce(0, +)
      // The largest quotient of a part and its target, times the total.
      let weights = manifest.partitioner.partWeights ?? [Double](repeating: 1, count: parts.count)
      let worst = zip(parts, weights).map { Double($0) / $1 }.max() ?? 0
      checkFraction(recorded.imbalance[constraint] ?? .nan, worst * weights.reduce(0, +), of: total, "imbalance of \(constraint)")
    }
  }

  private func checkFraction(_ recorded: Double, _ part: Double, of whole: Int, _ what: String) {
    let found = whole == 0 ? 0 : part / Double(whole)
    log.demand(
      abs(recorded - found) <= 1e-12 * max(1, abs(found)), "measures as recorded", file: Manifest.fileName,
      "\(what) \(recorded), found \(found)")
  }
}
