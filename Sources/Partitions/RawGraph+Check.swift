public import Graphs
public import Tensors

extension RawGraph {
  /// Checks everything that partitioning relies on: ids and labels in range, splits increasing and disjoint, one row per
  /// node or edge in every table, names that can be file names, fewer than 2³² nodes and edges.
  ///
  /// - Throws: `InputError` naming the first thing that is wrong.
  /// - Complexity: O(nodes + edges).
  public func check(threads: Threads) throws {
    try Self.checkNames(schema.nodeTypes, what: "node type", place: name)
    try Self.checkNames(schema.relations.map(\.name), what: "relation", place: name)
    try Self.checkNames(splitNames, what: "split", place: name)
    try checkCount(nodes.reduce(0) { $0 + $1.count }, of: "nodes")
    try checkCount(edges.reduce(0) { $0 + $1.count }, of: "edges")
    for (type, data) in nodes.enumerated() { try check(data, type: schema.nodeTypes[type]) }
    for (index, list) in edges.enumerated() {
      let relation = schema.relations[index]
      guard nodes.indices.contains(relation.source), nodes.indices.contains(relation.destination) else {
        throw InputError("\(name): relation \(relation.name)", expected: "node types below \(nodes.count)", found: "others")
      }
      try checkIDs(list.sources, below: nodes[relation.source].count, what: "source", relation: relation.name, threads: threads)
      try checkIDs(
        list.destinations, below: nodes[relation.destination].count, what: "destination", relation: relation.name, threads: threads)
      try check(list, relation: relation.name)
      if let edge = list.weights?.elements.firstIndex(where: { !$0.isFinite }) {
        throw InputError(
          "\(name): relation \(relation.name), weight of edge \(edge)", expected: "a finite number", found: "\(list.weights?[edge] ?? 0)")
      }
    }
  }

  private func check(_ edges: EdgeList, relation: String) throws {
    let place = "\(name): edges of relation \(relation)"
    let names = edges.tables.keys.sorted()
    try Self.checkNames(names, what: "table", place: place)
    for table in names {
      guard !EdgeList.reservedTables.contains(table) else {
        throw InputError(place, expected: "a table name beside \(EdgeList.reservedTables.joined(separator: ", "))", found: "'\(table)'")
      }
      guard let rows = edges.tables[table]?.rows, rows == edges.count else {
        throw InputError("\(place), table \(table)", expected: "\(edges.count) rows", found: "\(edges.tables[table]?.rows ?? 0)")
      }
    }
  }

  private func checkCount(_ count: Int, of what: String) throws {
    guard count <= UInt32.max else { throw InputError(name, expected: "at most \(UInt32.max) \(what)", found: "\(count)") }
  }

  private func check(_ data: NodeData, type: String) throws {
    let place = "\(name): nodes of type \(type)"
    try Self.checkNames(data.tables.keys.sorted(), what: "table", place: place)
    for (table, rows) in data.tables.sorted(by: { $0.key < $1.key }) where rows.rows != data.count {
      throw InputError("\(place), table \(table)", expected: "\(data.count) rows", found: "\(rows.rows)")
    }
    if let names = data.names, names.count != data.count {
      throw InputError("\(place), names", expected: "\(data.count) names", found: "\(names.count)")
    }
    if let labels = data.labels {
      guard labels.count == data.count else {
        throw InputError("\(place), labels", expected: "\(data.count) labels", found: "\(labels.count)")
      }
      guard data.classCount > 0 else { throw InputError("\(place), labels", expected: "a class", found: "0 classes") }
      if let node = labels.firstIndex(where: { $0 < -1 || Int($0) >= data.classCount }) {
        throw InputError(
          "\(place), label of node \(node)", expected: "a class below \(data.classCount), or -1", found: "\(labels[node])")
      }
    }
    guard data.classNames.isEmpty || data.classNames.count == data.classCount else {
      throw InputError("\(place), class names", expected: "\(data.classCount) names", found: "\(data.classNames.count)")
    }
    try Self.checkNames(data.splits.map(\.name), what: "split", place: place)
    for split in data.splits { try Self.check(split, nodeCount: data.count, place: "\(place), split \(split.name)") }
  }

  private static func check(_ split: Split, nodeCount: Int, place: String) throws {
    var isTaken = [Bool](repeating: false, count: nodeCount)
    for (set, ids) in [("train", split.train), ("validation", split.validation), ("test", split.test)] {
      for (position, id) in ids.enumerated() {
        guard Int(id) < nodeCount else { throw InputError("\(place), \(set)", expected: "a node below \(nodeCount)", found: "\(id)") }
        guard position == 0 || ids[position - 1] < id else {
          throw InputError("\(place), \(set)", expected: "increasing nodes", found: "\(id) after \(ids[position - 1])")
        }
        guard !isTaken[Int(id)] else { throw InputError("\(place), \(set)", expected: "each node in one set", found: "node \(id) in two") }
        isTaken[Int(id)] = true
      }
    }
  }

  private func checkIDs(_ ids: ArrayView<UInt32>, below count: Int, what: String, relation: String, threads: Threads) throws {
    let chunk = 1 << 20
    let chunks = (ids.count + chunk - 1) / chunk
    let largest = Buffer<UInt32>(count: chunks)
    threads.forEachChunk(of: ids.count, by: chunk) { range in
      var maximum: UInt32 = 0
      for edge in range { maximum = max(maximum, ids.pointer[edge]) }
      largest.pointer[range.lowerBound / chunk] = maximum
    }
    guard ids.count > 0, largest.elements.contains(where: { Int($0) >= count }) else { return }
    let edge = ids.firstIndex { Int($0) >= count } ?? 0
    throw InputError(
      "\(name): relation \(relation), \(what) of edge \(edge)", expected: "a node below \(count)", found: "\(ids[edge])")
  }

  private static func checkNames(_ names: [String], what: String, place: String) throws {
    for (index, name) in names.enumerated() {
      let plain = name.unicodeScalars.allSatisfy { $0.value >= 32 && $0 != "/" && $0 != "\\" && $0.value != 127 }
      guard plain, !name.isEmpty, !name.hasPrefix(".") else {
        throw InputError(place, expected: "a \(what) name that can be a file name", found: "'\(name)'")
      }
      guard !names[..<index].contains(name) else {
        throw InputError(place, expected: "\(what)s of different names", found: "'\(name)' twice")
      }
    }
  }
}
