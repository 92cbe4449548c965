import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct DatasetConverterTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.file("edge.csv.gz", "0,1\n1,2\n1,2\n3,0\n")
    try folder.file("node-feat.csv.gz", "1,0.5\n-2,3e2\n0.1,4\n5,6\n")
    try folder.file("node-label.csv.gz", "1\n0\n-1\n2\n")
    for name in ["b", "a"] {
      try folder.file("split/\(name)/train.csv.gz", name == "a" ? "3\n0\n" : "1\n")
      try folder.file("split/\(name)/valid.csv.gz", name == "a" ? "1\n" : "0\n")
      try folder.file("split/\(name)/test.csv.gz", name == "a" ? "" : "3\n")
    }
  }

  private func convert(_ converter: DatasetConverter = DatasetConverter(split: "a")) throws -> RawGraph {
    try converter.convert(folder: folder.path)
  }

  private func failure() -> String { folder.failure { try convert() } }

  private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }

  @Test func folderBecomesAGraph() throws {
    let graph = try convert()
    #expect(graph.pairs == [[0, 1], [1, 2], [1, 2], [3, 0]])
    #expect(graph.nodes[0].count == 4 && graph.nodes[0].classCount == 3)
    #expect(graph.nodes[0].labels.map(Array.init) == [1, 0, -1, 2])
    #expect(graph.nodes[0].tables["feat"]?.denseFloats == [1, 0.5, -2, 300, 0.1, 4, 5, 6])
    #expect(graph.nodes[0].split == Split(name: "a", train: [0, 3], validation: [1], test: []))
    #expect(graph.name == folder.path.split(separator: "/").last.map(String.init))
  }

  @Test func allSplitsAreKeptTheFirstByNameBeforeTheOthers() throws {
    let notices = Notices()
    let graph = try DatasetConverter().convert(folder: folder.path, context: notices.context())
    let (a, b) = (Split(name: "a", train: [0, 3], validation: [1]), Split(name: "b", train: [1], validation: [0], test: [3]))
    #expect(graph.nodes[0].splits == [a, b])
    #expect(notices.all == ["splits a, b: the first is the default; --split NAME names another"])
    #expect(try convert(DatasetConverter(split: "b")).nodes[0].splits == [b, a])
    #expect(folder.failure { try convert(DatasetConverter(split: "c")) } == "--split: expected one of a, b, found 'c'")
  }

  @Test func karateClubOfTheRepositoryIsTheGeneratedOne() throws {
    let path = URL(fileURLWithPath: #filePath + "/../../../datasets/karate-club").standardizedFileURL.path
    let notices = Notices()
    let graph = try DatasetConverter().convert(folder: path, context: notices.context())
    let generated = Generators.karateClub()
    #expect(notices.all == [])
    #expect(graph.name == "karate-club" && graph.pairs == generated.pairs)
    #expect(graph.nodes[0].tables["feat"]?.denseFloats == generated.nodes[0].tables["feat"]?.denseFloats)
    #expect(graph.nodes[0].labels.map(Array.init) == generated.nodes[0].labels.map(Array.init))
    #expect(graph.nodes[0].splits == generated.nodes[0].splits && graph.nodes[0].classCount == 2)
  }

  @Test func transformsAreAppliedAndCounted() throws {
    let notices = Notices()
    let converter = DatasetConverter(split: "a", transforms: EdgeTransforms(dedup: true, undirected: true))
    let graph = try converter.convert(folder: folder.path, context: notices.context())
    #expect(graph.pairs == [[0, 1], [1, 2], [3, 0], [1, 0], [0, 3], [2, 1]])
    #expect(notices.all == ["removed 1 repeated edges", "added 3 missing reverse edges"])
  }

  @Test func featuresMayComeAsNumPyFilesOfAnyNumberType() throws {
    try remove("node-feat.csv.gz")
    let path = folder.path + "/node-feat.npy"
    try NPYWriter.write((0..<8).map { Float($0) }, to: path, elementType: .float32, shape: [4, 2])
    #expect(try convert().nodes[0].tables["feat"]?.denseFloats == [0, 1, 2, 3, 4, 5, 6, 7])
    try NPYWriter.write((0..<8).map { Int64($0) }, to: path, elementType: .int64, shape: [4, 2])
    #expect(try convert().nodes[0].tables["feat"]?.denseFloats == [0, 1, 2, 3, 4, 5, 6, 7])
    try NPYWriter.write((0..<8).map { Float16($0) }, to: path, elementType: .float16, shape: [4, 2])
    guard case .dense(let half)? = try convert().nodes[0].tables["feat"] else { return }
    #expect(half.elementType == .float16 && half.strideBytes == 4)
    try NPYWriter.write([1, 2, 3, 4] as [Float], to: path, elementType: .float32, shape: [4])
    #expect(failure() == "node-feat.npy: expected a matrix of shape (nodes, features), found shape [4]")
    var values = (0..<8).map { Double($0) }
    values[5] = 1e40
    try NPYWriter.write(values, to: path, elementType: .float64, shape: [4, 2])
    #expect(failure() == "node-feat.npy: expected finite features, found NaN or infinity in row 2, column 1 (from 0)")
  }

  @Test func onlyEdgesAreRequired() throws {
    for name in ["node-feat.csv.gz", "node-label.csv.gz", "split"] { try remove(name) }
    let graph = try convert(DatasetConverter())
    #expect(graph.nodes[0].count == 4 && graph.nodes[0].labels == nil && graph.nodes[0].splits == [])
    try remove("edge.csv.gz")
    #expect(failure().hasSuffix("or one .npz archive, found an empty folder"))
    try folder.file("node-label.csv", "0\n")
    #expect(
      folder.failure { try DatasetConverter().convert(folder: folder.path) }.hasSuffix("expected a file edge.csv.gz, found none"))
    #expect(
      folder.failure { try DatasetConverter().convert(folder: folder.path + "/none") }.hasPrefix(
        "none: expected a folder of a dataset's files"))
  }

  @Test func filesOfOGBFoldersAreFoundUnderRaw() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/raw", withIntermediateDirectories: true)
    for name in ["edge.csv.gz", "node-feat.csv.gz", "node-label.csv.gz"] {
      try FileManager.default.moveItem(atPath: "\(folder.path)/\(name)", toPath: "\(folder.path)/raw/\(name)")
    }
    try folder.file("raw/num-node-list.csv.gz", "4\n")
    try folder.file("raw/num-edge-list.csv.gz", "4\n")
    #expect(try convert().edges[0].count == 4)
    try folder.file("raw/num-edge-list.csv.gz", "5\n")
    #expect(failure().hasPrefix("raw/edge.csv.gz: expected 5 edges as in raw/num-edge-list.csv.gz, found 4"))
    try folder.file("raw/num-node-list.csv.gz", "5\n")
    #expect(failure() == "raw/node-feat.csv.gz: expected 5 rows, one for each node of raw/num-node-list.csv.gz, found 4 rows")
    try folder.file("raw/num-node-list.csv.gz", "4\n4\n")
    #expect(failure() == "raw/num-node-list.csv.gz: expected one count, for one graph, found 2 lines")
  }

  @Test func twoFilesForOneThingAreAnError() throws {
    try folder.file("edge.csv", "0,1\n")
    #expect(failure().hasSuffix("expected one file edge, found edge.csv, edge.csv.gz"))
  }

  @Test func numbersThatDoNotAgreeAreErrors() throws {
    try folder.file("edge.csv.gz", "0,1\n1,4\n")
    #expect(failure() == "edge.csv.gz:2: expected a node id below 4, found '4'")
    try folder.file("node-label.csv.gz", "1\n0\n-1\n")
    #expect(failure() == "node-label.csv.gz: expected labels of 4 nodes, those of node-feat.csv.gz, found 3")
    try remove("node-feat.csv.gz")
    #expect(failure() == "edge.csv.gz:2: expected a node id below 3, found '4'")
    try remove("node-label.csv.gz")
    #expect(
      failure()
        == "edge.csv.gz: expected every node id from 0 to 4 in some edge, or the number of nodes by --nodes N, found no edge with node 2")
  }

  @Test func wrongFeaturesNameTheLine() throws {
    func failure(_ text: String) throws -> String {
      try folder.file("node-feat.csv.gz", text)
      return self.failure()
    }
    #expect(try failure("1,2\n3\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected 2 features as on the line before, found 1")
    #expect(try failure("1,2\n3,4,5\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected 2 features as on the line before, found 3")
    #expect(try failure("1,2\n\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected 2 features as on the line before, found 0")
    #expect(try failure("1,2\n3,nan\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected finite numbers, found 'nan' in column 1")
    #expect(try failure("1,2\n3,-inf\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected finite numbers, found '-inf' in column 1")
    #expect(try failure("1,2\n1e39,3\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected finite numbers, found '1e39' in column 0")
    #expect(try failure("1,2\n3,x\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected finite numbers, found 'x' in column 1")
    #expect(try failure("1,2\n3,\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected finite numbers, found '' in column 1")
    #expect(try failure("1,2\n3,4 5 6\n4,5\n6,7\n") == "node-feat.csv.gz:2: expected 2 features as on the line before, found 4")
    #expect(try failure("") == "node-feat.csv.gz: expected a line of features for each node, found an empty file")
  }

  @Test func wrongLabelsNameTheLine() throws {
    func failure(_ text: String) throws -> String {
      try folder.file("node-label.csv.gz", text)
      return self.failure()
    }
    #expect(
      try failure("0\n1\n4\n2\n") == "node-label.csv.gz:3: expected a class from 0 to below 4, the number of nodes, or -1, found 4")
    #expect(
      try failure("0\n-2\n1\n2\n") == "node-label.csv.gz:2: expected a class from 0 to below 4, the number of nodes, or -1, found -2")
    #expect(try failure("0\nx\n1\n2\n") == "node-label.csv.gz:2: expected finite numbers, nan or nothing, found 'x'")
    #expect(try failure("0\n1,2\n1\n2\n") == "node-label.csv.gz:2: expected 1 label as on the line before, found 2")
    #expect(try failure("0\n\n1\n2\n") == "split/a/valid.csv.gz:1: expected a node with a label, found node 1 without one")
    #expect(
      try failure("0\n99999999999999999999\n1\n2\n")
        == "node-label.csv.gz:2: expected whole numbers below 2^63, found '99999999999999999999'")
    #expect(try failure("0\n1\n1\n2\n2\n") == "node-label.csv.gz: expected labels of 4 nodes, those of node-feat.csv.gz, found 5")
  }

  @Test func wrongSplitsNameTheLine() throws {
    func failure(_ set: String, _ text: String) throws -> String {
      let file = "split/a/\(set).csv.gz"
      let old = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(file)"))
      try folder.file(file, text)
      defer { try? old.write(to: URL(fileURLWithPath: "\(folder.path)/\(file)")) }
      return self.failure()
    }
    #expect(try failure("train", "") == "split/a/train.csv.gz: expected at least one training node, found none")
    #expect(try failure("train", "0\n4\n") == "split/a/train.csv.gz:2: expected a node id from 0 to 3, found 4")
    #expect(try failure("train", "0\n-1\n") == "split/a/train.csv.gz:2: expected a node id from 0 to 3, found -1")
    #expect(try failure("train", "0\n3\n0\n") == "split/a/train.csv.gz:3: expected each node once, found node 0 again")
    #expect(
      try failure("valid", "1\n3\n")
        == "split/a/valid.csv.gz:2: expected each node in one set only, found node 3, which is in split/a/train.csv.gz as well")
    #expect(try failure("test", "2\n") == "split/a/test.csv.gz:1: expected a node with a label, found node 2 without one")
    #expect(try failure("test", "x\n") == "split/a/test.csv.gz:1: expected a node id, a whole number, found 'x'")
    try remove("split/a/test.csv.gz")
    #expect(self.failure() == "split/a: expected a file test.csv.gz, found none")
  }

  @Test func decimalTextIsReadAsTheNearestFloat() throws {
    var random = TestRandom(5)
    var texts = [
      "0", "-0", "0.0", "1", "00012.5", ".5", "5.", "1e5", "1E+5", "1e-5", "16777217", "3.4028235e38", "1e-45", "1.17549435e-38",
    ]
    texts += [
      "0.000000059604644775390625", "8388608.5", "16777219.0", "123456789012345678901234567890", "9007199254740993", "1e-400", "0e999",
    ]
    for _ in 0..<20_000 {
      let bits = UInt32.random(in: 0...UInt32.max, using: &random)
      if Float(bitPattern: bits).isFinite { texts.append("\(Float(bitPattern: bits))") }
      texts.append("\(Int.random(in: -99999...99999, using: &random)).\(Int.random(in: 0..<10_000_000, using: &random))")
      texts.append(
        "\(UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0..<64, using: &random))e\(Int.random(in: -30...15, using: &random))"
      )
      // Halfway between two floats, give or take a digit far out.
      let float = Float(UInt32.random(in: 1 << 23..<1 << 24, using: &random))
      texts.append("\(Int(float))." + ["5", "50000000001", "49999999999"].randomElement(using: &random)!)
    }
    let values = texts.map { Float($0)! }
    let finite = zip(texts, values).filter { $0.1.isFinite }
    for name in ["node-label.csv.gz", "split", "edge.csv.gz", "node-feat.csv.gz"] { try remove(name) }
    try folder.file("edge.csv", "0,1\n")
    try folder.file("node-feat.csv", finite.map { $0.0 }.joined(separator: "\n") + "\n")
    let read = try convert(DatasetConverter()).nodes[0].tables["feat"]!.denseFloats
    #expect(read.count == finite.count)
    for (value, (text, expected)) in zip(read, finite) where value.bitPattern != expected.bitPattern {
      Issue.record("\(text): \(value), not \(expected)")
    }
  }
}
