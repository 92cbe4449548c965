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
    let report = try HaloTool.run(["partition", star] + options).object()
    let unmet = try #require(report["unmet"] as? [[String: Any]])
    #expect(unmet.compactMap { $0["constraint"] as? String } == ["edges"])
    #expect(unmet.first?["tolerance"] as? Double == 0.1)
    #expect(abs((unmet.first?["excess"] as? Double ?? 0) - 2.0 / 3.0) < 1e-12)
  }

  @Test func gapsAreFilledWhenTheNumberOfNodesIsGiven() throws {
    let gap = try folder.write("0 1\n3 1\n", to: "gap.tsv")
    let report = try HaloTool.run(["partition", gap, "-k", "2", "--nodes", "5", "-o", folder.path("gap"), "--json"]).object()
    #expect(report["nodes"] as? Int == 5 && report["edges"] as? Int == 2)
  }
}
