import Graphs
import Tensors

/// The files of a chunked graph and what writes them.
struct ChunkedGraph {
  private let graph: RawGraph
  private let chunks: Int
  private(set) var jobs: [FileJob] = []
  private(set) var metadata: ChunkedGraphMetadata

  /// - Throws: `InputError` when two sources would have the same name in DGL, or a name has a colon.
  init(_ graph: RawGraph, chunks: Int) throws {
    self.graph = graph
    self.chunks = chunks
    let schema = graph.schema
    if let odd = (schema.nodeTypes + schema.relations.map(\.name)).first(where: { $0.contains(":") }) {
      throw InputError(graph.name, expected: "names without ':', which DGL puts between them", found: "'\(odd)'")
    }
    let sizes = { (count: Int) in (0..<chunks).map { Self.chunk($0, of: count, chunks: chunks).count } }
    metadata = ChunkedGraphMetadata(
      graphName: graph.name, nodeTypes: schema.nodeTypes, nodeCounts: graph.nodes.map(\.count),
      nodeCountsOfChunks: graph.nodes.map { sizes($0.count) }, relations: schema.relations.map { Self.name(of: $0, in: schema) },
      edgeCounts: graph.edges.map(\.count), edgeCountsOfChunks: graph.edges.map { sizes($0.count) })
    for relation in schema.relations.indices {
      addEdges(of: relation)
      addEdgeData(of: relation)
    }
    for type in schema.nodeTypes.indices { try addNodes(of: type) }
  }

  /// `author:writes:paper`.
  private static func name(of relation: Relation, in schema: Schema) -> String {
    "\(schema.nodeTypes[relation.source]):\(relation.name):\(schema.nodeTypes[relation.destination])"
  }

  /// The positions in one chunk: chunks differ by one at most, the larger come first.
  private static func chunk(_ index: Int, of count: Int, chunks: Int) -> Range<Int> {
    let (size, rest) = count.quotientAndRemainder(dividingBy: chunks)
    let start = index * size + min(index, rest)
    return start..<start + size + (index < rest ? 1 : 0)
  }

  private mutating func addEdges(of relation: Int) {
    let name = Self.name(of: graph.schema.relations[relation], in: graph.schema)
    let edges = graph.edges[relation]
    metadata.edges[name] = add("edges/\(name)", suffix: "csv", format: ["name": "csv", "delimiter": " "], count: edges.count) { range in
      (
        16 * range.count,
        { path in
          let file = try NewTextFile(path)
          for edge in range {
            try file.append(Int(edges.sources.pointer[edge]))
            try file.append(UInt8(ascii: " "))
            try file.append(Int(edges.destinations.pointer[edge]))
            try file.append(UInt8(ascii: "\n"))
          }
          try file.close()
        }
      )
    }
  }

  /// Weights and tables of edges.
  private mutating func addEdgeData(of relation: Int) {
    let name = Self.name(of: graph.schema.relations[relation], in: graph.schema)
    let edges = graph.edges[relation]
    var files: [String: ChunkedGraphMetadata.Files] = [:]
    for (key, table) in edges.tables.sorted(by: { $0.key < $1.key }) {
      let rows = ChunkedRows(table, place: "edge table '\(key)' of \(name)")
      files[key] = addArray("edge_data/\(name)/\(key)", count: edges.count) { range in
        (rows.bytes(of: range), { try rows.write(range, to: $0) })
      }
    }
    if let weights = edges.weights {
      files["weights"] = addList("edge_data/\(name)/weights", .float32, count: edges.count) { weights.pointer[$0] }
    }
    if !files.isEmpty { metadata.edgeData[name] = files }
  }

