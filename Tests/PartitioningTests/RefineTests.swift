import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct RefineTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// `count` cliques of six nodes, every clique joined to the next by one edge, all edges in both directions.
  private func cliques(_ count: Int) -> RawGraph {
    var list: [(Int, Int)] = []
    for clique in 0..<count {
      for a in 0..<6 { for b in 0..<6 where a != b { list.append((clique * 6 + a, clique * 6 + b)) } }
      let next = (clique + 1) % count * 6
      list += [(clique * 6 + 5, next), (next, clique * 6 + 5)]
    }
    return RawGraph(
      name: "cliques", schema: .plain, nodes: [NodeData(count: 6 * count)],
      edges: [EdgeList(sources: ArrayView(list.map { UInt32($0.0) }), destinations: ArrayView(list.map { UInt32($0.1) }))])
  }

  /// Writes `graph` with the given parts, whatever they are worth.
  private func write(_ graph: RawGraph, _ parts: [UInt16], _ name: String) throws -> String {
    let k = Int(parts.max()!) + 1
    let file = directory.file("\(name).txt")
    try parts.map { "\($0)\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
    let found = try Partitioner.assign(graph, PartitionOptions(partCount: k, method: .given(path: file)), threads: Threads(1))
    try PartitionWriter.write(graph, found, to: directory.file(name), threads: Threads(1))
    return directory.file(name)
  }

  private func refine(_ graph: RawGraph, _ start: String, k: Int, tolerance: Double = 0) throws -> PartitionAssignment {
    let options = PartitionOptions(
      partCount: k, method: .refine(path: start), balance: [BalanceTarget("nodes", tolerance: tolerance)], seed: 3)
    return try Partitioner.assign(graph, options, threads: Threads(2))
  }

  @Test func aMisplacedNodeGoesHome() throws {
    let graph = cliques(2)
    let start = try write(graph, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1], "start")
    let found = try refine(graph, start, k: 2, tolerance: 0.2)
    #expect(found.parts == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    #expect(found.record.method == "refine" && found.record.options == ["start": "start", "startParts": "2"])
    #expect(found.metrics.cutEdges == 4)
  }

  @Test func aGoodStartIsKept() throws {
    let graph = cliques(4)
    let parts = (0..<24).map { UInt16([2, 0, 3, 1][$0 / 6]) }
    #expect(try refine(graph, try write(graph, parts, "good"), k: 4).parts == parts)
  }

  @Test func wholePartsAreJoinedAndCut() throws {
    let graph = cliques(8)
    let planted = try write(graph, (0..<48).map { UInt16($0 / 6) }, "eight")
    for k in [2, 4] {
      let joined = try refine(graph, planted, k: k)
      for clique in 0..<8 { #expect(Set(joined.parts[clique * 6..<clique * 6 + 6]).count == 1, "clique \(clique), k \(k)") }
      #expect(joined.unmet == [] && joined.metrics.imbalance["nodes"] == 1)
      #expect(joined.metrics.cutEdges == 2 * k)
    }
    let halves = try write(graph, (0..<48).map { UInt16($0 / 24) }, "two")
    let cut = try refine(graph, halves, k: 8)
    #expect(cut.unmet == [] && Set(cut.parts).count == 8)
    #expect(cut.metrics.cutEdges == 16)
    #expect(try refine(graph, planted, k: 1).parts == [UInt16](repeating: 0, count: 48))
    #expect(Set(try refine(graph, halves, k: 48).parts).count == 48)
  }

  @Test func randomGraphsNeverGetWorse() throws {
    for seed in 0..<80 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let nodes = graph.nodes.reduce(0) { $0 + $1.count }
      let k = 1 + random.next(below: min(5, nodes))
      let start = try Partitioner.assign(
        graph, PartitionOptions(partCount: k, method: .random, balance: [BalanceTarget("nodes", tolerance: 0.1)], seed: seed),
        threads: Threads(1))
      let path = directory.file("\(seed)")
      try PartitionWriter.write(graph, start, to: path, threads: Threads(1))
      let same = try refine(graph, path, k: k, tolerance: 0.1)
      #expect(same.unmet == [] && Set(same.parts).count == k, "seed \(seed), k \(k)")
      if start.unmet.isEmpty { #expect(same.metrics.cutEdges <= start.metrics.cutEdges, "seed \(seed), k \(k)") }
      let other = 1 + random.next(below: min(9, nodes))
      let found = try refine(graph, path, k: other, tolerance: 0.1)
      #expect(found.unmet == [] && Set(found.parts).count == other, "seed \(seed), k \(k) to \(other)")
      #expect(try refine(graph, path, k: other, tolerance: 0.1).parts == found.parts)
    }
  }

  @Test func startsOfOtherGraphsAreRefused() throws {
    let start = try write(cliques(2), (0..<12).map { UInt16($0 / 6) }, "start")
    #expect(
      throws: InputError(start, expected: "parts of a graph with 18 nodes of type 'node'", found: "12 nodes of type 'node'")
    ) { try refine(cliques(3), start, k: 2) }
    #expect(throws: SystemError.self) { try refine(cliques(2), directory.file("nowhere"), k: 2) }
    try FileManager.default.removeItem(atPath: "\(start)/part-001")
    #expect(
      throws: InputError("\(start)/part-001", expected: "the files of part 1", found: "none; part 1 of 2 is absent")
    ) { try refine(cliques(2), start, k: 2) }
  }

  @Test func exportedAssignmentsAreReadBack() throws {
    let graph = cliques(3)
    let parts = (0..<18).map { UInt16(($0 * 7) % 3) }
    for name in ["a.txt", "a.npy", "a.part", "a.part.3"] {
      let file = directory.file(name)
      try AssignmentFile(file).write(parts)
      let options = PartitionOptions(partCount: 3, method: .given(path: file))
      #expect(try Partitioner.assign(graph, options, threads: Threads(1)).parts == parts, "\(name)")
    }
  }
}
