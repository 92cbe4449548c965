import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct DatasetDirectoryTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private var path: String { folder.path + "/DS" }

  /// Two node types, two relations, dense and sparse tables of several types.
  private func sample() -> RawGraph {
    let schema = Schema(
      nodeTypes: ["paper", "author"],
      relations: [Relation(name: "cites", source: 0, destination: 0), Relation(name: "writes", source: 1, destination: 0)])
    let half = Buffer<Float16>(copying: [1, 2, 3, 4, 5, 6] as [Float16])
    let halfBytes = ArrayView(pointer: UnsafeRawPointer(half.pointer).assumingMemoryBound(to: UInt8.self), count: 12, owner: half)
    let padded = Buffer<UInt8>(count: 3 * 64)
    for row in 0..<3 { for byte in 0..<4 { padded[row * 64 + byte] = UInt8(10 * row + byte) } }
    var papers = NodeData(
      count: 3,
      tables: [
        "feat": .sparse(
          SparseRows(
            rows: 3, columns: 5, indptr: ArrayView([0, 2, 2, 3] as [Int64]), indices: ArrayView([1, 4, 0] as [UInt32]),
            values: ArrayView([0.5, 1, -2] as [Float]))),
        "half": .dense(DenseRows(rows: 3, columns: 2, strideBytes: 4, elementType: .float16, bytes: halfBytes)),
        "short": .dense(DenseRows(rows: 3, columns: 2, strideBytes: 64, elementType: .bfloat16, bytes: padded.view)),
        "tiny": .dense(
          DenseRows(
            rows: 3, columns: 2, strideBytes: 2, elementType: .int8, bytes: ArrayView([1, 2, 3, 4, 0x81, 0] as [UInt8]),
            scales: ArrayView([0.5, 0, 3] as [Float]))),
      ], labels: ArrayView([1, -1, 0] as [Int32]), classCount: 2, split: Split(train: [0], validation: [], test: [2]))
    papers.classNames = ["survey", "article"]
    papers.splits.append(Split(name: "b", train: [2], validation: [0]))
    let cites = EdgeList(sources: ArrayView([0, 1, 1] as [UInt32]), destinations: ArrayView([2, 2, 0] as [UInt32]))
    let writes = EdgeList(sources: ArrayView([3] as [UInt32]), destinations: ArrayView([1] as [UInt32]))
    return RawGraph(name: "sample", schema: schema, nodes: [papers, NodeData(count: 4)], edges: [cites, writes])
  }

  private func files() -> [String] { (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []).sorted() }

  @Test func whatIsWrittenIsReadAgain() throws {
    try DatasetWriter.write(sample(), to: path + "/")
    for checksums in [false, true] {
      let graph = try DatasetReader.open(path, verifyingChecksums: checksums)
      #expect(graph.name == "sample" && graph.schema == sample().schema)
      #expect(graph.pairs == [[0, 2], [1, 2], [1, 0]])
      #expect(Array(graph.edges[1].sources) == [3] && Array(graph.edges[1].destinations) == [1])
      #expect(graph.nodes[0].labels.map(Array.init) == [1, -1, 0] && graph.nodes[0].classCount == 2)
      #expect(graph.nodes[0].splits == sample().nodes[0].splits && graph.nodes[0].classNames == ["survey", "article"])
      #expect(graph.nodes[1].count == 4 && graph.nodes[1].labels == nil && graph.nodes[1].tables.isEmpty)
      guard case .sparse(let feat)? = graph.nodes[0].tables["feat"], case .dense(let half)? = graph.nodes[0].tables["half"],
        case .dense(let short)? = graph.nodes[0].tables["short"]
      else {
        Issue.record("tables are missing")
        return
      }
      #expect(
        feat.columns == 5 && Array(feat.indptr) == [0, 2, 2, 3] && Array(feat.indices) == [1, 4, 0] && Array(feat.values) == [0.5, 1, -2])
      #expect(half.elementType == .float16 && half.columns == 2 && half.bytes.count == 12)
      guard case .dense(let bytes)? = graph.nodes[0].tables["tiny"] else {
        Issue.record("a table is missing")
        return
      }
      #expect(bytes.elementType == .int8 && Array(bytes.bytes) == [1, 2, 3, 4, 0x81, 0] && bytes.scales.map(Array.init) == [0.5, 0, 3])
      #expect(short.elementType == .bfloat16 && Array(short.bytes) == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
    }
    #expect(
      files().filter { !$0.hasSuffix("edges") && $0.contains(".") } == [
        "DS/dataset.json", "DS/edges/cites/destinations.npy", "DS/edges/cites/sources.npy", "DS/edges/writes/destinations.npy",
        "DS/edges/writes/sources.npy", "DS/nodes/paper/feat.data.npy",
        "DS/nodes/paper/feat.indices.npy", "DS/nodes/paper/feat.indptr.npy",
        "DS/nodes/paper/half.npy", "DS/nodes/paper/labels.npy", "DS/nodes/paper/short.npy", "DS/nodes/paper/splits/b/test.npy",
        "DS/nodes/paper/splits/b/train.npy", "DS/nodes/paper/splits/b/validation.npy", "DS/nodes/paper/test.npy", "DS/nodes/paper/tiny.npy",
        "DS/nodes/paper/tiny.scale.npy",
        "DS/nodes/paper/train.npy", "DS/nodes/paper/validation.npy",
      ])
  }

  @Test func sameGraphGivesTheSameFiles() throws {
    try DatasetWriter.write(sample(), to: path)
    let first = try Data(contentsOf: URL(fileURLWithPath: path + "/dataset.json"))
    try DatasetWriter.write(sample(), to: path, force: true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/dataset.json")) == first)
  }

  @Test func existingPathsAreReplacedByForceAlone() throws {
    try DatasetWriter.write(sample(), to: path)
    #expect(
      folder.failure { try DatasetWriter.write(Generators.karateClub(), to: path) }
        == "DS: expected a path that does not exist yet (or --force), found something there")
    #expect(try DatasetReader.open(path).name == "sample")
    try DatasetWriter.write(Generators.karateClub(), to: path, force: true)
    #expect(try DatasetReader.open(path).name == "karate-club")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["DS"])
    try folder.file("precious/thesis.tex", "x")
    #expect(
      folder.failure { try DatasetWriter.write(sample(), to: folder.path + "/precious", force: true) }
        == "precious: expected a dataset to replace, found something without dataset.json")
    #expect(FileManager.default.fileExists(atPath: folder.path + "/precious/thesis.tex"))
  }

  @Test func aDatasetCanBeReplacedByWhatWasReadFromIt() throws {
    try DatasetWriter.write(sample(), to: path)
    var graph = try DatasetReader.open(path)
    graph.name = "again"
    try DatasetWriter.write(graph, to: path, force: true)
    #expect(try DatasetReader.open(path, verifyingChecksums: true).pairs == sample().pairs)
  }

  @Test func brokenGraphsAreNotWritten() throws {
    func failure(_ change: (inout RawGraph) -> Void) -> String {
      var graph = sample()
      change(&graph)
      let message = folder.failure { try DatasetWriter.write(graph, to: path) }
      #expect(files() == [])
      return message
    }
    #expect(
      failure { $0.nodes[1].count = 3 } == "graph 'sample', edges/writes/sources: expected node ids below 3, found 3")
    #expect(
      failure {
        $0.nodes[0].classCount = 1
        $0.nodes[0].classNames = []
      } == "graph 'sample', nodes/paper/labels: expected classes from 0 to 0, or -1, found 1 of node 0"
    )
    #expect(
      failure { $0.nodes[0].split.train = [] } == "graph 'sample', nodes/paper/train: expected at least one training node, found none")
    #expect(
      failure { $0.nodes[0].splits[1].train = [] }
        == "graph 'sample', nodes/paper/splits/b/train: expected at least one training node, found none")
    #expect(failure { $0.nodes[0].splits[1].name = "default" }.hasPrefix("graph 'sample': expected names that occur once"))
    #expect(failure { $0.nodes[0].classNames = ["one"] } == "graph 'sample': expected 2 names of classes, found 1")
    #expect(
      failure { $0.nodes[0].split.validation = [2] }
        == "graph 'sample', nodes/paper/test: expected each node in one set only, found node 2, which is in validation as well")
    #expect(
      failure { $0.nodes[0].split.train = [1] }
        == "graph 'sample', nodes/paper/train: expected nodes with a label, found node 1 without one")
    #expect(
      failure { $0.nodes[0].split.test = [2, 0] } == "graph 'sample', nodes/paper/test: expected increasing node ids, found 0 after 2")
    #expect(
      failure { $0.schema.nodeTypes[0] = "../etc" }
        == "graph 'sample': expected names of letters, digits, '_', '-' and '.', not first, found '../etc'")
    #expect(
      failure { $0.nodes[0].tables["labels"] = $0.nodes[0].tables["half"] }.hasPrefix("graph 'sample': expected names that occur once"))
    #expect(
      failure { graph in
        let rows = Buffer<Float>(copying: [1, 2, .nan] as [Float])
        graph.nodes[0].tables["bad"] = .dense(DenseRows(floats: rows, rows: 3, columns: 1))
      } == "table 'bad' of 'paper': expected finite features, found NaN or infinity in row 2, column 0 (from 0)")
    for (scale, text) in [(-0.5, "-0.5"), (.infinity, "inf"), (.nan, "nan")] as [(Float, String)] {
      #expect(
        failure { graph in
          graph.nodes[0].tables["tiny"] = .dense(
            DenseRows(
              rows: 3, columns: 1, strideBytes: 1, elementType: .int8, bytes: ArrayView([1, 2, 3] as [UInt8]),
              scales: ArrayView([0, scale, 1])))
        } == "graph 'sample', nodes/paper/tiny.scale: expected scales that are finite and not negative, found \(text) of row 1")
    }
    #expect(
      failure { graph in
        let rows = SparseRows(
          rows: 3, columns: 5, indptr: ArrayView([0, 0, 2, 3] as [Int64]), indices: ArrayView([1, 4, 0] as [UInt32]),
          values: ArrayView([0.5, .infinity, -2] as [Float]))
        graph.nodes[0].tables["feat"] = .sparse(rows)
      } == "table 'feat' of 'paper': expected finite features, found NaN or infinity in row 1, column 4 (from 0)")
    #expect(
      failure { graph in
        let rows = SparseRows(
          rows: 3, columns: 5, indptr: ArrayView([0, 2, 2, 3] as [Int64]), indices: ArrayView([4, 1, 0] as [UInt32]),
          values: ArrayView([0.5, 1, -2] as [Float]))
        graph.nodes[0].tables["feat"] = .sparse(rows)
      } == "graph 'sample', nodes/paper/feat.indices: expected increasing columns below 5 in every row, found others in row 0")
  }

  @Test func unwritablePlacesLeaveNothing() throws {
    try folder.file("file", "x")
    let message = folder.failure { try DatasetWriter.write(sample(), to: folder.path + "/file/DS") }
    #expect(message.contains("Not a directory"), "\(message)")
    #expect(files() == ["file"])
  }

  @Test func damagedDirectoriesAreErrorsNamingTheFile() throws {
    func failure(_ file: String, _ change: (inout [UInt8]) -> Void) throws -> String {
      try DatasetWriter.write(sample(), to: path, force: true)
      let url = URL(fileURLWithPath: "\(path)/\(file)")
      var bytes = Array(try Data(contentsOf: url))
      change(&bytes)
      try Data(bytes).write(to: url)
      return folder.failure { try DatasetReader.open(path, verifyingChecksums: true) }
    }
    let sources = "edges/cites/sources.npy"
    #expect(try failure(sources) { $0.removeLast() } == "DS/\(sources): expected 140 bytes, found 139")
    #expect(try failure(sources) { $0[$0.count - 1] ^= 1 }.hasPrefix("DS/\(sources): expected checksum "))
    #expect(try failure("dataset.json") { $0.removeLast(20) } == "DS/dataset.json: expected JSON with a formatVersion, found damaged JSON")
    func edited(_ old: String, _ new: String) throws -> String {
      try failure("dataset.json") { $0 = Array(String(decoding: $0, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8) }
    }
    #expect(try edited("\"formatVersion\" : 2", "\"formatVersion\" : 3") == "DS/dataset.json: expected format version 2, found version 3")
    #expect(
      try edited("\"classCount\"", "\"classcount\"") == "DS/dataset.json: expected the fields of a dataset, found no field 'classCount'")
    #expect(try edited("\"cites\"", "\"../x\"").hasPrefix("DS/dataset.json: expected names of letters"))
    #expect(
      try edited("\"source\" : 1", "\"source\" : 7") == "DS/dataset.json: expected ends of 'writes' among 2 node types, found 7 and 0")
    #expect(
      try edited("\"columns\" : 5", "\"columns\" : 4")
        == "DS/nodes/paper/feat.indices.npy: expected increasing columns below 4 in every row, found others in row 0")
    #expect(
      try edited("\"columns\" : 2", "\"columns\" : 3")
        == "DS/nodes/paper/half.npy: expected shape [3, 3] of float16, found [3, 2] of float16")
    #expect(try edited("\"count\" : 4", "\"count\" : 2") == "DS/edges/writes/sources.npy: expected node ids below 2, found 3")
    #expect(
      try edited("edges/cites/sources.npy", "edges/cites/source.npy")
        == "DS/dataset.json: expected a record of edges/cites/sources.npy, found none")
    try DatasetWriter.write(sample(), to: path, force: true)
    try FileManager.default.removeItem(atPath: "\(path)/\(sources)")
    #expect(folder.failure { try DatasetReader.open(path) } == "open DS/\(sources): No such file or directory")
    #expect(folder.failure { try DatasetReader.open(folder.path) }.hasSuffix("expected a dataset directory with dataset.json, found none"))
  }

  @Test func graphReaderTellsTheThreeKindsApart() throws {
    try DatasetWriter.write(Generators.karateClub(), to: path)
    #expect(try GraphReader.read(path).edges[0].count == 156)
    #expect(try GraphReader.read(folder.file("g.graph.gz", "2 1\n2\n1\n")).pairs == [[0, 1], [1, 0]])
    #expect(try GraphReader.read(folder.file("e.tsv", "0\t1\n"), transforms: EdgeTransforms(undirected: true)).pairs == [[0, 1], [1, 0]])
    #expect(try GraphReader.read(folder.file("e.tsv", "0\t1\n"), nodeCount: 3).nodes[0].count == 3)
    #expect(
      folder.failure { try GraphReader.read(path, nodeCount: 34) }
        == "--nodes: expected no number of nodes, for DS states its own, found one")
    #expect(
      folder.failure { try GraphReader.read(folder.path + "/no") }
        == "no: expected a dataset directory, an edge list or a .graph file, found nothing there")
  }
}