  private mutating func addNodes(of type: Int) throws {
    let data = graph.nodes[type]
    let typeName = graph.schema.nodeTypes[type]
    let folder = "node_data/\(typeName)"
    var files: [String: ChunkedGraphMetadata.Files] = [:]
    func claim(_ key: String) throws {
      guard files[key] == nil else {
        throw InputError("\(graph.name): nodes of type \(typeName)", expected: "one source for '\(key)' in DGL", found: "two")
      }
    }
    for (name, table) in data.tables.sorted(by: { $0.key < $1.key }) {
      let rows = ChunkedRows(table, place: "table '\(name)' of \(typeName)")
      files[name] = addArray("\(folder)/\(name)", count: data.count) { range in (rows.bytes(of: range), { try rows.write(range, to: $0) }) }
    }
    if let labels = data.labels {
      try claim("label")
      files["label"] = addList("\(folder)/label", .int64, count: data.count) { Int64(labels.pointer[$0]) }
    }
    let split = graph.defaultSplit(ofType: type)
    if !split.isEmpty {
      for (name, ids) in [("train_mask", split.train), ("val_mask", split.validation), ("test_mask", split.test)] {
        try claim(name)
        let mask = Buffer<UInt8>(count: data.count)
        for id in ids { mask.pointer[Int(id)] = 1 }
        files[name] = addList("\(folder)/\(name)", .uint8, count: data.count) { mask.pointer[$0] }
      }
    }
    if !files.isEmpty { metadata.nodeData[typeName] = files }
  }

  /// A one-dimensional array of nodes or edges.
  private mutating func addList<T: BitwiseCopyable & Sendable>(
    _ path: String, _ elementType: ElementType, count: Int, _ element: @escaping @Sendable (Int) -> T
  ) -> ChunkedGraphMetadata.Files {
    addArray(path, count: count) { range in
      (
        range.count * elementType.size,
        { path in
          let writer = try NPYWriter(creating: path, elementType: elementType, shape: [range.count])
          for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 16) {
            try writer.write((start..<min(range.upperBound, start + 1 << 16)).map(element))
          }
          try writer.close()
        }
      )
    }
  }

  private mutating func addArray(
    _ path: String, count: Int,
    _ writer: (Range<Int>) -> (bytes: Int, write: @Sendable (String) throws -> Void)
  ) -> ChunkedGraphMetadata.Files {
    add(path, suffix: "npy", format: ["name": "numpy"], count: count, writer)
  }

  /// Lists a file for each chunk.
  private mutating func add(
    _ path: String, suffix: String, format: [String: String], count: Int,
    _ writer: (Range<Int>) -> (bytes: Int, write: @Sendable (String) throws -> Void)
  ) -> ChunkedGraphMetadata.Files {
    let paths = (0..<chunks).map { "\(path)-\($0).\(suffix)" }
    for (index, path) in paths.enumerated() {
      let (bytes, write) = writer(Self.chunk(index, of: count, chunks: chunks))
      jobs.append(FileJob(path: path, estimatedBytes: bytes, write: write))
    }
    return ChunkedGraphMetadata.Files(format: format, data: paths)
  }
}

/// Rows of a table as NumPy and torch read them: bfloat16 and int8 with scales as float32, sparse rows spread out.
private struct ChunkedRows: Sendable {
  private enum Source: Sendable {
    case dense(RowConversion)
    case sparse(SparseRows)
  }

  private let source: Source
  private let columns: Int
  private let type: ElementType

  init(_ table: FeatureTable, place: String) {
    columns = table.columns
    switch table {
    case .dense(let rows):
      type = rows.elementType == .bfloat16 || rows.elementType == .int8 ? .float32 : rows.elementType
      source = .dense(RowConversion(source: rows, type: type, place: place))
    case .sparse(let rows):
      type = .float32
      source = .sparse(rows)
    }
  }

  func bytes(of range: Range<Int>) -> Int { range.count * columns * type.size }

  func write(_ range: Range<Int>, to path: String) throws {
    let writer = try NPYWriter(creating: path, elementType: type, shape: [range.count, columns])
    let row = Buffer<UInt8>(count: columns * type.size)
    let scratch = Buffer<Float>(count: columns)
    for node in range {
      switch source {
      case .dense(let conversion): try conversion.write(node, to: row.pointer, scratch: scratch.pointer)
      case .sparse(let rows): Self.spread(rows, node, to: row)
      }
      try writer.write(UnsafeRawBufferPointer(start: row.pointer, count: row.count))
    }
    try writer.close()
  }

  private static func spread(_ rows: SparseRows, _ node: Int, to row: Buffer<UInt8>) {
    let values = UnsafeMutableRawPointer(row.pointer).assumingMemoryBound(to: Float.self)
    for column in 0..<rows.columns { values[column] = 0 }
    for position in Int(rows.indptr[node])..<Int(rows.indptr[node + 1]) { values[Int(rows.indices[position])] = rows.values[position] }
  }
}
