import Foundation
import Testing

/// Every wrong input is one line that says where, what was expected and what was found; nothing half-written stays behind.
@Suite struct WrongInputTests {
  /// Runs a command that must fail and leave `out` unmade.
  static func failure(
    _ arguments: [String], in folder: ScratchFolder, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let before = try folder.contents()
    let line = try HaloTool.run(arguments + ["-o", folder.path("out")]).errorLine(sourceLocation: sourceLocation)
    #expect(try folder.contents() == before, "something is left behind", sourceLocation: sourceLocation)
    return line.replacing(folder.url.path + "/", with: "")
  }

  static let edgeLists: [(text: String, line: String)] = [
    ("0 1\n1 -1\n", "halo: edges.tsv:2: expected a node id of 0 or more, found '-1'"),
    ("0 1\n1 2\n2 99999999999\n", "halo: edges.tsv:3: expected a node id below 4294967295, found '99999999999'"),
    ("0 1\n1 abc\n", "halo: edges.tsv:2: expected a node id, found 'abc'"),
    ("0 1\n1\n", "halo: edges.tsv:2: expected two node ids, found '1'"),
    (
      "0 1\n3 1\n",
      "halo: edges.tsv: expected every node id from 0 to 3 in some edge, or the number of nodes by --nodes N, found no edge with node 2"
    ),
    ("# nothing\n", "halo: edges.tsv: expected at least one edge, found none"),
  ]

  @Test(arguments: edgeLists)
  func anEdgeListIsRefusedByFileAndLine(text: String, line: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(text, to: "edges.tsv")
    #expect(try Self.failure(["partition", path, "-k", "1"], in: folder) == line)
  }

  @Test func aTruncatedGzipFileIsRefused() throws {
    let folder = try ScratchFolder()
    let path = try folder.write((0..<1000).map { "\($0) \(($0 * 7919) % 1000)\n" }.joined(), to: "edges.tsv")
    let zipped = try folder.gzip(path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: zipped))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: zipped))
    let line = try Self.failure(["partition", zipped, "-k", "2"], in: folder)
    #expect(line.hasPrefix("halo: edges.tsv.gz: expected a readable, complete file, found truncated"), "\(line)")
  }

  /// A sound folder of three nodes in OGB's raw layout.
  static let soundFolder = [
    "edge.csv": "0,1\n1,2\n2,0\n", "node-feat.csv": "1,2\n3,4\n5,6\n", "node-label.csv": "0\n1\n0\n", "split/s/train.csv": "0\n",
    "split/s/valid.csv": "1\n", "split/s/test.csv": "2\n",
  ]

  @Test func theSoundFolderConverts() throws {
    let folder = try ScratchFolder()
    for (name, text) in Self.soundFolder { _ = try folder.write(text, to: "raw/\(name)") }
    let dataset = folder.path("out")
    _ = try HaloTool.run(["dataset", "convert", folder.path("raw"), "-o", dataset, "--json"]).object()
    _ = try HaloTool.run(["partition", dataset, "-k", "3", "-o", folder.path("parts"), "--json"]).object()
  }

  static let folderFaults: [(file: String, text: String, line: String)] = [
    ("node-feat.csv", "1,2\nnan,4\n5,6\n", "halo: raw/node-feat.csv:2: expected finite numbers, found 'nan' in column 0"),
    (
      "node-feat.csv", "1,2\n3,4\n", "halo: raw/node-label.csv: expected labels of 2 nodes, those of raw/node-feat.csv, found 3"
    ),
    (
      "node-label.csv", "0\n-7\n0\n",
      "halo: raw/node-label.csv:2: expected a class from 0 to below 3, the number of nodes, or -1, found -7"
    ),
    (
      "node-label.csv", "0\n1\n5000000000\n",
      "halo: raw/node-label.csv:3: expected a class from 0 to below 3, the number of nodes, or -1, found 5000000000"
    ),
    (
      "split/s/valid.csv", "1\n0\n",
      "halo: raw/split/s/valid.csv:2: expected each node in one set only, found node 0, which is in raw/split/s/train.csv as well"
    ),
    ("split/s/train.csv", "", "halo: raw/split/s/train.csv: expected at least one training node, found none"),
    ("split/s/test.csv", "9\n", "halo: raw/split/s/test.csv:1: expected a node id from 0 to 2, found 9"),
  ]

  @Test(arguments: folderFaults)
  func aRawFolderIsRefusedByFileAndLine(file: String, text: String, line: String) throws {
    let folder = try ScratchFolder()
    for (name, sound) in Self.soundFolder { _ = try folder.write(name == file ? text : sound, to: "raw/\(name)") }
    #expect(try Self.failure(["dataset", "convert", folder.path("raw"), "--split", "s"], in: folder) == line)
  }

  @Test func morePartsThanNodesAreRefused() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("0 1\n1 2\n2 0\n", to: "edges.tsv")
    let line = try Self.failure(["partition", path, "-k", "4"], in: folder)
    #expect(line == "halo: number of parts: expected at most one for each of the 3 nodes of edges, found 4")
  }

  @Test(arguments: [
    ("nodes,shoes", "halo: balance: expected nodes, edges, train, validation, test, types, found 'shoes'"),
    ("nodes,nodes", "halo: balance: expected each constraint once, found nodes twice"),
    ("nodes=-1", "halo: tolerance of nodes: expected a fraction from 0, found -1.0"),
  ])
  func anImpossibleBalanceIsRefused(balance: String, line: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write("0 1\n1 2\n2 0\n", to: "edges.tsv")
    #expect(try Self.failure(["partition", path, "-k", "2", "--balance", balance], in: folder) == line)
  }

  @Test func anOutputThatExistsIsReplacedOnlyByForce() throws {
    let folder = try ScratchFolder()
    let dataset = folder.path("dataset")
    let parts = folder.path("parts")
    for arguments in [["dataset", "generate", "karate", "-o", dataset], ["partition", dataset, "-k", "2", "-o", parts]] {
      #expect(try HaloTool.run(arguments).status == 0)
      let line = try HaloTool.run(arguments).errorLine()
      #expect(line.contains("--force"), "\(line)")
      #expect(try HaloTool.run(arguments + ["--force"]).status == 0)
    }
    let other = try folder.write("not a dataset", to: "notes/text")
    let notes = URL(fileURLWithPath: other).deletingLastPathComponent().path
    _ = try HaloTool.run(["dataset", "generate", "karate", "-o", notes, "--force"]).errorLine()
    _ = try HaloTool.run(["partition", dataset, "-k", "2", "-o", notes, "--force"]).errorLine()
    #expect(try folder.text("notes/text") == "not a dataset")
  }
}
