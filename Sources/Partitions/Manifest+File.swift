import Foundation
import Graphs
import Tensors

extension Manifest {
  /// Reads `graph.json` of a partition directory and checks that its numbers agree with each other.
  ///
  /// - Throws: `SystemError` when it cannot be read; `InputError` when it is no manifest, comes from a later version of the
  ///   format, or contradicts itself.
  public static func load(_ directory: String) throws -> Manifest {
    let path = "\(directory)/\(fileName)"
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    let manifest: Manifest
    do {
      let version = try JSONDecoder().decode(Version.self, from: data).formatVersion
      guard version == currentVersion else {
        throw InputError(path, expected: "format version \(currentVersion)", found: "version \(version)")
      }
      manifest = try JSONDecoder().decode(Manifest.self, from: data)
    } catch let error as DecodingError {
      throw InputError(path, expected: "the manifest of a partition directory", found: error.summary)
    }
    try manifest.check(place: path)
    return manifest
  }

  /// The bytes of `graph.json`: keys sorted, so equal manifests have equal bytes.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try [UInt8](encoder.encode(self)) + [0x0A]
  }

  /// What each part is to hold; equal shares where nothing else was asked.
  public var shares: PartShares {
    (try? PartShares(weights: partitioner.partWeights ?? [], partCount: partCount)) ?? PartShares(equal: partCount)
  }

  /// Tolerances that were asked and are not kept.
  public var unmetTolerances: [UnmetTolerance] {
    partitioner.tolerances.sorted { $0.key < $1.key }.compactMap { name, tolerance in
      loads(of: name).flatMap { shares.unmet($0, constraint: name, tolerance: tolerance) }
    }
  }

  /// What every part holds of the constraint called `name`; `nil` where that is not known.
  public func loads(of name: String) -> [Int]? {
    guard let constraint = BalanceConstraint(named: name, in: schema) else { return nil }
    let loads = parts.map { part -> Int? in
      switch constraint {
      case .nodes: part.innerNodes.reduce(0, +)
      case .edges: part.edges.reduce(0, +)
      case .train: part.splits.first?.train.reduce(0, +) ?? 0
      case .validation: part.splits.first?.validation.reduce(0, +) ?? 0
      case .test: part.splits.first?.test.reduce(0, +) ?? 0
      case .nodeType(let type): part.innerNodes[type]
      case .weight: part.weights?[name]
      }
    }
    return loads.contains(nil) ? nil : loads.compactMap(\.self)
  }

  private struct Version: Decodable { var formatVersion: Int }

  /// Checks shapes, ranges and sums.
  private func check(place: String) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: @autoclosure () -> String) throws {
      if !holds { throw InputError(place, expected: expected, found: found()) }
    }
    let types = schema.nodeTypes.count
    try demand((1...Int(UInt16.max)).contains(partCount), "1 to \(UInt16.max) parts", "\(partCount)")
    try demand(types > 0, "a node type", "none")
    try demand(
      schema.relations.allSatisfy { (0..<types).contains($0.source) && (0..<types).contains($0.destination) },
      "relations between known node types", "others")
    try demand(bounds.count == partCount * types + 1, "\(partCount * types + 1) bounds", "\(bounds.count)")
    try demand(bounds[0] == 0 && zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 }, "bounds that grow from 0", "others")
    try demand(bounds[bounds.count - 1] <= Int64(UInt32.max), "at most \(UInt32.max) nodes", "\(bounds[bounds.count - 1])")
    try demand(parts.count == partCount, "sizes of \(partCount) parts", "\(parts.count)")
    try demand(
      (try? PartShares(weights: partitioner.partWeights ?? [], partCount: partCount)) != nil, "\(partCount) weights of parts above 0",
      "\(partitioner.partWeights ?? [])")
    try demand(classCounts.count == types && classCounts.allSatisfy { $0 >= 0 }, "classes of \(types) node types", "\(classCounts)")
    try demand(
      classNames.count == types && zip(classNames, classCounts).allSatisfy { $0.isEmpty || $0.count == $1 },
      "names of \(classCounts) classes",
      "\(classNames.map(\.count))")
    try demand(Set(splits).count == splits.count, "splits of different names", splits.joined(separator: ", "))
    let nodeCounts = (0..<types).map { type in
      (0..<partCount).reduce(0) { $0 + Int(bounds[$1 * types + type + 1] - bounds[$1 * types + type]) }
    }
    for (part, counts) in parts.enumerated() {
      let inner = (0..<types).map { Int(bounds[part * types + $0 + 1] - bounds[part * types + $0]) }
      try demand(counts.innerNodes == inner, "inner nodes \(inner) of part \(part)", "\(counts.innerNodes)")
      let lists = counts.splits.flatMap { [$0.train, $0.validation, $0.test] }
      try demand(counts.splits.count == splits.count, "\(splits.count) splits of part \(part)", "\(counts.splits.count)")
      try demand(
        lists.allSatisfy { $0.count == types && zip($0, inner).allSatisfy { (0...$1).contains($0) } },
        "splits of part \(part) within \(inner) nodes", "\(lists)")
      try demand(
        counts.edges.count == schema.relations.count && counts.edges.allSatisfy { (0...Int(UInt32.max)).contains($0) },
        "edges of \(schema.relations.count) relations in part \(part)", "\(counts.edges)")
      try demand(
        counts.weights?.values.allSatisfy { $0 >= 0 } ?? true, "weights of part \(part) of 0 or more", "\(counts.weights ?? [:])")
      if let replicas = counts.replicas {
        let others = zip(nodeCounts, inner).map { $0 - $1 }
        try demand(
          replicas.rows.count == types && zip(replicas.rows, others).allSatisfy { (0...$1).contains($0) }
            && (0...others.reduce(0, +)).contains(replicas.nodes) && (0...nodeCount).contains(replicas.sources)
            && (0...edgeCount).contains(replicas.edges),
          "replicas of part \(part) among \(others) nodes of other parts", "\(replicas)")
      }
      if let listed = counts.expectedRows {
        let others = nodeCount - inner.reduce(0, +)
        try demand((0...others).contains(listed), "at most \(others) expected rows of part \(part)", "\(listed)")
      }
      try demand((0...nodeCount).contains(counts.haloNodes), "at most \(nodeCount) halo nodes of part \(part)", "\(counts.haloNodes)")
    }
    if let reads = expectedReads {
      let all = [reads.rows] + (reads.replicated.map { [$0] } ?? [])
      try demand(
        all.allSatisfy { $0.count == partCount && $0.allSatisfy { $0.count == types && $0.allSatisfy { $0 >= 0 && $0.isFinite } } },
        "expected reads of \(partCount) parts and \(types) node types", "others")
    }
    for table in tables { try demand(table.relation == nil, "tables of nodes in tables", "\(table.name) of a relation") }
    for table in edgeTables {
      let relation = table.relation.flatMap { schema.relations.indices.contains($0) ? schema.relations[$0] : nil }
      try demand(
        relation.map { $0.destination == table.nodeType } ?? false,
        "a relation, and its destination's node type, for edge table \(table.name)",
        "\(table.relation.map(String.init) ?? "none") and \(table.nodeType)")
    }
    try demand(
      Set(edgeTables.map { "\($0.slot)/\($0.name)" }).count == edgeTables.count, "edge tables of different names in a relation",
      edgeTables.map(\.name).joined(separator: ", "))
    for table in tables + edgeTables {
      // A row of int8 ends with its scale, which is read in place: rows begin at multiples of four bytes.
      let fits =
        table.layout == .sparse || table.strideBytes >= table.rowBytes && (table.elementType != .int8 || table.strideBytes % 4 == 0)
      try demand((0..<types).contains(table.nodeType), "a node type below \(types) for table \(table.name)", "\(table.nodeType)")
      try demand(
        table.columns >= 0 && fits && table.strideBytes >= 0 && table.strideBytes % table.elementType.size == 0,
        "a row stride of at least \(table.columns) columns for table \(table.name)", "\(table.strideBytes) bytes")
    }
  }
}

extension DecodingError {
  /// What is wrong and where, on one line.
  fileprivate var summary: String {
    func at(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "" : " at " + path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
    return switch self {
    case .keyNotFound(let key, let context): "no \(key.stringValue)\(at(context.codingPath))"
    case .typeMismatch(let type, let context): "a value that is no \(type)\(at(context.codingPath))"
    case .valueNotFound(let type, let context): "null for \(type)\(at(context.codingPath))"
    case .dataCorrupted(let context): "damaged JSON\(at(context.codingPath))"
    @unknown default: "damaged JSON"
    }
  }
}
