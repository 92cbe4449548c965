import Foundation
import Graphs
import Partitions
import Tensors
import Testing

/// Rows of edges in partition directories.
@Suite struct EdgeTablesTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.file("parts") }

  init() throws { directory = try TemporaryDirectory() }

  @discardableResult
  private func write(
    _ graph: RawGraph, _ parts: [UInt16], to name: String = "parts", types: TableTypes = TableTypes(), only: Set<Int>? = nil,
    edges: ArrayStorage = .memory, threads: Int = 1
  ) throws -> Manifest {
    try PartitionWriter.write(
      graph, SmallGraphs.assignment(graph, parts), to: directory.file(name), types: types, only: only, force: true, edges: edges,
      threads: Threads(threads))
  }

  private func load(_ manifest: Manifest) throws -> [LocalPartition] {
    try (0..<manifest.partCount).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
  }

  private func floats(_ table: FeatureTable?) -> [Float] {
    guard case .dense(let rows)? = table else { return [] }
    return (0..<rows.rows).flatMap { row in
      (0..<rows.columns).map {
        UnsafeRawPointer(rows.bytes.pointer).loadUnaligned(fromByteOffset: row * rows.strideBytes + 4 * $0, as: Float.self)
      }
    }
  }

  @Test func rowsFollowThePartsOrderOfEdges() throws {
    let manifest = try write(SmallGraphs.cycleWithEdgeTables, SmallGraphs.cycleParts)
    #expect(
      manifest.edgeTables == [
        TableDescription(name: "words", nodeType: 0, relation: 0, layout: .sparse, columns: 8, elementType: .float32, strideBytes: 0),
        TableDescription(name: "x", nodeType: 0, relation: 0, layout: .dense, columns: 2, elementType: .float32, strideBytes: 8),
      ])
    #expect(manifest.edgeTables.map(\.slot) == [0, 0])
    let parts = try load(manifest)
    // In-edges 5, 0, 7, 3 of part 0; 1, 6, 2, 4 of part 1.
    #expect(floats(parts[0].edgeTables[0]["x"]) == [50, 51, 0, 1, 70, 71, 30, 31])
    #expect(floats(parts[1].edgeTables[0]["x"]) == [10, 11, 60, 61, 20, 21, 40, 41])
    guard case .sparse(let words)? = parts[1].edgeTables[0]["words"] else {
      Issue.record("another layout")
      return
    }
    #expect(Array(words.indptr) == [0, 0, 1, 2, 3] && Array(words.indices) == [6, 2, 4] && Array(words.values) == [7, 3, 5])
    #expect(parts.map { $0.edgeRows.base(0) } == [0, 4])
    #expect(parts[0].edgeRows.numbers(0) && parts[0].edgeRows.first(ofInner: 1, relation: 0, firstPosition: 1) == 1)
    #expect(PartitionBook(edgesOf: manifest).bounds == [0, 4, 8])
    #expect(!manifest.files.contains { $0.path.hasSuffix("edges/edge/indptr.npy") })
    #expect(try Verifier.verify(path, against: SmallGraphs.cycleWithEdgeTables) == [])
  }

  @Test func withSeveralRelationsNodesListTheirFirstRows() throws {
    let manifest = try write(SmallGraphs.papersWithEdgeTables, SmallGraphs.papersParts)
    #expect(manifest.edgeTables.map(\.slot) == [1] && manifest.edgeTables.map(\.nodeType) == [1])
    let parts = try load(manifest)
    // Part 0: author 1, papers 0 and 2. Paper 0 is written by 0 and 1, cited by 1 (edge 0), 2 (edge 1), 2 (edge 3); paper 2 by 0 (edge 2).
    #expect(Array(parts[0].edgeIDs) == [0, 1, 3, 4, 6, 5])
    #expect(parts[0].edgeTables[0].isEmpty && floats(parts[0].edgeTables[1]["x"]) == [0, 1, 3, 2])
    #expect(!parts[0].edgeRows.numbers(0) && parts[0].edgeRows.numbers(1))
    #expect((0..<3).map { parts[0].edgeRows.first(ofInner: $0, relation: 1, firstPosition: 0) } == [0, 0, 3])
    let firsts = try NPYArray(mapping: "\(path)/part-000/edges/cites/indptr.npy")
    #expect(Array(try firsts.elements(as: Int64.self, shape: [4])) == [0, 0, 3, 4])
    #expect(floats(parts[1].edgeTables[1]["x"]) == [])
    // Edges by part, then by relation: 2 and 4, 1 and 0.
    #expect(PartitionBook(edgesOf: manifest).bounds == [0, 2, 6, 7, 7])
    #expect(parts.map { $0.edgeRows.base(1) } == [2, 7])
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func everyInEdgeFindsItsRow(seed: UInt64) throws {
    var random = RandomEdgeTables(seed: seed)
    let graph = random.graph()
    let manifest = try write(graph, random.parts(of: graph, partCount: Int.random(in: 1...3, using: &random)))
    #expect(try Verifier.verify(path, against: graph) == [], "seed \(seed)")
    let size = DirectorySize(graph, partCount: manifest.partCount, types: TableTypes())
    #expect(size.files == manifest.files.count)
    #expect(size.bytes(haloNodes: manifest.metrics.haloNodes) == manifest.files.reduce(0) { $0 + $1.size })
    var found = 0
    for part in try load(manifest) {
      for (relation, edges) in graph.edges.enumerated() where !edges.tables.isEmpty {
        found += expectRows(of: part, relation, in: graph, PartitionBook(edgesOf: manifest))
      }
    }
    #expect(found == graph.edges.reduce(0) { $0 + ($1.tables.isEmpty ? 0 : $1.count) })
  }

  /// Compares the rows of a part's in-edges of one relation with the input's, and returns how many there are.
  private func expectRows(of part: LocalPartition, _ relation: Int, in graph: RawGraph, _ book: PartitionBook) -> Int {
    let before = graph.edges[..<relation].reduce(0) { $0 + $1.count }
    var count = 0
    for node in 0..<part.innerCount {
      let positions = (Int(part.indptr[node])..<Int(part.indptr[node + 1])).filter {
        part.relations == nil || Int(part.relations![$0]) == relation
      }
      guard let position = positions.first else { continue }
      let first = part.edgeRows.first(ofInner: node, relation: relation, firstPosition: position)
      for (offset, position) in positions.enumerated() {
        let (row, edge) = (Int(first) + offset, Int(part.edgeIDs[position]) - before)
        for (name, input) in graph.edges[relation].tables {
          let content = part.edgeTables[relation][name].map { RandomEdgeTables.content($0, row) }
          #expect(content == RandomEdgeTables.content(input, edge), "\(name), edge \(edge)")
        }
        let id = GlobalID(part.edgeRows.base(relation) + Int64(row))
        #expect(book.owner(of: id) == part.part && book.type(of: id) == relation)
      }
      count += positions.count
    }
    return count
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func threadsStorageAndOnlyGiveTheSameFiles(seed: UInt64) throws {
    var random = RandomEdgeTables(seed: seed)
    let graph = random.graph()
    let parts = random.parts(of: graph, partCount: 3)
    let expected = try write(graph, parts)
    #expect(try write(graph, parts, to: "threads", threads: 3) == expected)
    #expect(try directory.contents(of: "threads").map(\.1) == directory.contents(of: "parts").map(\.1))
    #expect(try write(graph, parts, to: "files", edges: .files(in: directory.path, bufferBytes: 64)) == expected)
    #expect(try write(graph, parts, to: "only", only: [1]) == expected)
    #expect(try Verifier.verify(directory.file("only"), against: graph, only: [1]) == [])
  }

  @Test func typesOfStorageNameTablesOfEdgesAsThoseOfNodes() throws {
    let graph = SmallGraphs.cycleWithEdgeTables
    func stored(_ types: TableTypes) throws -> [ElementType] {
      let manifest = try write(graph, SmallGraphs.cycleParts, types: types)
      #expect(try Verifier.verify(path, against: graph) == [])
      return (manifest.tables + manifest.edgeTables).filter { $0.name == "x" }.map(\.elementType)
    }
    #expect(try stored(TableTypes(.float16)) == [.float16, .float16])
    #expect(try stored(TableTypes(byTable: ["x": .int8])) == [.int8, .int8])
    #expect(throws: InputError("table 'words' of cycle", expected: "dense rows to convert to int8", found: "sparse ones")) {
      try write(graph, SmallGraphs.cycleParts, types: TableTypes(byTable: ["words": .int8]))
    }
    var edgesAlone = graph
    edgesAlone.nodes[0].tables = [:]
    #expect(
      try write(edgesAlone, SmallGraphs.cycleParts, types: TableTypes(byTable: ["x": .bfloat16])).edgeTables[1].elementType == .bfloat16)
    #expect(throws: InputError("tables of cycle", expected: "a table 'y' to convert", found: "words, x")) {
      try write(edgesAlone, SmallGraphs.cycleParts, types: TableTypes(byTable: ["y": .int8]))
    }
  }

  @Test func graphsWithUnfitTablesOfEdgesAreRefused() throws {
    var graph = SmallGraphs.cycle
    for name in ["sources", "destinations", "weights", "indptr"] {
      graph.edges[0].tables = [name: SmallGraphs.dense([Float](repeating: 0, count: 8), columns: 1)]
      let expected = "a table name beside sources, destinations, weights, indptr"
      #expect(throws: InputError("cycle: edges of relation edge", expected: expected, found: "'\(name)'")) {
        try write(graph, SmallGraphs.cycleParts)
      }
    }
    graph.edges[0].tables = ["x": SmallGraphs.dense([1, 2], columns: 1)]
    #expect(throws: InputError("cycle: edges of relation edge, table x", expected: "8 rows", found: "2")) {
      try write(graph, SmallGraphs.cycleParts)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func graphsWithoutTablesOfEdgesAreWrittenAsBefore() throws {
    for (graph, parts) in [(SmallGraphs.cycle, SmallGraphs.cycleParts), (SmallGraphs.papers, SmallGraphs.papersParts)] {
      let manifest = try write(graph, parts)
      let text = try String(decoding: manifest.encoded(), as: UTF8.self)
      #expect(!text.contains("edgeTables") && !text.contains("\"relation\"") && !manifest.files.contains { $0.path.contains("edges/") })
      #expect(try load(manifest).allSatisfy { $0.edgeTables.allSatisfy(\.isEmpty) })
    }
    // As computed before edges could have tables.
    #expect(SmallGraphs.cycle.fingerprint == "c7a3ef2aaee0e8e31fa78bbaf130f99a")
    #expect(SmallGraphs.papers.fingerprint == "fa34ece5c46390fdb84d14ad7b4fe151")
    #expect(SmallGraphs.cycleWithEdgeTables.fingerprint != SmallGraphs.cycle.fingerprint)
    var other = SmallGraphs.cycleWithEdgeTables
    other.edges[0].tables["x"] = SmallGraphs.dense([Float](repeating: 1, count: 16), columns: 2)
    #expect(other.fingerprint != SmallGraphs.cycleWithEdgeTables.fingerprint)
  }

  @Test func contradictionsInTheManifestAreRefused() throws {
    try write(SmallGraphs.papersWithEdgeTables, SmallGraphs.papersParts)
    let manifest = try Manifest.load(path)
    #expect(try Manifest.load(path) == manifest && manifest.edgeTables.count == 1)
    let edits: [(inout Manifest) -> Void] = [
      { $0.edgeTables[0].relation = nil }, { $0.edgeTables[0].relation = 2 }, { $0.edgeTables[0].relation = -1 },
      { $0.edgeTables[0].nodeType = 0 }, { $0.edgeTables[0].columns = 2 }, { $0.edgeTables.append($0.edgeTables[0]) },
      { $0.tables[0].relation = 0 },
    ]
    for (index, edit) in edits.enumerated() {
      var edited = manifest
      edit(&edited)
      try Data(edited.encoded()).write(to: URL(fileURLWithPath: "\(path)/graph.json"))
      #expect(throws: InputError.self, "edit \(index)") { try Manifest.load(path) }
    }
  }

  @Test func damagedRowsAreOneClearError() throws {
    var manifest = try write(SmallGraphs.papersWithEdgeTables, SmallGraphs.papersParts)
    manifest.files = []
    func failure() -> String {
      do { _ = try LocalPartition(directory: path, manifest: manifest, part: 0) } catch { return "\(error)" }
      return "none"
    }
    let folder = "\(path)/part-000/edges/cites"
    try NPYWriter.write([0, 1, 3, 4] as [Int64], to: "\(folder)/indptr.npy", elementType: .int64, shape: [4])
    #expect(failure() == "\(folder)/indptr.npy, row 1: expected 0, the edges of cites before it, found 1")
    try NPYWriter.write([0, 0, 3] as [Int64], to: "\(folder)/indptr.npy", elementType: .int64, shape: [3])
    #expect(failure().hasPrefix("\(folder)/indptr.npy: expected ") && !failure().contains("\n"))
    try NPYWriter.write([0, 0, 3, 4] as [Int64], to: "\(folder)/indptr.npy", elementType: .int64, shape: [4])
    #expect(failure() == "none")
    try NPYWriter.write([0, 1, 3] as [Float], to: "\(folder)/x.npy", elementType: .float32, shape: [3, 1])
    #expect(failure() == "\(folder)/x.npy: expected float32 of shape [4, 1], found float32 of shape [3, 1]")
    try FileManager.default.removeItem(atPath: "\(folder)/x.npy")
    #expect(failure().contains("\(folder)/x.npy") && !failure().contains("\n"))
  }

  @Test func aChangedRowIsFoundByTheVerifier() throws {
    let graph = SmallGraphs.papersWithEdgeTables
    try write(graph, SmallGraphs.papersParts)
    var other = graph
    other.edges[1].tables["x"] = SmallGraphs.dense([0, 1, 2, 4], columns: 1)
    let found = try Verifier.verify(path, against: other)
    let row = found.first { $0.file == "part-000/edges/cites/x.npy" }
    #expect(row?.row == 2 && row?.message.hasPrefix("rows are the input's") == true)
    other.edges[1].tables = [:]
    let messages = try Verifier.verify(path, against: other).map(\.message)
    #expect(messages.contains { $0.hasPrefix("edge tables are the input's") })
  }
}
