import Foundation
import Graphs
import Tensors

extension Verifier {
  /// Compares edges, rows, labels and splits with the graph the parts were made from.
  func compare(with graph: RawGraph) {
    let name = Manifest.fileName
    let recorded = manifest.fingerprint
    let fingerprint = graph.fingerprint
    log.demand(recorded == fingerprint, "fingerprint is the input's", file: name, "\(recorded), the input has \(fingerprint)")
    let counts = manifest.schema.nodeTypes.indices.map { nodeCount(ofType: $0) }
    log.demand(
      counts == graph.nodes.map(\.count), "nodes are the input's", file: name, "\(counts), the input has \(graph.nodes.map(\.count))")
    let edges = manifest.schema.relations.indices.map { relation in manifest.parts.reduce(0) { $0 + $1.edges[relation] } }
    log.demand(
      edges == graph.edges.map(\.count), "edges are the input's", file: name, "\(edges), the input has \(graph.edges.map(\.count))")
    log.demand(
      manifest.splits == graph.splitNames, "splits are the input's", file: name, "\(manifest.splits), the input has \(graph.splitNames)")
    guard manifest.schema == graph.schema, counts == graph.nodes.map(\.count), edges == graph.edges.map(\.count) else { return }
    for (type, nodes) in zip(graph.schema.nodeTypes, graph.nodes) { compareNames(of: type, with: nodes.names) }
    for part in parts {
      compareEdges(of: part, with: graph)
      compareWeights(of: part, with: graph)
      compareEdgeTables(of: part, with: graph)
      for type in graph.nodes.indices {
        compareNodes(of: part, type: type, with: graph.nodes[type])
        for (index, name) in manifest.splits.enumerated() {
          compareSplit(index, of: part, type: type, with: graph.split(name, ofType: type))
        }
      }
    }
  }

  private func compareEdges(of part: LocalPartition, with graph: RawGraph) {
    let bounds = NodeNumbering(counts: graph.edges.map(\.count)).offsets
    for row in 0..<part.innerCount {
      for position in Int(part.indptr[row])..<Int(part.indptr[row + 1]) {
        let relation = part.relations.map { Int($0[position]) } ?? 0
        let edge = Int(part.edgeIDs[position]) - bounds[relation]
        guard edge >= 0, edge < graph.edges[relation].count else { continue }  // Reported by checkEdges.
        let local = Int(part.indices[position])
        let source = local < part.innerCount ? part.original[local] : part.haloOriginal[local - part.innerCount]
        let ends = (Int64(graph.edges[relation].sources[edge]), Int64(graph.edges[relation].destinations[edge]))
        log.demand(
          ends == (source, part.original[row]), "edges are the input's", file: file(part, "indices"), row: position,
          "\(source) to \(part.original[row]), edge \(edge) of \(graph.schema.relations[relation].name) is \(ends.0) to \(ends.1)")
      }
    }
  }

  /// Names, from the files that the manifest records.
  private func compareNames(of type: String, with names: NodeNames?) {
    let place = PartFiles.names(ofType: type)
    let stored = try? manifest.names(ofType: type, in: directory)
    let same = stored?.offsets.elementsEqual(names?.offsets ?? ArrayView()) ?? (names == nil)
    let sameBytes = stored?.bytes.elementsEqual(names?.bytes ?? ArrayView()) ?? (names == nil)
    log.demand(same && sameBytes, "names are the input's", file: "\(place).npy", "others")
  }

  private func compareWeights(of part: LocalPartition, with graph: RawGraph) {
    guard graph.edges.contains(where: { $0.weights != nil }) else { return }
    let name = file(part, "weights")
    guard let weights = try? NPYArray(mapping: "\(directory)/\(name)").elements(as: Float.self, shape: [part.indices.count]) else {
      log.demand(false, "weights are there", file: name, "no float32 of shape [\(part.indices.count)]")
      return
    }
    let bounds = NodeNumbering(counts: graph.edges.map(\.count)).offsets
    for (position, weight) in weights.enumerated() {
      let relation = part.relations.map { Int($0[position]) } ?? 0
      let edge = Int(part.edgeIDs[position]) - bounds[relation]
      guard edge >= 0, edge < graph.edges[relation].count else { continue }  // Reported by checkEdges.
      let input = graph.edges[relation].weights?[edge] ?? 1
      log.demand(weight == input, "weights are the input's", file: name, row: position, "\(weight), edge \(edge) has \(input)")
    }
  }

