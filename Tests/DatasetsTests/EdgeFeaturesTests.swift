import Datasets
import Foundation
import Graphs
import Partitions
import Tensors
import Testing

/// Tables of edges in datasets, in published files, and through transforms.
@Suite struct EdgeFeaturesTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private var path: String { folder.path + "/DS" }

  private func floats(_ values: [Float], columns: Int = 1) -> FeatureTable {
    .dense(DenseRows(floats: Buffer(copying: values), rows: values.count / columns, columns: columns))
  }

  /// Two relations; the first has a table of every kind.
  private func sample() -> RawGraph {
    let schema = Schema(
      nodeTypes: ["paper", "author"],
      relations: [Relation(name: "cites", source: 0, destination: 0), Relation(name: "writes", source: 1, destination: 0)])
    func list(_ pairs: [(UInt32, UInt32)]) -> EdgeList {
      EdgeList(sources: ArrayView(pairs.map(\.0)), destinations: ArrayView(pairs.map(\.1)))
    }
    var cites = list([(0, 2), (1, 2), (1, 0)])
    cites.weights = ArrayView([1, 2, 3])
    let half = Buffer<Float16>(copying: [1, 2, 3] as [Float16])
    let halfBytes = ArrayView(pointer: UnsafeRawPointer(half.pointer).assumingMemoryBound(to: UInt8.self), count: 6, owner: half)
    cites.tables = [
      "date": floats([1, 2, 3, 4, 5, 6], columns: 2),
      "half": .dense(DenseRows(rows: 3, columns: 1, strideBytes: 2, elementType: .float16, bytes: halfBytes)),
      "short": .dense(
        DenseRows(rows: 3, columns: 1, strideBytes: 2, elementType: .bfloat16, bytes: ArrayView([0x80, 0x3F, 0, 0, 0, 0x40]))),
      "tiny": .dense(
        DenseRows(
          rows: 3, columns: 1, strideBytes: 1, elementType: .int8, bytes: ArrayView([1, 0x81, 3]), scales: ArrayView([0.5, 0, 3]))),
      "words": .sparse(
        SparseRows(
          rows: 3, columns: 5, indptr: ArrayView([0, 2, 2, 3]), indices: ArrayView([1, 4, 0]), values: ArrayView([0.5, 1, -2]))),
    ]
    return RawGraph(name: "sample", schema: schema, nodes: [NodeData(count: 3), NodeData(count: 4)], edges: [cites, list([(3, 1)])])
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    try DatasetWriter.write(sample(), to: path)
    for checksums in [false, true] {
      let graph = try DatasetReader.open(path, verifyingChecksums: checksums)
      #expect(graph.fingerprint == sample().fingerprint)
      let tables = graph.edges[0].tables
      #expect(tables.keys.sorted() == ["date", "half", "short", "tiny", "words"] && graph.edges[1].tables.isEmpty)
      #expect(tables["date"]?.denseFloats == [1, 2, 3, 4, 5, 6])
      guard case .dense(let tiny)? = tables["tiny"], case .sparse(let words)? = tables["words"] else {
        Issue.record("tables are missing")
        return
      }
      #expect(Array(tiny.bytes) == [1, 0x81, 3] && tiny.scales.map(Array.init) == [0.5, 0, 3])
      #expect(Array(words.indptr) == [0, 2, 2, 3] && Array(words.indices) == [1, 4, 0] && Array(words.values) == [0.5, 1, -2])
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path + "/edges/cites").sorted()
    #expect(
      names == [
        "date.npy", "destinations.npy", "half.npy", "short.npy", "sources.npy", "tiny.npy", "tiny.scale.npy", "weights.npy",
        "words.data.npy", "words.indices.npy", "words.indptr.npy",
      ])
    let text = "\(DatasetSummary(sample(), threads: Threads(1)))"
    #expect(text.contains("\n  table 'tiny': 1 columns, int8, dense\n  table 'words': 5 columns, float32, sparse, 3 values\n"))
  }

  @Test func datasetsWithoutTablesOfEdgesSayNothingOfThem() throws {
    try DatasetWriter.write(Generators.karateClub(), to: path)
    #expect(try !String(contentsOfFile: path + "/dataset.json", encoding: .utf8).contains("edgeTables"))
    let summary = try JSONEncoder().encode(DatasetSummary(Generators.karateClub(), threads: Threads(1)).relations)
    #expect(!String(decoding: summary, as: UTF8.self).contains("tables"))
  }

  @Test func brokenTablesAreNotWritten() throws {
    func failure(_ name: String, _ table: FeatureTable) -> String {
      var graph = sample()
      graph.edges[0].tables[name] = table
      return folder.failure { try DatasetWriter.write(graph, to: path) }
    }
    for name in ["sources", "destinations", "weights", "indptr"] {
      #expect(failure(name, floats([1, 2, 3])).hasPrefix("graph 'sample': expected names that occur once and are not reserved, found "))
    }
    #expect(failure("../x", floats([1, 2, 3])).hasPrefix("graph 'sample': expected names of letters"))
    #expect(failure("x", floats([1, 2])) == "graph 'sample', edges/cites/x: expected 3 rows, one for each edge, found 2")
    #expect(
      failure("x", floats([1, .nan, 2]))
        == "edge table 'x' of 'cites': expected finite features, found NaN or infinity in row 1, column 0 (from 0)")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func damagedFilesAreErrorsNamingThem() throws {
    func failure(_ file: String, _ change: (inout [UInt8]) -> Void) throws -> String {
      try DatasetWriter.write(sample(), to: path, force: true)
      let url = URL(fileURLWithPath: "\(path)/\(file)")
      var bytes = Array(try Data(contentsOf: url))
      change(&bytes)
      try Data(bytes).write(to: url)
      return folder.failure { try DatasetReader.open(path, verifyingChecksums: true) }
    }
    let date = "edges/cites/date.npy"
    #expect(try failure(date) { $0.removeLast() } == "DS/\(date): expected 152 bytes, found 151")
    #expect(try failure(date) { $0[$0.count - 1] ^= 1 }.hasPrefix("DS/\(date): expected checksum "))
    func edited(_ old: String, _ new: String) throws -> String {
      try failure("dataset.json") { $0 = Array(String(decoding: $0, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8) }
    }
    #expect(
      try edited("\"columns\" : 2", "\"columns\" : 3") == "DS/\(date): expected shape [3, 3] of float32, found [3, 2] of float32")
    #expect(try edited("\"cites\" : [", "\"sites\" : [") == "DS/dataset.json: expected edge tables of cites, writes, found of 'sites'")
    #expect(
      try edited("\"columns\" : 5", "\"columns\" : 4")
        == "DS/edges/cites/words.indices.npy: expected increasing columns below 4 in every row, found others in row 0")
    try DatasetWriter.write(sample(), to: path, force: true)
    try FileManager.default.removeItem(atPath: "\(path)/\(date)")
    #expect(folder.failure { try DatasetReader.open(path) } == "open DS/\(date): No such file or directory")
  }

  // MARK: Transforms

  private func plain(_ pairs: [[UInt32]], nodes: Int, _ tables: [String: FeatureTable], weights: [Float]? = nil) -> RawGraph {
    let list = EdgeList(
      sources: ArrayView(pairs.map { $0[0] }), destinations: ArrayView(pairs.map { $0[1] }), weights: weights.map { ArrayView($0) },
      tables: tables)
    return RawGraph(name: "g", schema: .plain, nodes: [NodeData(count: nodes)], edges: [list])
  }

  @Test func rowsFollowTheirEdges() {
    let pairs: [[UInt32]] = [[0, 1], [1, 0], [0, 1], [2, 2], [2, 1]]
    let words = SparseRows(
      rows: 5, columns: 9, indptr: ArrayView([0, 1, 1, 3, 4, 5]), indices: ArrayView([0, 2, 3, 4, 5]),
      values: ArrayView([10, 12, 13, 14, 15]))
    let tiny = DenseRows(
      rows: 5, columns: 1, strideBytes: 1, elementType: .int8, bytes: ArrayView([1, 2, 3, 4, 5]), scales: ArrayView([10, 20, 30, 40, 50]))
    func apply(_ transforms: EdgeTransforms) -> [String: FeatureTable] {
      var graph = plain(
        pairs, nodes: 3, ["x": floats([0, 1, 10, 11, 20, 21, 30, 31, 40, 41], columns: 2), "words": .sparse(words), "tiny": .dense(tiny)])
      _ = transforms.apply(to: &graph, threads: Threads(2))
      return graph.edges[0].tables
    }
    let all = apply(EdgeTransforms(dedup: true, undirected: true, selfLoops: .add))
    // Edges 0, 1, 3 and 4 stay; 1 → 2 takes the row of edge 4; 0 → 0 and 1 → 1 take zeros.
    #expect(all["x"]?.denseFloats == [0, 1, 10, 11, 30, 31, 40, 41, 40, 41, 0, 0, 0, 0])
    guard case .sparse(let kept)? = all["words"], case .dense(let scaled)? = all["tiny"] else {
      Issue.record("tables of another layout")
      return
    }
    #expect(
      Array(kept.indptr) == [0, 1, 1, 2, 3, 4, 4, 4] && Array(kept.indices) == [0, 4, 5, 5] && Array(kept.values) == [10, 14, 15, 15])
    #expect(Array(scaled.bytes) == [1, 2, 4, 5, 5, 0, 0] && scaled.scales.map(Array.init) == [10, 20, 40, 50, 50, 0, 0])
    #expect(apply(EdgeTransforms(selfLoops: .drop))["x"]?.denseFloats == [0, 1, 10, 11, 20, 21, 40, 41])
    #expect(apply(EdgeTransforms(undirected: true))["x"]?.denseFloats.suffix(4) == [20, 21, 40, 41])
    #expect(apply(EdgeTransforms())["x"]?.rows == 5)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func rowsFollowTheirEdgesAsWeightsDo(seed: UInt64) {
    var random = TestRandom(seed)
    let nodes = [3, 40, 5000][Int(seed % 3)]
    let pairs = (0..<Int.random(in: 0..<3000, using: &random)).map { _ in
      [UInt32.random(in: 0..<UInt32(nodes), using: &random), UInt32.random(in: 0..<UInt32(nodes) / 2 + 1, using: &random)]
    }
    let numbers = pairs.indices.map { Float($0 + 1) }
    let transforms = EdgeTransforms(
      dedup: Bool.random(using: &random), undirected: Bool.random(using: &random),
      selfLoops: EdgeTransforms.SelfLoops.allCases.randomElement(using: &random)!)
    var graph = plain(pairs, nodes: nodes, ["x": floats(numbers)], weights: numbers)
    var withoutWeights = plain(pairs, nodes: nodes, ["x": floats(numbers)])
    var withoutTables = plain(pairs, nodes: nodes, [:])
    let counts = transforms.apply(to: &graph, threads: Threads(3))
    #expect(transforms.apply(to: &withoutWeights, threads: Threads(1)) == counts)
    #expect(transforms.apply(to: &withoutTables, threads: Threads(1)) == counts)
    #expect(graph.pairs == withoutTables.pairs && withoutWeights.pairs == withoutTables.pairs, "seed \(seed)")
    // Added self-loops, which are the last, have weight 1 and a row of zeros; all others row and weight of one edge.
    let expected = graph.weights.dropLast(counts.addedLoops) + [Float](repeating: 0, count: counts.addedLoops)
    #expect(graph.edges[0].tables["x"]?.denseFloats == Array(expected), "seed \(seed)")
    #expect(withoutWeights.edges[0].tables["x"]?.denseFloats == Array(expected), "seed \(seed)")
  }

  @Test func rowsThatDoNotFitTheMemoryAreRefused() throws {
    let pairs = (0..<10_000).map { [UInt32($0 % 100), UInt32($0 % 99)] }
    let graph = plain(pairs, nodes: 100, ["x": floats([Float](repeating: 1, count: 10_000 * 400), columns: 400)])
    try DatasetWriter.write(graph, to: path)
    var context = IngestContext()
    context.memory = 60 << 20
    #expect(
      folder.failure { try GraphReader.read(path, transforms: EdgeTransforms(undirected: true), context: context) }.hasPrefix("--memory"))
    #expect(try GraphReader.read(path, context: context).edges[0].tables["x"]?.rows == 10_000)
  }

  // MARK: Published files

  @Test func rowsOfEdgesStandBesideThoseOfNodes() throws {
    func convert(_ features: String, _ content: String, transforms: EdgeTransforms = EdgeTransforms()) throws -> RawGraph {
      try? FileManager.default.removeItem(atPath: folder.path + "/ogb")
      try folder.file("ogb/edge.csv.gz", "0,1\n1,2\n2,0\n")
      try folder.file("ogb/raw/num-node-list.csv", "3\n")
      try folder.file("ogb/\(features)", content)
      return try DatasetConverter(transforms: transforms).convert(folder: folder.path + "/ogb")
    }
    #expect(try convert("edge-feat.csv.gz", "1,2\n3,4\n5,6\n").edges[0].tables["feat"]?.denseFloats == [1, 2, 3, 4, 5, 6])
    let both = try convert("raw/edge-feat.csv", "1\n3\n5\n", transforms: EdgeTransforms(undirected: true))
    // 1 → 0, 0 → 2 and 2 → 1, by their lower ends.
    #expect(both.pairs.suffix(3) == [[1, 0], [0, 2], [2, 1]] && both.edges[0].tables["feat"]?.denseFloats == [1, 3, 5, 1, 5, 3])
    #expect(
      folder.failure { try convert("edge-feat.csv", "1\n3\n") } == "ogb/edge-feat.csv: expected 3 rows, one for each edge, found 2 rows")
    #expect(
      folder.failure { try convert("edge-feat.csv", "") }
        == "ogb/edge-feat.csv: expected a line of features for each edge, found an empty file"
    )
    #expect(
      folder.failure { try convert("edge-feat.csv", "1\nx\n2\n") }
        == "ogb/edge-feat.csv:2: expected finite numbers, found 'x' in column 0")
    try folder.array("ogb/edge-feat.npy", [1, 2, 3, 4, 5, 6] as [Float], .float32, [3, 2])
    try FileManager.default.removeItem(atPath: folder.path + "/ogb/edge-feat.csv")
    #expect(try DatasetConverter().convert(folder: folder.path + "/ogb").edges[0].tables["feat"]?.columns == 2)
  }

  @Test func chunkedGraphsKeepTablesAndWeights() throws {
    let graph = sample()
    let metrics = PartitionMetrics(measuring: [0, 1, 0, 0, 1, 0, 1], partCount: 2, graph: graph, threads: Threads(1))
    let assignment = PartitionAssignment(
      partCount: 2, parts: [0, 1, 0, 0, 1, 0, 1], record: PartitionerRecord(method: "metis", seed: 1, tolerances: [:], options: [:]),
      metrics: metrics, randomMetrics: metrics, unmet: [])
    try ChunkedGraphWriter.write(graph, assignment, to: path, threads: Threads(2))
    let read = try GraphReader.read(path).edges
    #expect(read[0].weights.map(Array.init) == [1, 2, 3] && read[1].weights == nil && read[1].tables.isEmpty)
    #expect(read[0].tables["date"]?.denseFloats == [1, 2, 3, 4, 5, 6])
    #expect(read[0].tables["words"]?.denseFloats == [0, 0.5, 0, 0, 1, 0, 0, 0, 0, 0, -2, 0, 0, 0, 0])
    #expect(read[0].tables["tiny"]?.denseFloats == [0.5, 0, 9] && read[0].tables["short"]?.denseFloats == [1, 0, 2])
    guard case .dense(let half)? = read[0].tables["half"] else {
      Issue.record("no table")
      return
    }
    #expect(half.elementType == .float16)
    let files = try FileManager.default.contentsOfDirectory(atPath: path + "/edge_data/paper:cites:paper").sorted()
    #expect(files.count == 12 && files.first == "date-0.npy" && files.last == "words-1.npy")
  }
}
