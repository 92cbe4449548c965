import Datasets
import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct ChunkedGraphTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func assignment(_ graph: RawGraph, _ parts: [UInt16]) -> PartitionAssignment {
    let k = Int(parts.max() ?? 0) + 1
    let metrics = PartitionMetrics(measuring: parts, partCount: k, graph: graph, threads: Threads(1))
    return PartitionAssignment(
      partCount: k, parts: parts, record: PartitionerRecord(method: "metis", seed: 1, tolerances: [:], options: [:]), metrics: metrics,
      randomMetrics: metrics, unmet: [])
  }

  /// Two authors, five papers with everything that nodes can have.
  private var papers: RawGraph {
    let schema = Schema(
      nodeTypes: ["author", "paper"],
      relations: [Relation(name: "writes", source: 0, destination: 1), Relation(name: "cites", source: 1, destination: 1)])
    let words = SparseRows(
      rows: 5, columns: 3, indptr: ArrayView([0, 1, 1, 3, 3, 4]), indices: ArrayView([2, 0, 1, 1]), values: ArrayView([0.5, 1, 2, 3]))
    let papers = NodeData(
      count: 5,
      tables: [
        "x": .dense(DenseRows(floats: Buffer(copying: (0..<10).map(Float.init)), rows: 5, columns: 2)), "words": .sparse(words),
        "half": .dense(
          DenseRows(
            rows: 5, columns: 1, strideBytes: 2, elementType: .bfloat16,
            bytes: ArrayView([0x80, 0x3F, 0x00, 0x40, 0x40, 0x40, 0x80, 0x40, 0xA0, 0x40]))),
      ],
      labels: ArrayView([0, 1, -1, 2, 1]), classCount: 3, split: Split(train: [0, 3], validation: [1], test: [4]))
    func edges(_ list: [(UInt32, UInt32)]) -> EdgeList {
      EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))
    }
    return RawGraph(
      name: "papers", schema: schema, nodes: [NodeData(count: 2), papers],
      edges: [edges([(0, 0), (1, 4), (1, 2)]), edges([(4, 0), (3, 2), (0, 4), (2, 2), (4, 0)])])
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let graph = papers
    let path = "\(folder.path)/dgl"
    try ChunkedGraphWriter.write(graph, assignment(graph, [1, 0, 0, 1, 2, 1, 0]), to: path, threads: Threads(2))
    let read = try GraphReader.read(path)
    #expect(read.name == "papers" && read.schema == graph.schema)
    for (a, b) in zip(read.edges, graph.edges) {
      #expect(Array(a.sources) == Array(b.sources) && Array(a.destinations) == Array(b.destinations))
    }
    #expect(read.nodes.map(\.count) == [2, 5])
    let nodes = read.nodes[1]
    #expect(nodes.labels.map(Array.init) == [0, 1, -1, 2, 1] && nodes.classCount == 3)
    #expect(nodes.split.train == [0, 3] && nodes.split.validation == [1] && nodes.split.test == [4])
    #expect(nodes.tables.keys.sorted() == ["half", "words", "x"])
    #expect(nodes.tables["x"]?.denseFloats == (0..<10).map(Float.init))
    #expect(nodes.tables["half"]?.denseFloats == [1, 2, 3, 4, 5])
    #expect(nodes.tables["words"]?.denseFloats == [0, 0, 0.5, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 3, 0])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dgl"])
  }

  @Test func theFilesAreThoseThatDGLReads() throws {
    let graph = papers
    let path = "\(folder.path)/dgl"
    try ChunkedGraphWriter.write(graph, assignment(graph, [1, 0, 0, 1, 2, 1, 0]), to: path, threads: Threads(1))
    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    let json = try JSONSerialization.jsonObject(with: Data(text("metadata.json").utf8))
    let metadata = try #require(json as? [String: Any])
    #expect(metadata["graph_name"] as? String == "papers")
    #expect(metadata["node_type"] as? [String] == ["author", "paper"])
    #expect(metadata["num_nodes_per_type"] as? [Int] == [2, 5])
    #expect(metadata["num_nodes_per_chunk"] as? [[Int]] == [[1, 1, 0], [2, 2, 1]])
    #expect(metadata["edge_type"] as? [String] == ["author:writes:paper", "paper:cites:paper"])
    #expect(metadata["num_edges_per_type"] as? [Int] == [3, 5])
    #expect((metadata["edge_data"] as? [String: Any])?.isEmpty == true)
    let cites = try #require((metadata["edges"] as? [String: Any])?["paper:cites:paper"] as? [String: Any])
    #expect(cites["format"] as? [String: String] == ["name": "csv", "delimiter": " "])
    let files = try #require(cites["data"] as? [String])
    #expect(try files.map(text) == ["4 0\n3 2\n", "0 4\n2 2\n", "4 0\n"])
    let data = try #require((metadata["node_data"] as? [String: Any])?["paper"] as? [String: [String: Any]])
    #expect(data.keys.sorted() == ["half", "label", "test_mask", "train_mask", "val_mask", "words", "x"])
    #expect(data["label"]?["format"] as? [String: String] == ["name": "numpy"])
    let labels = try (data["label"]?["data"] as? [String] ?? []).map {
      Array(try NPYArray(mapping: "\(path)/\($0)").elements(as: Int64.self))
    }
    #expect(labels == [[0, 1], [-1, 2], [1]])
    let masks = try (data["train_mask"]?["data"] as? [String] ?? []).map {
      Array(try NPYArray(mapping: "\(path)/\($0)").elements(as: UInt8.self))
    }
    #expect(masks == [[1, 0], [0, 1], [0]])
    #expect(try text("partitions/author.txt") == "1\n0\n")
    #expect(try text("partitions/paper.txt") == "0\n1\n2\n1\n0\n")
    let meta = try JSONSerialization.jsonObject(with: Data(text("partitions/partition_meta.json").utf8)) as? [String: Any]
    #expect(meta?["num_parts"] as? Int == 3 && meta?["algo_name"] as? String == "metis" && meta?["version"] as? String == "1.0.0")
  }

  @Test func whatExistsIsReplacedOnlyByForce() throws {
    let graph = papers
    let path = "\(folder.path)/dgl"
    let parts = assignment(graph, [1, 0, 0, 1, 0, 1, 0])
    try ChunkedGraphWriter.write(graph, parts, to: path, threads: Threads(1))
    #expect(throws: InputError.self) { try ChunkedGraphWriter.write(graph, parts, to: path, threads: Threads(1)) }
    try ChunkedGraphWriter.write(graph, parts, to: path, force: true, threads: Threads(1))
    try folder.file("notes/text", "years of work")
    #expect(throws: InputError.self) {
      try ChunkedGraphWriter.write(graph, parts, to: "\(folder.path)/notes", force: true, threads: Threads(1))
    }
  }

  @Test func namesThatMeetAreRefused() throws {
    var graph = papers
    graph.nodes[1].tables["train_mask"] = graph.nodes[1].tables["x"]
    let parts = assignment(graph, [1, 0, 0, 1, 0, 1, 0])
    #expect(throws: InputError.self) { try ChunkedGraphWriter.write(graph, parts, to: "\(folder.path)/dgl", threads: Threads(1)) }
    graph = papers
    graph.schema.relations[0].name = "a:b"
    #expect(throws: InputError.self) { try ChunkedGraphWriter.write(graph, parts, to: "\(folder.path)/dgl", threads: Threads(1)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  /// A graph as other programs write it: sizes by chunk, absolute paths, `.npy` edges, data of edges.
  private func foreign(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
    let path = "\(folder.path)/foreign"
    try folder.file("foreign/edges/0.txt", "0 1\n1 2\n")
    try NPYWriter.write([2, 0] as [Int64], to: folder.file("foreign/edges/1.npy", ""), elementType: .int64, shape: [1, 2])
    try NPYWriter.write([1, 0, 1] as [UInt8], to: folder.file("foreign/train.npy", ""), elementType: .bool, shape: [3])
    try NPYWriter.write([0.5, 1, 1.5] as [Double], to: folder.file("foreign/feat.npy", ""), elementType: .float64, shape: [3])
    try NPYWriter.write([7, -8] as [Int64], to: folder.file("foreign/kind.npy", ""), elementType: .int64, shape: [2])
    try NPYWriter.write([0.5, 2] as [Float], to: folder.file("foreign/weights.npy", ""), elementType: .float32, shape: [2, 1])
    try NPYWriter.write([-3, 4, 5] as [Int8], to: folder.file("foreign/small.npy", ""), elementType: .int8, shape: [3, 1])
    func numpy(_ names: String...) -> [String: Any] { ["format": ["name": "numpy"], "data": names] }
    var metadata: [String: Any] = [
      "graph_name": "foreign", "node_type": ["n"], "num_nodes_per_chunk": [[2, 1]], "edge_type": ["n:to:n", "n:back:n"],
      "num_edges_per_chunk": [[2], [1]],
      "edges": [
        "n:to:n": ["format": ["name": "csv", "delimiter": " "], "data": ["\(path)/edges/0.txt"]], "n:back:n": numpy("edges/1.npy"),
      ],
      "node_data": ["n": ["train_mask": numpy("train.npy"), "feat": numpy("feat.npy"), "small": numpy("small.npy")]],
      "edge_data": ["n:to:n": ["kind": numpy("kind.npy"), "weights": numpy("weights.npy")]],
    ]
    change(&metadata)
    try folder.file("foreign/metadata.json", bytes: Array(JSONSerialization.data(withJSONObject: metadata)))
    return path
  }

  @Test func graphsOfOtherProgramsAreRead() throws {
    let notices = Notices()
    let path = try foreign()
    let graph = try GraphReader.read(path, context: notices.context())
    #expect(graph.schema.relations.map(\.name) == ["to", "back"])
    #expect(graph.edges.map { Array($0.sources) } == [[0, 1], [2]])
    #expect(graph.edges.map { Array($0.destinations) } == [[1, 2], [0]])
    #expect(graph.nodes[0].split == Split(train: [0, 2]))
    #expect(graph.nodes[0].tables["small"]?.denseFloats == [-3, 4, 5])
    guard case .dense(let feat)? = graph.nodes[0].tables["feat"] else {
      Issue.record("no table")
      return
    }
    #expect(feat.elementType == .float64 && feat.columns == 1)
    guard case .dense(let kind)? = graph.edges[0].tables["kind"] else {
      Issue.record("no table")
      return
    }
    #expect(kind.elementType == .int64 && kind.rows == 2 && graph.edges[0].weights.map(Array.init) == [0.5, 2])
    #expect(graph.edges[1].tables.isEmpty && graph.edges[1].weights == nil && notices.all == [])
  }

  private static let faults: [@Sendable (inout [String: Any]) -> Void] = [
    { $0["node_type"] = nil }, { $0["num_nodes_per_chunk"] = [[2]] }, { $0["num_nodes_per_chunk"] = [[4]] },
    { $0["num_edges_per_chunk"] = [[3], [1]] }, { $0["edge_type"] = ["n:to:m", "n:back:n"] }, { $0["edge_type"] = ["to", "back"] },
    { $0["edges"] = [String: Any]() },
    { $0["edges"] = ["n:to:n": ["format": ["name": "parquet"], "data": ["a"]], "n:back:n": ["format": ["name": "csv"], "data": []]] },
    { $0["edges"] = ["n:to:n": ["format": ["name": "csv"], "data": ["nowhere.txt"]]] },
    { $0["node_data"] = ["n": ["feat": ["format": ["name": "numpy"], "data": ["edges/1.npy"]]]] },
    { $0["node_data"] = ["n": ["feat": ["format": ["name": "parquet"], "data": ["feat.npy"]]]] },
    { $0["node_data"] = ["n": ["train_mask": ["format": ["name": "numpy"], "data": ["feat.npy"]]]] },
    { $0["edge_data"] = ["n:to:n": ["kind": ["format": ["name": "numpy"], "data": ["feat.npy"]]]] },
    { $0["edge_data"] = ["n:back:n": ["weights": ["format": ["name": "numpy"], "data": ["kind.npy"]]]] },
    { $0["edge_data"] = ["n:to:n": ["weights": ["format": ["name": "numpy"], "data": ["kind.npy"]]]] },
    { $0["edge_data"] = ["n:to:n": ["sources": ["format": ["name": "numpy"], "data": ["weights.npy"]]]] },
    { $0["edge_data"] = ["n:to:n": ["kind": ["format": ["name": "parquet"], "data": ["kind.npy"]]]] },
  ]

  @Test func faultsAreOneClearError() throws {
    for (index, fault) in Self.faults.enumerated() {
      let path = try foreign(fault)
      let error = #expect(throws: InputError.self, "fault \(index)") { try GraphReader.read(path) }
      #expect(
        error?.description.contains("\n") == false && error?.place.hasPrefix(path) == true, "fault \(index): \(error?.description ?? "")")
    }
    let path = try foreign()
    try folder.file("foreign/metadata.json", "no JSON")
    #expect(throws: InputError.self) { try GraphReader.read(path) }
  }
}
