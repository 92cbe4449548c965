import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PartitionOptionsTests {
  private let graph: RawGraph = {
    let edges = EdgeList(sources: ArrayView([0, 1, 2, 3]), destinations: ArrayView([1, 2, 3, 4]))
    return RawGraph(name: "path", schema: .plain, nodes: [NodeData(count: 5)], edges: [edges])
  }()

  private func assign(_ options: PartitionOptions) throws -> PartitionAssignment {
    try Partitioner.assign(graph, options, threads: Threads(1))
  }

  @Test func morePartsThanNodesIsOneClearError() {
    #expect(
      throws: InputError("number of parts", expected: "at most one for each of the 5 nodes of path", found: "6")
    ) { try assign(PartitionOptions(partCount: 6)) }
    for k in [0, -1, 65_536] { #expect(throws: InputError.self) { try assign(PartitionOptions(partCount: k)) } }
  }

  @Test func constraintsAreCheckedByName() {
    #expect(
      throws: InputError("balance", expected: "nodes, edges, train, validation, test, types", found: "'bytes'")
    ) { try assign(PartitionOptions(partCount: 2, balance: [BalanceTarget("bytes")])) }
    for balance in [
      [], [BalanceTarget("nodes"), BalanceTarget("nodes")], [BalanceTarget("nodes", tolerance: -0.1)],
      [BalanceTarget("nodes", tolerance: .nan)],
    ] {
      #expect(throws: InputError.self) { try assign(PartitionOptions(partCount: 2, balance: balance)) }
    }
  }

  @Test func constraintsThatCountNothingAreLeftOut() throws {
    let found = try assign(PartitionOptions(partCount: 2, balance: [BalanceTarget("train"), BalanceTarget("types")]))
    #expect(found.record.tolerances == [:])
    #expect(found.unmet == [])
  }

  @Test func onePartIsEverythingAndNeedsNoMETIS() throws {
    let found = try assign(PartitionOptions(partCount: 1, method: .metis))
    #expect(found.parts == [0, 0, 0, 0, 0])
    #expect(found.metrics.cutEdges == 0)
    #expect(found.metrics.haloNodes == 0)
    #expect(found.record.options == [:])
  }

  @Test func partsOfOneNodeAreFound() throws {
    let found = try assign(PartitionOptions(partCount: 5))
    #expect(found.parts.sorted() == [0, 1, 2, 3, 4])
    #expect(found.metrics.cutEdges == 4)
  }

  @Test func randomIsBalancedAndKeyed() throws {
    let wide = RawGraph(
      name: "wide", schema: .plain, nodes: [NodeData(count: 1000)],
      edges: [EdgeList(sources: ArrayView(), destinations: ArrayView())])
    func parts(_ seed: UInt64) throws -> [UInt16] {
      try Partitioner.assign(wide, PartitionOptions(partCount: 7, method: .random, seed: seed), threads: Threads(1)).parts
    }
    let first = try parts(1)
    for part in 0..<7 as Range<UInt16> { #expect((142...143).contains(first.filter { $0 == part }.count)) }
    #expect(try first == parts(1))
    #expect(try first != parts(2))
    #expect(first != (0..<1000).map { UInt16($0 % 7) })
  }
}
