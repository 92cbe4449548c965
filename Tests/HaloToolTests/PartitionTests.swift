import Foundation
import Testing

@Suite struct PartitionTests {
  private let folder: ScratchFolder
  private let edges: String

  /// A directed ring of six nodes.
  init() throws {
    folder = try ScratchFolder()
    edges = try folder.write("0 1\n1 2\n2 3\n3 4\n4 5\n5 0\n", to: "ring.tsv")
  }

  private func partition(_ options: [String]) throws -> [String: Any] {
    try HaloTool.run(["partition", edges, "-o", folder.path("parts"), "--force", "--json"] + options).object()
  }

  @Test func aGivenAssignmentIsTakenAsItIs() throws {
    let assignment = try folder.write("0\n0\n0\n1\n1\n1\n", to: "halves.txt")
    let report = try partition(["-k", "2", "--method", "given", "--assignment", assignment])
    #expect(report["method"] as? String == "given")
    #expect(report["cutEdges"] as? Int == 2 && report["haloNodes"] as? Int == 2)
    #expect(try #require(report["cut"] as? Double) == 2.0 / 6.0)
    #expect((report["parts"] as? [[String: Any]])?.compactMap { $0["nodes"] as? Int } == [3, 3])
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
  }

  @Test func metisCutsARingTwice() throws {
    let report = try partition(["-k", "2", "--balance", "nodes", "--tolerance", "0.05"])
    #expect(report["cutEdges"] as? Int == 2)
    #expect((report["imbalance"] as? [String: Double])?["nodes"] == 1)
    #expect((report["tolerance"] as? [String: Double]) == ["nodes": 0.05])
  }

  @Test func onePartHasNoCutAndNoHalo() throws {
    let report = try partition(["-k", "1"])
    #expect(report["cutEdges"] as? Int == 0 && report["haloNodes"] as? Int == 0)
  }

  @Test func undirectedAddsTheReverseEdgesAndDedupRemovesRepeats() throws {
    #expect(try partition(["-k", "2", "--undirected"])["edges"] as? Int == 12)
    let twice = try folder.write("0 1\n0 1\n1 2\n2 0\n", to: "twice.tsv")
    let report = try HaloTool.run(["partition", twice, "-k", "1", "--dedup", "-o", folder.path("once"), "--json"]).object()
    #expect(report["edges"] as? Int == 3)
  }