  private func compareNodes(of part: LocalPartition, type: Int, with data: NodeData) {
    let shard = part.nodes[type]
    let stored = shard.tables.keys.sorted()
    log.demand(
      stored == data.tables.keys.sorted(), "tables are the input's", file: Manifest.fileName, "\(stored) of type \(type)")
    for (row, local) in locals(part, type: type).enumerated() {
      let node = Int(part.original[local])
      guard node >= 0, node < data.count else { continue }  // Reported by checkOriginals.
      if let labels = shard.labels, let input = data.labels {
        log.demand(
          labels[row] == input[node], "labels are the input's", file: file(part, type, "labels"), row: row,
          "\(labels[row]), node \(node) has \(input[node])")
      }
      for name in stored {
        guard let table = shard.tables[name], let input = data.tables[name] else { continue }
        log.demand(
          Self.sameRow(table, row, input, node), "rows are the input's", file: file(part, type, name), row: row,
          "another row than node \(node)'s")
      }
    }
  }

  /// Whether row `row` of a part's table is row `node` of the input's, as near as its type allows.
  static func sameRow(_ table: FeatureTable, _ row: Int, _ input: FeatureTable, _ node: Int) -> Bool {
    switch (table, input) {
    case (.dense(let a), .dense(let b)):
      guard a.columns == b.columns else { return false }
      guard a.elementType == b.elementType else { return isRounding(a, row, of: b, node) }
      let sameElements =
        memcmp(a.bytes.pointer + row * a.strideBytes, b.bytes.pointer + node * b.strideBytes, a.columns * a.elementType.size) == 0
      return sameElements && (a.elementType != .int8 || a.scale(of: row).bitPattern == b.scale(of: node).bitPattern)
    case (.sparse(let a), .sparse(let b)):
      guard a.columns == b.columns else { return false }
      let (left, right) = (entries(a, row), entries(b, node))
      guard let left, let right else { return false }
      return left.0.elementsEqual(right.0) && left.1.elementsEqual(right.1) { $0.bitPattern == $1.bitPattern }
    case (.dense, .sparse), (.sparse, .dense): return false
    }
  }

  private static func entries(_ rows: SparseRows, _ row: Int) -> (ArrayView<UInt32>, ArrayView<Float>)? {
    let (start, end) = (rows.indptr[row], rows.indptr[row + 1])
    guard start >= 0, start <= end, end <= Int64(rows.indices.count) else { return nil }
    return (rows.indices.slice(Int(start)..<Int(end)), rows.values.slice(Int(start)..<Int(end)))
  }

  private func compareSplit(_ index: Int, of part: LocalPartition, type: Int, with split: Split) {
    let shard = part.split(index, type: type)
    let range = locals(part, type: type)
    func originals(_ ids: [UInt32]) -> [Int64] { ids.filter { range.contains(Int($0)) }.map { part.original[Int($0)] } }
    let owned = Set(range.map { part.original[$0] })
    for (name, stored, input) in [
      ("train", shard.trainIDs, split.train), ("validation", Array(shard.validation), split.validation),
      ("test", Array(shard.test), split.test),
    ] {
      let expected = input.map(Int64.init).filter { owned.contains($0) }
      let found = originals(stored)
      let row = zip(expected, found).enumerated().first { $1.0 != $1.1 }?.offset ?? min(expected.count, found.count)
      log.demand(
        expected == found, "sets are the input's", file: file(part, type, index, name), row: row,
        "\(found.count) nodes, expected \(expected.count)")
    }
  }
}
