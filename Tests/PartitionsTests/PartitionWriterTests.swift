import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct PartitionWriterTests {
  private func write(_ graph: RawGraph, _ parts: [UInt16], threads: Int = 1) throws -> (TemporaryDirectory, Manifest, [LocalPartition]) {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    try PartitionWriter.write(graph, SmallGraphs.assignment(graph, parts), to: path, threads: Threads(threads))
    let manifest = try Manifest.load(path)
    let partitions = try (0..<manifest.partCount).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
    return (directory, manifest, partitions)
  }

  @Test func weightsAndNamesAreWrittenBesideTheEdges() throws {
    var graph = SmallGraphs.cycle
    graph.edges[0].weights = ArrayView((0..<8).map { Float($0) / 2 })
    graph.nodes[0].names = NodeNames(["zero", "one", "", "three", "fünf, vier", "5"])
    let (directory, manifest, _) = try write(graph, SmallGraphs.cycleParts)
    let path = directory.file("parts")
    func weights(_ part: Int) throws -> [Float] {
      Array(try NPYArray(mapping: "\(path)/part-00\(part)/weights.npy").elements(as: Float.self))
    }
    #expect(try weights(0) == [2.5, 0, 3.5, 1.5])
    #expect(try weights(1) == [0.5, 3, 1, 2])
    let names = try #require(try manifest.names(ofType: "node", in: path))
    #expect((0..<names.count).map { names[$0] } == ["zero", "one", "", "three", "fünf, vier", "5"])
    #expect(try Verifier.verify(path, against: graph) == [])

    var other = graph
    other.edges[0].weights = ArrayView((0..<8).map { Float($0) })
    #expect(try Verifier.verify(path, against: other).contains { $0.file == "part-000/weights.npy" })
    other = graph
    other.nodes[0].names = nil
    #expect(try Verifier.verify(path, against: other).contains { $0.file == "names/node.npy" })
    #expect(graph.fingerprint != other.fingerprint && other.fingerprint != SmallGraphs.cycle.fingerprint)
    #expect(try write(SmallGraphs.cycle, SmallGraphs.cycleParts).1.names(ofType: "node", in: path)?.count == nil)

    other.edges[0].weights = ArrayView([Float](repeating: .nan, count: 8))
    #expect(throws: InputError("cycle: relation edge, weight of edge 0", expected: "a finite number", found: "nan")) {
      try other.check(threads: Threads(1))
    }
    other = graph
    other.nodes[0].names = NodeNames(["only"])
    #expect(throws: InputError("cycle: nodes of type node, names", expected: "6 names", found: "1")) {
      try other.check(threads: Threads(1))
    }
  }

  @Test(arguments: [8, 40, 4096])
  func edgesThatAreSortedInAFileGiveTheSameParts(bytes: Int) throws {
    let directory = try TemporaryDirectory()
    for (name, graph, parts) in [
      ("cycle", SmallGraphs.cycle, SmallGraphs.cycleParts), ("papers", SmallGraphs.papers, SmallGraphs.papersParts),
    ] {
      let assignment = SmallGraphs.assignment(graph, parts)
      let expected = try PartitionWriter.write(graph, assignment, to: directory.file(name), threads: Threads(1))
      let found = try PartitionWriter.write(
        graph, assignment, to: directory.file("\(name) \(bytes)"), edges: .files(in: directory.path, bufferBytes: bytes),
        threads: Threads(2))
      #expect(found.files == expected.files)
    }
  }

  @Test func cycleInTwoPartsIsWrittenWithEveryID() throws {
    let (directory, manifest, parts) = try write(SmallGraphs.cycle, SmallGraphs.cycleParts)
    #expect(manifest.bounds == [0, 3, 6])
    #expect(manifest.metrics.cutEdges == 4)
    #expect(manifest.metrics.cut == 0.5)
    #expect(manifest.metrics.haloNodes == 4)
    #expect(manifest.metrics.imbalance == ["nodes": 1, "edges": 1, "train": 4.0 / 3, "validation": 2, "test": 1])
    #expect(
      manifest.parts[0]
        == PartCounts(
          innerNodes: [3], haloNodes: 2, edges: [4], splits: [SplitCounts(train: [1], validation: [1], test: [1])]))

    #expect(Array(parts[0].indptr) == [0, 1, 3, 4])
    #expect(Array(parts[0].indices) == [4, 0, 0, 3])
    #expect(Array(parts[0].edgeIDs) == [5, 0, 7, 3])
    #expect(parts[0].relations == nil)
    #expect(Array(parts[0].halo) == [4, 5])
    #expect(Array(parts[0].haloOriginal) == [3, 5])
    #expect(Array(parts[0].haloDegrees) == [1, 1])
    #expect(Array(parts[0].original) == [0, 1, 4])
    #expect(Array(parts[0].degrees) == [1, 2, 1])
    #expect(Array(parts[0].split(0, type: 0).train) == [1, 0])
    #expect(Array(parts[0].split(0, type: 0).validation) == [0])
    #expect(Array(parts[0].split(0, type: 0).test) == [2])
    #expect(parts[0].nodes[0].labels.map(Array.init) == [0, 1, 1])

    #expect(Array(parts[1].indptr) == [0, 2, 3, 4])
    #expect(Array(parts[1].indices) == [3, 0, 0, 4])
    #expect(Array(parts[1].edgeIDs) == [1, 6, 2, 4])
    #expect(Array(parts[1].halo) == [1, 2])
    #expect(Array(parts[1].haloOriginal) == [1, 4])
    #expect(Array(parts[1].haloDegrees) == [2, 1])
    #expect(Array(parts[1].original) == [2, 3, 5])
    #expect(Array(parts[1].degrees) == [2, 1, 1])
    #expect(Array(parts[1].split(0, type: 0).train) == [0, 1, 2, 2])
    #expect(Array(parts[1].split(0, type: 0).validation) == [])
    #expect(Array(parts[1].split(0, type: 0).test) == [1])
    #expect(parts[1].nodes[0].labels.map(Array.init) == [2, 0, -1])
    #expect(parts[1].globalID(of: PartLocalID(1)) == GlobalID(4))
    #expect(parts[1].globalID(of: PartLocalID(3)) == GlobalID(1))

    guard case .dense(let x)? = parts[1].nodes[0].tables["x"], case .sparse(let words)? = parts[1].nodes[0].tables["words"] else {
      Issue.record("tables of another layout")
      return
    }
    #expect(x.strideBytes == 8)
    let values = UnsafeRawPointer(x.bytes.pointer).assumingMemoryBound(to: Float.self)
    #expect((0..<6).map { values[$0] } == [4, 5, 6, 7, 10, 11])
    #expect(Array(words.indptr) == [0, 2, 3, 3])
    #expect(Array(words.indices) == [0, 5, 3])
    #expect(Array(words.values) == [1, 2, 3])
    #expect(words.columns == 9)
    withExtendedLifetime(directory) {}
  }

  @Test func typesAndRelationsAreGroupedInsideParts() throws {
    let (directory, manifest, parts) = try write(SmallGraphs.papers, SmallGraphs.papersParts)
    #expect(manifest.bounds == [0, 1, 3, 4, 5])
    #expect(manifest.parts[0].edges == [2, 4])
    #expect(manifest.parts[1].edges == [1, 0])
    #expect(manifest.metrics.imbalance["type:author"] == 1)
    #expect(manifest.metrics.imbalance["type:paper"] == 4.0 / 3)

    #expect(Array(parts[0].indptr) == [0, 0, 5, 6])
    #expect(Array(parts[0].indices) == [3, 0, 4, 2, 2, 1])
    #expect(Array(parts[0].edgeIDs) == [0, 1, 3, 4, 6, 5])
    #expect(parts[0].relations.map(Array.init) == [0, 0, 1, 1, 1, 1])
    #expect(Array(parts[0].halo) == [3, 4])
    #expect(Array(parts[0].haloOriginal) == [0, 1])
    #expect(Array(parts[0].haloDegrees) == [0, 1])
    #expect(Array(parts[0].original) == [1, 0, 2])
    #expect(Array(parts[0].degrees) == [0, 5, 1])
    #expect(Array(parts[0].split(0, type: 0).train) == [0, 0])
    #expect(Array(parts[0].split(0, type: 1).train) == [1, 1, 2, 2])
    #expect(Array(parts[0].split(0, type: 1).test) == [])

    #expect(Array(parts[1].indptr) == [0, 0, 1])
    #expect(Array(parts[1].indices) == [2])
    #expect(Array(parts[1].edgeIDs) == [2])
    #expect(parts[1].relations.map(Array.init) == [0])
    #expect(Array(parts[1].halo) == [0])
    #expect(Array(parts[1].original) == [0, 1])
    #expect(Array(parts[1].split(0, type: 1).test) == [1])
    #expect(try Verifier.verify(directory.file("parts"), against: SmallGraphs.papers) == [])
  }

  @Test func onePartHoldsTheGraphAndNoHalo() throws {
    let (directory, manifest, parts) = try write(SmallGraphs.cycle, [0, 0, 0, 0, 0, 0])
    #expect(manifest.metrics.cutEdges == 0)
    #expect(parts[0].haloCount == 0)
    #expect(Array(parts[0].indices) == [5, 0, 0, 1, 2, 2, 3, 4])
    #expect(Array(parts[0].edgeIDs) == [5, 0, 7, 1, 6, 2, 3, 4])
    #expect(try Verifier.verify(directory.file("parts"), against: SmallGraphs.cycle) == [])
  }

  @Test func bytesDoNotDependOnThreads() throws {
    let (one, _, _) = try write(SmallGraphs.papers, SmallGraphs.papersParts, threads: 1)
    let (four, _, _) = try write(SmallGraphs.papers, SmallGraphs.papersParts, threads: 4)
    let (first, second) = (try one.contents(of: "parts"), try four.contents(of: "parts"))
    #expect(first.map(\.0) == second.map(\.0))
    for (a, b) in zip(first, second) { #expect(a.1 == b.1, "\(a.0)") }
  }

  @Test func everyFileIsRecordedWithItsSize() throws {
    let (directory, manifest, _) = try write(SmallGraphs.cycle, SmallGraphs.cycleParts)
    let files = try directory.contents(of: "parts").filter { $0.0 != "graph.json" }
    #expect(manifest.files.map(\.path) == files.map(\.0))
    #expect(manifest.files.map(\.size) == files.map(\.1.count))
    #expect(manifest.files.allSatisfy { $0.checksum.count == 32 })
  }

  @Test(arguments: [(100, 400), (128, 512), (10, 40), (16, 64), (47, 192), (602, 2408), (300, 1200), (75, 320), (0, 0)])
  func rowsArePaddedWhereItPays(columns: Int, stride: Int) throws {
    let values = (0..<6 * columns).map(Float.init)
    var graph = SmallGraphs.cycle
    graph.nodes[0].tables = ["x": .dense(DenseRows(floats: Buffer(copying: values), rows: 6, columns: columns))]
    let (directory, manifest, parts) = try write(graph, SmallGraphs.cycleParts)
    #expect(manifest.tables.map(\.strideBytes) == [stride])
    guard case .dense(let x)? = parts[1].nodes[0].tables["x"] else {
      Issue.record("no table")
      return
    }
    #expect(x.columns == columns)
    for (row, node) in [2, 3, 5].enumerated() {
      let start = UnsafeRawPointer(x.bytes.pointer + row * stride).assumingMemoryBound(to: Float.self)
      #expect((0..<columns).allSatisfy { start[$0] == Float(node * columns + $0) })
      #expect((columns..<stride / 4).allSatisfy { start[$0] == 0 })
    }
    #expect(try Verifier.verify(directory.file("parts"), against: graph) == [])
  }

  @Test func narrowTypesPassThrough() throws {
    var graph = SmallGraphs.cycle
    func table(_ type: ElementType, columns: Int) -> FeatureTable {
      let width = columns * type.size
      let bytes = (0..<6 * width).map { UInt8(truncatingIfNeeded: $0 * 7) }
      let scales = type == .int8 ? ArrayView([0, 1, 0.5, 2, 0.25, 3] as [Float]) : nil
      return .dense(
        DenseRows(rows: 6, columns: columns, strideBytes: width, elementType: type, bytes: ArrayView(bytes), scales: scales))
    }
    graph.nodes[0].tables = ["a": table(.int8, columns: 5), "b": table(.bfloat16, columns: 3), "c": table(.float16, columns: 64)]
    let (directory, manifest, parts) = try write(graph, SmallGraphs.cycleParts)
    #expect(manifest.tables.map(\.elementType) == [.int8, .bfloat16, .float16])
    guard case .dense(let rows)? = parts[0].nodes[0].tables["b"] else {
      Issue.record("no table")
      return
    }
    #expect(rows.elementType == .bfloat16)
    #expect(Array(rows.bytes) == [0, 1, 4].flatMap { node in (0..<6).map { UInt8(truncatingIfNeeded: (node * 6 + $0) * 7) } })
    guard case .dense(let bytes)? = parts[1].nodes[0].tables["a"] else {
      Issue.record("no table")
      return
    }
    // Five elements, three zeros, the scale: nodes 2, 3 and 5.
    #expect(bytes.strideBytes == 12 && bytes.scales == nil)
    let nodes: [(Int, Float)] = [(2, 0.5), (3, 2), (5, 3)]
    let expected: [UInt8] = nodes.flatMap { node, scale -> [UInt8] in
      let elements = (0..<5).map { UInt8(truncatingIfNeeded: (node * 5 + $0) * 7) }
      return elements + [0, 0, 0] + withUnsafeBytes(of: scale) { Array($0) }
    }
    #expect(Array(bytes.bytes) == expected)
    let listed = try NPYArray(mapping: directory.file("parts/part-001/nodes/node/a.scale.npy")).elements(as: Float.self, shape: [3])
    #expect(Array(listed) == [0.5, 2, 3])
    #expect(manifest.files.contains { $0.path == "part-001/nodes/node/a.scale.npy" && $0.checksum.count == 32 })
    #expect(try Verifier.verify(directory.file("parts"), against: graph) == [])
  }

  @Test func existingDirectoryIsKeptUnlessForced() throws {
    let (directory, _, _) = try write(SmallGraphs.cycle, SmallGraphs.cycleParts)
    let path = directory.file("parts")
    let assignment = SmallGraphs.assignment(SmallGraphs.papers, SmallGraphs.papersParts)
    #expect(throws: InputError(path, expected: "no such directory, or --force", found: "an existing one")) {
      try PartitionWriter.write(SmallGraphs.papers, assignment, to: path, threads: Threads(1))
    }
    #expect(try Manifest.load(path).name == "cycle")
    try PartitionWriter.write(SmallGraphs.papers, assignment, to: path, force: true, threads: Threads(1))
    #expect(try Manifest.load(path).name == "papers")
    #expect(try Verifier.verify(path) == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["parts"])
  }

  @Test func forceDoesNotReplaceWhatIsNoPartitionDirectory() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("thesis")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("years of work".utf8).write(to: URL(fileURLWithPath: "\(path)/chapter.txt"))
    #expect(throws: InputError.self) { try PartitionWriter.checkTarget(path, force: true) }
    #expect(try directory.contents(of: "thesis").map(\.0) == ["chapter.txt"])
  }

  @Test func unwritablePlaceLeavesNothingBehind() throws {
    let directory = try TemporaryDirectory()
    let assignment = SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts)
    #expect(throws: SystemError.self) {
      try PartitionWriter.write(SmallGraphs.cycle, assignment, to: directory.file("missing/parts"), threads: Threads(1))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }

  @Test func failureInTheMiddleIsOneErrorAndLeavesNothingBehind() throws {
    let directory = try TemporaryDirectory()
    // A type name too long for a file name fails in the middle of the work, as a full disk does.
    var graph = SmallGraphs.cycle
    graph.schema.nodeTypes = [String(repeating: "n", count: 300)]
    let assignment = SmallGraphs.assignment(graph, SmallGraphs.cycleParts)
    #expect(throws: SystemError.self) { try PartitionWriter.write(graph, assignment, to: directory.file("parts"), threads: Threads(2)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }

  @Test func tablesMustNotTakeReservedNames() throws {
    let directory = try TemporaryDirectory()
    var graph = SmallGraphs.cycle
    graph.nodes[0].tables = ["labels": SmallGraphs.dense([1, 2, 3, 4, 5, 6], columns: 1)]
    let assignment = SmallGraphs.assignment(graph, SmallGraphs.cycleParts)
    #expect(throws: InputError.self) { try PartitionWriter.write(graph, assignment, to: directory.file("parts"), threads: Threads(1)) }
  }

  @Test func assignmentsMustFillEveryPart() throws {
    let directory = try TemporaryDirectory()
    let graph = SmallGraphs.cycle
    for parts: [UInt16] in [[0, 0, 2, 2, 0, 2], [0, 1], [0, 0, 0, 0, 0, 0, 1]] {
      let metrics = SmallGraphs.assignment(graph, SmallGraphs.cycleParts).metrics
      let assignment = PartitionAssignment(
        partCount: 3, parts: parts, record: PartitionerRecord(method: "given", seed: 1, tolerances: [:], options: [:]),
        metrics: metrics, randomMetrics: metrics, unmet: [])
      #expect(throws: InputError.self) { try PartitionWriter.write(graph, assignment, to: directory.file("p"), threads: Threads(1)) }
    }
  }
}
