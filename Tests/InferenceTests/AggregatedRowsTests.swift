import Foundation
import Graphs
import Inference
import KVStore
import Kernels
import Models
import Partitioning
import Partitions
import Tensors
import Testing

/// What the first layer gathers, computed and stored, against its definition.
@Suite struct AggregatedRowsTests {
  /// All parts of a directory, opened by one process.
  struct Opened {
    let manifest: Manifest
    let parts: [LocalPartition]
    let store: RowStore

    init(_ directory: String) throws {
      manifest = try Manifest.load(directory)
      let manifest = manifest
      parts = try (0..<manifest.partCount).map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
      store = RowStore(
        shards: TableShards(number: 0, of: manifest, in: parts), book: PartitionBook(manifest),
        workers: [Int](repeating: 0, count: manifest.partCount), client: nil)
    }

    /// Writes every part's rows under `path` and returns them by the user's node numbers, with the files' bytes.
    func rows(_ model: Model, to path: String, threads: Int = 1, pulledBytes: Int? = nil) throws -> (rows: [Int: [Float]], bytes: [Data]) {
      let table = manifest.tables[0]
      let writer = AggregatedRows(
        model: model, store: store, threads: Threads(threads), pulledBytes: pulledBytes ?? AggregatedRows.pulledBytes)
      let stored = AggregatedRows.description(model.firstHop!, of: table)
      var result: (rows: [Int: [Float]], bytes: [Data]) = ([:], [])
      for part in parts {
        let source = part.nodes[0].tables[table.name]!
        let file = "\(path)-\(part.part)"
        let suffixes = try writer.write(part, source: source, as: stored, to: file)
        for suffix in suffixes { result.bytes.append(try Data(contentsOf: URL(fileURLWithPath: file + suffix))) }
        let rows = try Self.read(file, stored, rows: part.innerCount)
        for (row, values) in rows.enumerated() { result.rows[Int(part.original[row])] = values }
      }
      return result
    }

    private static func read(_ file: String, _ table: TableDescription, rows: Int) throws -> [[Float]] {
      if table.layout == .dense {
        let width = table.strideBytes / 4
        let values = try NPYArray(mapping: file + ".npy").elements(as: Float.self, shape: [rows, width])
        return (0..<rows).map { row in
          #expect((table.columns..<width).allSatisfy { values[row * width + $0] == 0 }, "the padding is zero")
          return (0..<table.columns).map { values[row * width + $0] }
        }
      }
      let indptr = try NPYArray(mapping: file + ".indptr.npy").elements(as: Int64.self, shape: [rows + 1])
      let indices = try NPYArray(mapping: file + ".indices.npy").elements(as: UInt32.self, shape: [Int(indptr[rows])])
      let values = try NPYArray(mapping: file + ".data.npy").elements(as: Float.self, shape: [Int(indptr[rows])])
      return (0..<rows).map { row in
        var dense = [Float](repeating: 0, count: table.columns)
        let entries = Int(indptr[row])..<Int(indptr[row + 1])
        #expect(zip(entries, entries.dropFirst()).allSatisfy { indices[$0] < indices[$1] }, "columns increase")
        for entry in entries { dense[Int(indices[entry])] = values[entry] }
        return dense
      }
    }
  }

