import Graphs
import Synchronization
import Tensors

/// The invariants of a `RawGraph`, checked where one comes from a file or goes to one.
struct GraphCheck {
  let graph: RawGraph
  let threads: Threads
  /// Names the place of an array for errors, from its path in a dataset directory without `.npy`.
  let place: (String) -> String

  /// - Throws: `InputError` for the first invariant that does not hold.
  func run() throws {
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      try checkEnds(edges.sources, below: graph.nodes[relation.source].count, "edges/\(relation.name)/sources")
      try checkEnds(edges.destinations, below: graph.nodes[relation.destination].count, "edges/\(relation.name)/destinations")
      if let weights = edges.weights { try checkWeights(weights, "edges/\(relation.name)/weights") }
      try check(edges.tables, "edges/\(relation.name)", rows: edges.count, of: "edge")
    }
    for (name, nodes) in zip(graph.schema.nodeTypes, graph.nodes) {
      try check(nodes.tables, "nodes/\(name)", rows: nodes.count, of: "node")
      if let names = nodes.names {
        try check(names.count == nodes.count, "nodes/\(name)/names.indptr", "\(nodes.count) names", "\(names.count)")
      }
      if let labels = nodes.labels { try checkLabels(labels, nodes, "nodes/\(name)/labels") }
      for (index, split) in nodes.splits.enumerated() {
        try check(split, of: nodes, "nodes/\(name)/\(Split.folder(split.name, index: index))")
      }
    }
  }

  private func check(_ tables: [String: FeatureTable], _ folder: String, rows count: Int, of what: String) throws {
    for (table, rows) in tables.sorted(by: { $0.key < $1.key }) {
      try check(rows.rows == count, "\(folder)/\(table)", "\(count) rows, one for each \(what)", "\(rows.rows)")
      switch rows {
      case .sparse(let sparse): try checkSparse(sparse, "\(folder)/\(table)")
      case .dense(let dense): try checkScales(dense, "\(folder)/\(table).scale")
      }
    }
  }

  private func check(_ condition: Bool, _ array: String, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String) throws {
    if !condition { throw InputError(place(array), expected: expected(), found: found()) }
  }

  private func checkEnds(_ ends: ArrayView<UInt32>, below count: Int, _ array: String) throws {
    let largest = Atomic<UInt32>(0)
    threads.forEachChunk(of: ends.count, by: 1 << 18) { range in
      var found: UInt32 = 0
      for edge in range { found = max(found, ends.pointer[edge]) }
      largest.max(found, ordering: .relaxed)
    }
    let found = largest.load(ordering: .relaxed)
    try check(ends.isEmpty || Int(found) < count, array, "node ids below \(count)", "\(found)")
  }

  private func checkWeights(_ weights: ArrayView<Float>, _ array: String) throws {
    let firstBad = Atomic<Int>(Int.max)
    threads.forEachChunk(of: weights.count, by: 1 << 18) { range in
      for edge in range where !weights.pointer[edge].isFinite {
        firstBad.min(edge, ordering: .relaxed)
        return
      }
    }
    let bad = firstBad.load(ordering: .relaxed)
    try check(bad == Int.max, array, "finite weights", "\(weights.pointer[min(bad, weights.count - 1)]) of edge \(bad)")
  }

  private func checkSparse(_ rows: SparseRows, _ array: String) throws {
    let indptr = rows.indptr
    try check(
      indptr[0] == 0 && indptr[rows.rows] == rows.indices.count, "\(array).indptr", "row bounds from 0 to \(rows.indices.count)",
      "\(indptr[0]) to \(indptr[rows.rows])")
    if let row = (0..<rows.rows).first(where: { indptr[$0 + 1] < indptr[$0] }) {
      throw InputError(
        place("\(array).indptr"), expected: "row bounds that do not decrease", found: "\(indptr[row + 1]) after \(indptr[row])")
    }
    let firstBad = Atomic<Int>(Int.max)
    threads.forEachChunk(of: rows.rows, by: 4096) { range in
      for row in range {
        var next = 0
        for position in Int(indptr.pointer[row])..<Int(indptr.pointer[row + 1]) {
          let column = Int(rows.indices.pointer[position])
          if column < next || column >= rows.columns {
            firstBad.min(row, ordering: .relaxed)
            return
          }
          next = column + 1
        }
      }
    }
    let bad = firstBad.load(ordering: .relaxed)
    try check(bad == Int.max, "\(array).indices", "increasing columns below \(rows.columns) in every row", "others in row \(bad)")
  }

  private func checkScales(_ rows: DenseRows, _ array: String) throws {
    guard rows.elementType == .int8 else { return }
    for row in 0..<rows.rows where !rows.scale(of: row).isFinite || rows.scale(of: row) < 0 {
      throw InputError(place(array), expected: "scales that are finite and not negative", found: "\(rows.scale(of: row)) of row \(row)")
    }
  }

  private func checkLabels(_ labels: ArrayView<Int32>, _ nodes: NodeData, _ array: String) throws {
    try check(labels.count == nodes.count, array, "\(nodes.count) labels", "\(labels.count)")
    if let node = labels.elements.firstIndex(where: { $0 < -1 || $0 >= nodes.classCount }) {
      throw InputError(place(array), expected: "classes from 0 to \(nodes.classCount - 1), or -1", found: "\(labels[node]) of node \(node)")
    }
  }

  /// - Parameter folder: Where the sets lie, with the last slash.
  private func check(_ split: Split, of nodes: NodeData, _ folder: String) throws {
    if split.isEmpty { return }
    let sets = [("train", split.train), ("validation", split.validation), ("test", split.test)]
    try check(!split.train.isEmpty, "\(folder)train", "at least one training node", "none")
    let setOf = Buffer<UInt8>(count: nodes.count)
    for (number, (name, set)) in sets.enumerated() {
      var previous = -1
      for id in set {
        let node = Int(id)
        let array = folder + name
        try check(node > previous, array, "increasing node ids", "\(node) after \(previous)")
        try check(node < nodes.count, array, "node ids below \(nodes.count)", "\(node)")
        try check(
          setOf[node] == 0, array, "each node in one set only", "node \(node), which is in \(sets[max(0, Int(setOf[node]) - 1)].0) as well")
        if let labels = nodes.labels { try check(labels[node] >= 0, array, "nodes with a label", "node \(node) without one") }
        setOf[node] = UInt8(number + 1)
        previous = node
      }
    }
  }
}
