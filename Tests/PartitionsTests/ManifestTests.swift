import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct ManifestTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.file("parts") }

  init() throws {
    directory = try TemporaryDirectory()
    let assignment = SmallGraphs.assignment(SmallGraphs.papers, SmallGraphs.papersParts)
    try PartitionWriter.write(SmallGraphs.papers, assignment, to: path, threads: Threads(1))
  }

  private func text() throws -> String { try String(contentsOfFile: "\(path)/graph.json", encoding: .utf8) }

  private func write(_ text: String) throws { try text.write(toFile: "\(path)/graph.json", atomically: true, encoding: .utf8) }

  @Test func readingAndWritingAgainGivesTheSameBytes() throws {
    let manifest = try Manifest.load(path)
    #expect(try String(decoding: manifest.encoded(), as: UTF8.self) == text())
    #expect(manifest.nodeCount == 5)
    #expect(manifest.edgeCount == 7)
    #expect(manifest.schema == SmallGraphs.papers.schema)
  }

  @Test func versionFromTheFutureIsRefused() throws {
    try write(try text().replacingOccurrences(of: "\"formatVersion\" : 2", with: "\"formatVersion\" : 3"))
    #expect(throws: InputError("\(path)/graph.json", expected: "format version 2", found: "version 3")) { try Manifest.load(path) }
  }

  @Test func damagedManifestIsOneClearError() throws {
    let whole = try text()
    for damaged in ["", "[]", String(whole.dropLast(20)), whole.replacingOccurrences(of: "\"bounds\"", with: "\"boundz\"")] {
      try write(damaged)
      let error = #expect(throws: InputError.self) { try Manifest.load(path) }
      #expect(error?.expected == "the manifest of a partition directory")
      #expect(error?.description.contains("\n") == false)
    }
    try write(whole.replacingOccurrences(of: "\"bounds\"", with: "\"boundz\""))
    #expect(throws: InputError("\(path)/graph.json", expected: "the manifest of a partition directory", found: "no bounds")) {
      try Manifest.load(path)
    }
  }

  @Test func contradictionsAreRefused() throws {
    let edits: [(inout Manifest) -> Void] = [
      { $0.partCount = 0 }, { $0.partCount = 3 }, { $0.bounds[1] = 7 }, { $0.bounds[0] = 1 }, { $0.bounds.removeLast() },
      { $0.parts[1].innerNodes[0] = 2 }, { $0.parts[0].splits[0].train[1] = 3 }, { $0.parts[0].splits[0].test = [] },
      { $0.parts[0].edges = [1] },
      { $0.parts[0].edges[0] = -1 }, { $0.parts[0].haloNodes = 6 }, { $0.parts[0].haloNodes = -1 }, { $0.parts.removeLast() },
      { $0.splits = [] }, { $0.splits.append("a") }, { $0.parts[1].splits = [] }, { $0.classNames = [] },
      { $0.classNames[1] = ["a"] }, { $0.classCounts = [] }, { $0.tables[0].nodeType = 2 }, { $0.tables[0].strideBytes = 2 },
      { $0.tables[0].columns = 2 },
      { $0.schema.nodeTypes.removeLast() }, { $0.schema.relations[0].source = 5 },
    ]
    let manifest = try Manifest.load(path)
    for (index, edit) in edits.enumerated() {
      var edited = manifest
      edit(&edited)
      try write(String(decoding: try edited.encoded(), as: UTF8.self))
      #expect(throws: InputError.self, "edit \(index)") { try Manifest.load(path) }
    }
  }

  @Test func unmetTolerancesFollowFromCounts() throws {
    var manifest = try Manifest.load(path)
    manifest.partitioner.tolerances = ["nodes": 0.05, "type:paper": 0.3, "type:author": 0, "edges": 0.7]
    // Nodes 3 and 2 (at most 3), papers 2 and 1 (at most 2), authors 1 and 1, edges 6 and 1 (at most 5).
    #expect(manifest.unmetTolerances.map(\.constraint) == ["edges"])
    #expect(manifest.unmetTolerances[0].description == "edges: the largest part is 71.43 % above the mean, 70.00 % asked")
  }

  @Test func reportIsATableAndCodable() throws {
    var manifest = try Manifest.load(path)
    manifest.partitioner.tolerances = ["nodes": 0.05, "edges": 0.05]
    let report = PartitionReport(manifest)
    #expect(
      report.description == """
        papers: 5 nodes, 7 edges, 2 parts
                                  given    random     asked
        cut edges               42.86 %   42.86 %
        halo nodes / nodes        0.600     0.600
        imbalance edges         71.43 %   71.43 %  ≤ 5.00 %
        imbalance nodes         20.00 %   20.00 %  ≤ 5.00 %
        imbalance test         100.00 %  100.00 %
        imbalance train        100.00 %  100.00 %
        imbalance type:author    0.00 %    0.00 %
        imbalance type:paper    33.33 %   33.33 %

        part  nodes  halo  edges  train
        0         3     2      6      3
        1         2     1      1      0

        table 'x': 1 column, float32, 4 bytes a row
        not met: edges: the largest part is 71.43 % above the mean, 5.00 % asked
        """)
    #expect(try JSONDecoder().decode(PartitionReport.self, from: JSONEncoder().encode(report)) == report)
  }
}