  /// The rows of a random graph in float64, from the formulas of `FirstHop`.
  static func reference(_ graph: RandomGraph, _ firstHop: FirstHop) -> [[Double]] {
    let x = (0..<graph.nodes).map { node -> [Double] in
      let row = graph.features[node * graph.columns..<(node + 1) * graph.columns].map(Double.init)
      let sum = row.reduce(0, +)
      return firstHop.rowNormalise ? row.map { sum == 0 ? 0 : $0 / sum } : row
    }
    var degree = [Double](repeating: 0, count: graph.nodes)
    for edges in graph.relations { for edge in edges { degree[Int(edge.1)] += 1 } }
    let (isSymmetric, hasLoop): (Bool, Bool) =
      switch firstHop.aggregation {
      case .mean, .sum: (false, false)
      case .ownAndSum: (false, true)
      case .symmetric: (true, true)
      case .symmetricWithoutLoops: (true, false)
      }
    func s(_ node: Int) -> Double {
      guard isSymmetric else { return 1 }
      let count = degree[node] + (hasLoop ? 1 : 0)
      return count == 0 ? 0 : 1 / count.squareRoot()
    }
    return (0..<graph.nodes).map { node in
      var row = firstHop.hasOwnRow ? x[node] : []
      for edges in graph.relations {
        let sources = edges.filter { Int($0.1) == node }.map { Int($0.0) }
        row += (0..<graph.columns).map { column in
          let sum = sources.reduce(0) { $0 + s($1) * x[$1][column] } + (hasLoop ? s(node) * x[node][column] : 0)
          return firstHop.aggregation == .mean ? (sources.isEmpty ? 0 : sum / Double(sources.count)) : s(node) * sum
        }
      }
      return row
    }
  }

  static func shapes(_ graph: RandomGraph, normalise: Bool) -> [ModelShape] {
    func shape(_ kind: ModelShape.Kind, _ change: (inout ModelShape) -> Void = { _ in }) -> ModelShape {
      var shape = ModelShape(
        kind: kind, inputColumns: graph.columns, sparseInput: graph.isSparse, hidden: 8, layers: 2, classes: 3,
        relations: graph.relationNames, rowNormalise: normalise)
      change(&shape)
      return shape
    }
    return [
      shape(.sage), shape(.gcn), shape(.gcn) { ($0.selfLoops, $0.residual) = (false, true) }, shape(.gin),
      shape(.gin) { $0.learnEpsilon = true },
    ]
  }