  @Test func aToleranceThatCannotBeKeptIsReported() throws {
    // Node 0 has five of the six in-edges: wherever it goes, that part has five thirds of the mean.
    let star = try folder.write("1 0\n2 0\n3 0\n4 0\n5 0\n6 7\n", to: "star.tsv")
    let options = ["-k", "2", "--balance", "nodes,edges=10%", "-o", folder.path("star"), "--json"]
    let report = try HaloTool.run(["partition", star, "--allow-imbalance"] + options).object()
    let unmet = try #require(report["unmet"] as? [[String: Any]])
    #expect(unmet.compactMap { $0["constraint"] as? String } == ["edges"])
    #expect(unmet.first?["tolerance"] as? Double == 0.1)
    #expect(abs((unmet.first?["excess"] as? Double ?? 0) - 2.0 / 3.0) < 1e-12)

    // Without the flag the directory is written as well, and the status says so.
    let refused = try HaloTool.run(["partition", star, "--force"] + options)
    #expect(refused.status == 3, "\(refused)")
    let line = refused.messages.split(separator: "\n").last.map(String.init)
    #expect(
      line == "halo: not met: edges: the largest part is 66.67 % above the mean, 10.00 % asked "
        + "(everything is written; --allow-imbalance accepts it)")
    #expect(try HaloTool.run(["verify", folder.path("star")]).status == 0)
    let random = try HaloTool.run(["partition", star, "--force", "--method", "random"] + options)
    #expect(random.status == 0, "\(random)")
  }

  @Test func partsMayBeUnequal() throws {
    let report = try partition(["-k", "2", "--balance", "nodes=0,edges=0", "--part-weights", "2,1"])
    #expect((report["parts"] as? [[String: Any]])?.compactMap { $0["nodes"] as? Int } == [4, 2])
    #expect(report["partWeights"] as? [Double] == [2, 1])
    #expect((report["loads"] as? [String: [Int]])?["edges"] == [4, 2])
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
    let wrong = try HaloTool.run(["partition", edges, "-k", "3", "--part-weights", "2,1", "-o", folder.path("none")]).errorLine()
    #expect(wrong == "halo: part weights: expected 3 numbers above 0, one for each part, found 2")
  }

  @Test func nodeWeightsAreAConstraint() throws {
    let graph = try folder.write("4 4 10\n9 2 4\n1 1 3\n4 2 4\n4 1 3\n", to: "square.graph")
    let arguments = ["partition", graph, "-k", "2", "--balance", "weight:weights=0", "-o", folder.path("square")]
    let report = try HaloTool.run(arguments + ["--json"]).object()
    #expect((report["loads"] as? [String: [Int]])?["weight:weights"] == [9, 9])
    #expect(try HaloTool.run(["verify", folder.path("square")]).status == 0)
    let wrong = try HaloTool.run(["partition", graph, "-k", "2", "--balance", "weight:other", "-o", folder.path("none")]).errorLine()
    #expect(wrong == "halo: balance: expected weight:weights, found 'weight:other'")
  }

  @Test func partsAreRefinedForAsManyPartsOrOthers() throws {
    let assignment = try folder.write("0\n1\n0\n1\n0\n1\n", to: "odd.txt")
    _ = try partition(["-k", "2", "--method", "given", "--assignment", assignment])
    let start = folder.path("start")
    try FileManager.default.moveItem(atPath: folder.path("parts"), toPath: start)
    let refined = try partition(["-k", "2", "--refine", start, "--balance", "nodes=40%"])
    #expect(refined["method"] as? String == "refine")
    #expect(try #require(refined["cutEdges"] as? Int) < 6)
    let more = try partition(["-k", "3", "--refine", start, "--balance", "nodes"])
    #expect((more["parts"] as? [[String: Any]])?.compactMap { $0["nodes"] as? Int } == [2, 2, 2])
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
    let both = try HaloTool.run(["partition", edges, "-k", "2", "--refine", start, "--method", "random", "-o", folder.path("none")])
    #expect(both.status == 64)
  }

  @Test func onlySomePartsAreWrittenAndTheOthersAreNamed() throws {
    _ = try partition(["-k", "3", "--balance", "nodes", "--only", "0-1"])
    #expect(try folder.names(in: "parts") == ["graph.json", "part-000", "part-001", "report.html", "report.json"])
    let line = try HaloTool.run(["verify", folder.path("parts")]).errorLine()
    #expect(line.hasSuffix("parts/part-002: part present: part 2 of 3 is absent; --only 0,1 checks the others"), "\(line)")
    let some = try HaloTool.run(["verify", folder.path("parts"), "--only", "0,1"])
    #expect(some.status == 0 && some.output.contains("checked alone: 0, 1; absent: 2"), "\(some)")
    let wrong = try HaloTool.run(["partition", edges, "-k", "2", "--only", "2", "-o", folder.path("none")])
    #expect(wrong.status == 64)
    let train = try HaloTool.run(["train", folder.path("parts"), "-o", folder.path("run")]).errorLine()
    #expect(train.contains("parts/part-002: expected the files of part 2, found none; part 2 of 3 is absent"), "\(train)")
  }

  @Test func theReportIsWrittenBesideTheParts() throws {
    let report = try partition(["-k", "2", "--balance", "nodes"])
    let stored = try JSONSerialization.jsonObject(with: Data(folder.text("parts/report.json").utf8)) as? [String: Any]
    #expect(NSDictionary(dictionary: try #require(stored)) == NSDictionary(dictionary: report))
    #expect(try folder.text("parts/report.html").contains("<h1>ring <span>in 2 parts</span></h1>"))
  }

  @Test func assignmentsAndChunkedGraphsAreExported() throws {
    let report = try HaloTool.run([
      "partition", edges, "-k", "2", "--balance", "nodes", "--json", "--export-assignment", folder.path("a.part"), "--export-dgl",
      folder.path("dgl"),
    ]).object()
    #expect((report["parts"] as? [[String: Any]])?.compactMap { $0["nodes"] as? Int } == [3, 3])
    let lines = try folder.text("a.part").split(separator: "\n").map(String.init)
    #expect(lines.count == 6 && Set(lines) == ["0", "1"])
    #expect(try folder.text("dgl/partitions/node.txt") == folder.text("a.part"))
    // The chunked graph is an input again, and so is the assignment.
    let again = try HaloTool.run([
      "partition", folder.path("dgl"), "-k", "2", "--method", "given", "--assignment", folder.path("a.part"), "-o", folder.path("again"),
      "--json",
    ]).object()
    #expect(again["cutEdges"] as? Int == report["cutEdges"] as? Int)
    let exists = try HaloTool.run(["partition", edges, "-k", "2", "--export-assignment", folder.path("a.part")]).errorLine()
    #expect(exists.contains("--force"), "\(exists)")
  }

  @Test func aDryRunPredictsAndWritesNothing() throws {
    let before = try folder.contents()
    let forecast = try HaloTool.run(["partition", edges, "-k", "2", "--dry-run", "-o", folder.path("none"), "--json"]).object()
    #expect(try folder.contents() == before)
    // Two parts of eight arrays with a header of 128 bytes; 6 edges of 12 bytes, 6 nodes of 20 and an offset more for each part.
    #expect(forecast["files"] as? Int == 16)
    #expect(forecast["diskWithoutHalo"] as? Int == 16 * 128 + 6 * 12 + 6 * 20 + 2 * 8)
    let text = try HaloTool.run(["partition", edges, "-k", "2", "--dry-run"]).output
    #expect(text.contains("nothing is written") && text.contains("exact") && text.contains("predicted"), "\(text)")
  }

  @Test func readsAreExpectedAndReplicasKept() throws {
    let assignment = try folder.write("0\n0\n0\n1\n1\n1\n", to: "halves.txt")
    let given = ["-k", "2", "--method", "given", "--assignment", assignment]
    // All nodes are seeds of one step; each part's first node takes the one before it, and that the next, from the other part.
    let options = given + ["--fanout", "2,2", "--batch-size", "6"]
    let report = try partition(options + ["--replicate", "100%", "--halo-hops", "1"])
    let reads = try #require(report["reads"] as? [String: Any])
    #expect(reads["rows"] as? [Double] == [2, 2] && reads["replicatedRows"] as? [Double] == [2, 2])
    #expect(reads["fanout"] as? String == "2,2" && reads["batchSize"] as? Int == 6 && reads["steps"] as? Int == 1)
    let replicas = try #require(report["replicas"] as? [String: Any])
    #expect(replicas["nodes"] as? [Int] == [2, 2] && replicas["rows"] as? [Int] == [2, 2])
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
    let text = try HaloTool.run(["partition", edges, "-o", folder.path("parts"), "--force"] + options).output
    #expect(text.contains("remote rows / epoch") && text.contains("fan-out 2,2 and 6 seeds a step"), "\(text)")
    #expect(try partition(given)["reads"] == nil)
    #expect(try partition(["-k", "2", "--objective", "bytes"])["method"] as? String == "multilevel")
    for wrong in [["--objective", "bytes"], ["--replicate", "-1%"], ["--halo-hops", "17"], ["--batch-size", "0"]] {
      #expect(try HaloTool.run(["partition", edges, "-o", folder.path("none")] + given + wrong).status == 64, "\(wrong)")
    }
    let line = try HaloTool.run(["partition", edges, "-k", "2", "--fanout", "2,x", "-o", folder.path("none")]).errorLine()
    #expect(line.contains("--fanout") && line.contains("'x' in '2,x'"), "\(line)")
  }

  @Test func gapsAreFilledWhenTheNumberOfNodesIsGiven() throws {
    let gap = try folder.write("0 1\n3 1\n", to: "gap.tsv")
    let options = ["-k", "2", "--nodes", "5", "--balance", "nodes", "-o", folder.path("gap"), "--json"]
    let report = try HaloTool.run(["partition", gap] + options).object()
    #expect(report["nodes"] as? Int == 5 && report["edges"] as? Int == 2)
  }
}
