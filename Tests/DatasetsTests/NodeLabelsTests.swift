import Datasets
import Foundation
import Graphs
import Partitions
import Tensors
import Testing

/// Labels that are no classes: several columns, numbers that are not whole, and what is unknown.
@Suite struct NodeLabelsTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.file("raw/edge.csv", "0,1\n1,2\n3,0\n")
    try folder.file("raw/split/s/train.csv", "0\n1\n")
    try folder.file("raw/split/s/valid.csv", "2\n")
    try folder.file("raw/split/s/test.csv", "3\n")
  }

  private func convert(labels: String) throws -> NodeData {
    try folder.file("raw/node-label.csv.gz", labels)
    return try DatasetConverter().convert(folder: folder.path + "/raw").nodes[0]
  }

  /// The values as text, so that unknown ones compare.
  private func targets(_ text: String) throws -> [String] {
    let data = try convert(labels: text)
    #expect(data.labels == nil && data.classCount == 0)
    return (data.tables["label"]?.denseFloats ?? []).map { "\($0)" }
  }

  @Test func severalColumnsAreATable() throws {
    #expect(
      try targets("0,1,1\n1,,0\n1,nan,0\n0,0,\n") == ["0.0", "1.0", "1.0", "1.0", "nan", "0.0", "1.0", "nan", "0.0", "0.0", "0.0", "nan"])
    #expect(try targets("0 1\n1\t0\nNaN 1\n-1 2.5\n") == ["0.0", "1.0", "1.0", "0.0", "nan", "1.0", "-1.0", "2.5"])
    #expect(try convert(labels: "0,1\n1,0\n1,1\n0,0\n").tables["label"]?.columns == 2)
  }

  @Test func numbersThatAreNotWholeAreATable() throws {
    #expect(try targets("0.5\n\n-3e2\nnan\n") == ["0.5", "nan", "-300.0", "nan"])
    #expect(try targets("1\n2\n3\n4.0\n") == ["1.0", "2.0", "3.0", "4.0"])
  }

  @Test func wholeNumbersStayClasses() throws {
    let data = try convert(labels: "2\n0\n1\n0\n")
    #expect(data.labels.map(Array.init) == [2, 0, 1, 0] && data.classCount == 3 && data.tables["label"] == nil)
    for name in ["train", "valid", "test"] { try folder.file("raw/split/s/\(name).csv", name == "train" ? "0\n" : "") }
    #expect(try convert(labels: "2\n\nnan\n-1\n").labels.map(Array.init) == [2, -1, -1, -1])
  }

  @Test func wrongLabelsNameTheLine() throws {
    func failure(_ text: String) -> String { folder.failure { try convert(labels: text) } }
    #expect(failure("1,2\n3\n1,2\n1,2\n") == "raw/node-label.csv.gz:2: expected 2 labels as on the line before, found 1")
    #expect(failure("0.5\nx\n1\n2\n") == "raw/node-label.csv.gz:2: expected finite numbers, nan or nothing, found 'x'")
    #expect(failure("0.5\n1\ninf\n2\n") == "raw/node-label.csv.gz:3: expected finite numbers, nan or nothing, found 'inf'")
    #expect(failure("") == "raw/node-label.csv.gz: expected a label for each node, found an empty file")
    #expect(failure("0.5\n1\n2\n").hasPrefix("raw/edge.csv:3: expected a node id below 3"))
  }

  @Test func labelsMayComeAsNumPyFiles() throws {
    let path = folder.path + "/raw/node-label.npy"
    func data() throws -> NodeData { try DatasetConverter().convert(folder: folder.path + "/raw").nodes[0] }
    try NPYWriter.write([1, 0, 2, 1] as [Int64], to: path, elementType: .int64, shape: [4])
    #expect(try data().labels.map(Array.init) == [1, 0, 2, 1])
    try NPYWriter.write([1, 0, 2, .nan] as [Float], to: path, elementType: .float32, shape: [4])
    #expect(try data().tables["label"]?.denseFloats.prefix(3) == [1, 0, 2])
    try NPYWriter.write([1, 0, 2, 7, 8, 9, 0, 0] as [Int32], to: path, elementType: .int32, shape: [4, 2])
    #expect(try data().tables["label"]?.denseFloats == [1, 0, 2, 7, 8, 9, 0, 0])
    try NPYWriter.write([1, 0, 2, 7, 8, 9, 0, 0] as [Int32], to: path, elementType: .int32, shape: [2, 2, 2])
    #expect(
      folder.failure { try data() } == "raw/node-label.npy: expected labels of shape (nodes) or (nodes, columns), found shape [2, 2, 2]")
  }

  @Test func targetsPassThroughDatasetAndPartsWithTheirUnknowns() throws {
    try folder.file("raw/node-label.csv.gz", "0,1\n1,\nnan,2.5\n0,0\n")
    let graph = try DatasetConverter().convert(folder: folder.path + "/raw")
    let (dataset, parts) = (folder.path + "/DS", folder.path + "/parts")
    try DatasetWriter.write(graph, to: dataset)
    let read = try DatasetReader.open(dataset, verifyingChecksums: true)
    #expect(read.nodes[0].tables["label"]?.denseFloats.map { "\($0)" } == ["0.0", "1.0", "1.0", "nan", "nan", "2.5", "0.0", "0.0"])
    let summary = DatasetSummary(read, threads: Threads(1))
    #expect(summary.nodeTypes[0].tables[0].unknownValues == 2)
    #expect(summary.description.contains("\n  targets 'label': 2 columns, float32, dense, 2 values unknown\n"), "\(summary)")

    let metrics = PartitionMetrics(measuring: [0, 1, 1, 0], partCount: 2, graph: read, threads: Threads(1))
    let assignment = PartitionAssignment(
      partCount: 2, parts: [0, 1, 1, 0], record: PartitionerRecord(method: "given", seed: 1, tolerances: [:], options: [:]),
      metrics: metrics, randomMetrics: metrics, unmet: [])
    let manifest = try PartitionWriter.write(read, assignment, to: parts, threads: Threads(1))
    #expect(try Verifier.verify(parts, against: read) == [])
    #expect(manifest.classCounts == [0] && manifest.tables.map(\.name) == ["label"])
    let part = try LocalPartition(directory: parts, manifest: manifest, part: 1)
    #expect(part.nodes[0].tables["label"]?.denseFloats.map { "\($0)" } == ["1.0", "nan", "nan", "2.5"])
    #expect(part.nodes[0].labels == nil && part.split(0, type: 0).trainIDs == [0])
  }

  @Test func infinityIsNoTarget() throws {
    var graph = Generators.karateClub()
    let values = Buffer<Float>(copying: (0..<34).map { $0 == 7 ? .infinity : .nan })
    graph.nodes[0].tables["label"] = .dense(DenseRows(floats: values, rows: 34, columns: 1))
    #expect(
      folder.failure { try DatasetWriter.write(graph, to: folder.path + "/DS") }
        == "table 'label' of 'node': expected finite targets, or NaN where unknown, found infinity in row 7, column 0 (from 0)")
  }
}