  @Test(arguments: 0..<24)
  func rowsAreWhatTheirDefinitionSays(seed: Int) throws {
    let isSparse = seed % 3 == 2
    let graph = RandomGraph(
      seed: UInt64(seed), nodes: 5 + seed * 13 % 60, edges: 10 + seed * 17 % 120, columns: 3 + seed % 5 * 4, relations: 1 + seed % 2,
      isSparse: isSparse)
    let scratch = try ScratchDirectory()
    try graph.partition(into: 1 + seed % 4, at: scratch.path + "/parts", seed: UInt64(seed))
    let opened = try Opened(scratch.path + "/parts")
    for (number, shape) in Self.shapes(graph, normalise: isSparse && seed % 2 == 0).enumerated() {
      let model = try Model(shape)
      let firstHop = try #require(model.firstHop)
      let wanted = Self.reference(graph, firstHop)
      let (rows, bytes) = try opened.rows(model, to: "\(scratch.path)/\(number)")
      #expect(rows.count == graph.nodes)
      let scale = wanted.flatMap { $0 }.map(abs).max()!
      for (node, row) in rows {
        #expect(row.count == firstHop.columns)
        // A sum of at most some dozen float32 terms.
        for (a, b) in zip(row, wanted[node]) { #expect(abs(Double(a) - b) <= 2e-6 * scale, "\(shape.kind), node \(node): \(a), \(b)") }
      }
      let pieces = try opened.rows(model, to: "\(scratch.path)/\(number)-pieces", threads: 2, pulledBytes: 1)
      #expect(pieces.bytes == bytes, "threads and pieces do not change a byte")
    }
  }

  /// A part of several tiles, each a run of its own.
  @Test(arguments: [false, true])
  func noBoundOfMemoryChangesAByte(isSparse: Bool) throws {
    let graph = RandomGraph(seed: 4, nodes: 2100, edges: 9000, columns: 6, isSparse: isSparse)
    let scratch = try ScratchDirectory()
    try graph.partition(into: 3, at: scratch.path + "/parts", seed: 1)
    let opened = try Opened(scratch.path + "/parts")
    for shape in Self.shapes(graph, normalise: true) {
      let model = try Model(shape)
      let whole = try opened.rows(model, to: scratch.path + "/whole").bytes
      for bytes in [1, 5_000, 20_000] {
        #expect(try opened.rows(model, to: scratch.path + "/pieces", threads: 2, pulledBytes: bytes).bytes == whole)
      }
    }
  }

  /// Member 11 knows the instructor alone, who has 16 friends; the administrator, member 33, has 17. Features are the identity.
  @Test func theKarateClubIsAsWrittenDown() throws {
    let scratch = try ScratchDirectory()
    let graph = Generators.karateClub()
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: 2, method: .random, seed: 1), threads: Threads(1))
    try PartitionWriter.write(graph, assignment, to: scratch.path + "/parts", threads: Threads(1))
    let opened = try Opened(scratch.path + "/parts")
    func row(_ kind: ModelShape.Kind, _ node: Int) throws -> [Int: Float] {
      let model = try Model(ModelShape(kind: kind, inputColumns: 34, hidden: 40, layers: 2, classes: 2))
      let values = try opened.rows(model, to: scratch.path + "/\(kind)").rows[node]!
      return Dictionary(uniqueKeysWithValues: values.enumerated().filter { $0.element != 0 }.map { ($0.offset, $0.element) })
    }
    #expect(try row(.sage, 11) == [11: 1, 34: 1])
    let friends = [8, 9, 13, 14, 15, 18, 19, 20, 22, 23, 26, 27, 28, 29, 30, 31, 32]
    #expect(try row(.sage, 33) == Dictionary(uniqueKeysWithValues: [(33, 1)] + friends.map { (34 + $0, 0.05882353) }))
    #expect(try row(.gin, 11) == [0: 1, 11: 1])
    // 1 / √(17 · 2) and 1 / 2.
    let gcn = try row(.gcn, 11)
    #expect(gcn.keys.sorted() == [0, 11])
    #expect(abs(gcn[0]! - 0.17149859) <= 2e-8 && abs(gcn[11]! - 0.5) <= 6e-8)
  }

  /// Where rows are aggregated before the product in both, the layer has the same bits as in exact inference.
  @Test(arguments: [ModelShape.Kind.sage, .gcn])
  func theFirstLayerHasTheBitsOfExactInference(kind: ModelShape.Kind) throws {
    let graph = RandomGraph(seed: 9, nodes: 1500, edges: 6000, columns: 6, relations: 2)
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/parts"
    try graph.partition(into: 2, at: directory, seed: 2)
    let opened = try Opened(directory)
    let model = try Model(ModelShape(kind: kind, inputColumns: 6, hidden: 8, layers: 1, classes: 7, relations: graph.relationNames))
    let weights = InferenceRun.weights(model, seed: 3)
    let exact = try InferenceRun(directory: directory, model: model, weights: weights).logits(.store)
    let rows = try opened.rows(model, to: scratch.path + "/rows").rows
    for part in opened.parts {
      let nodes = (0..<part.innerCount).map { Int(part.original[$0]) }
      let matrix = Matrix(rows: nodes.count, columns: model.firstHop!.columns)
      for (index, node) in nodes.enumerated() { for (column, value) in rows[node]!.enumerated() { matrix.view.row(index)[column] = value } }
      let references = Buffer(copying: nodes.indices.map { RowReference(segment: 0, row: $0) })
      let ids = Buffer(copying: nodes.indices.map { part.globalID(of: PartLocalID(UInt32($0))) })
      withExtendedLifetime((matrix, references, ids, weights)) {
        let input = InputRows(
          segments: .dense([RowSegment(matrix.view, owner: matrix)]), references: UnsafeBufferPointer(references.elements),
          columns: matrix.columns)
        let workspace = ModelWorkspace(model)
        let logits = model.forward(
          [], aggregated: input, of: UnsafeBufferPointer(ids.elements), weights: weights.pointer, dropout: nil, workspace: workspace,
          threads: Threads(2))
        for (index, node) in nodes.enumerated() { #expect((0..<7).map { logits[index, $0] } == exact[node], "node \(node)") }
      }
    }
  }
}
