import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct BalanceRepairTests {
  private func graph(_ count: Int, _ list: [(Int, Int)], train: [UInt32] = []) -> RawGraph {
    let edges = EdgeList(sources: ArrayView(list.map { UInt32($0.0) }), destinations: ArrayView(list.map { UInt32($0.1) }))
    return RawGraph(name: "small", schema: .plain, nodes: [NodeData(count: count, split: Split(train: train))], edges: [edges])
  }

  private func repair(
    _ graph: RawGraph, _ parts: [UInt16], k: Int, _ targets: [(constraint: BalanceConstraint, tolerance: Double)]
  ) throws -> BalanceRepair {
    let loads = NodeLoads(graph, targets: targets, partCount: k, threads: Threads(1))
    return try BalanceRepair(Adjacency(graph, threads: Threads(1)), loads: loads, parts: parts)
  }

  @Test func soundAssignmentIsLeftAlone() throws {
    var repair = try repair(graph(4, [(0, 1), (2, 3)]), [0, 1, 0, 1], k: 2, [(.nodes, 0)])
    #expect(repair.cut() == 2)
    let moved = repair.run()
    #expect(!moved)
    #expect(repair.parts == [0, 1, 0, 1])
  }

  @Test func nodeAtTheBorderMovesFirst() throws {
    // A path 0 … 5: five nodes in part 0; nodes 3 and 4 hang on node 5 of part 1.
    var repair = try repair(graph(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]), [0, 0, 0, 0, 0, 1], k: 2, [(.nodes, 0)])
    let moved = repair.run()
    #expect(moved)
    #expect(repair.parts == [0, 0, 0, 1, 1, 1])
    #expect(repair.cut() == 1)
    #expect(repair.overload == 0)
  }

  @Test func emptyPartsGetTheLooselyHangingNodes() throws {
    // A triangle and two isolated nodes: those cost nothing.
    var repair = try repair(graph(5, [(0, 1), (1, 2), (2, 0)]), [0, 0, 0, 0, 0], k: 3, [(.nodes, 2)])
    let moved = repair.run()
    #expect(moved)
    #expect(Set(repair.parts).count == 3)
    #expect(repair.cut() == 0)
  }

  @Test func exchangeHelpsWhereNoMoveDoes() throws {
    // Two nodes a part; part 0 holds both nodes with in-edges, and no part may grow.
    let graph = graph(4, [(2, 0), (3, 0), (2, 1), (3, 1)])
    var repair = try repair(graph, [0, 0, 1, 1], k: 2, [(.nodes, 0), (.edges, 0)])
    #expect(repair.overload == 1)
    let moved = repair.run()
    #expect(moved)
    #expect(repair.overload == 0)
    #expect(repair.parts.filter { $0 == 0 }.count == 2)
    #expect(repair.parts[0] != repair.parts[1])
  }

  @Test func everyConstraintIsMetFromTheWorstStart() throws {
    // A ring of 60 nodes with everything in part 0.
    let ring = graph(60, (0..<60).map { ($0, ($0 + 1) % 60) }, train: (0..<60).filter { $0 % 3 == 0 })
    for k in 2...6 {
      var repair = try repair(
        ring, [UInt16](repeating: 0, count: 60), k: k, [(.nodes, 0.05), (.edges, 0.05), (.train, 0.05)])
      let moved = repair.run()
      #expect(moved)
      #expect(repair.overload == 0, "k \(k)")
      #expect(repair.cut() < 60)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func nodesOfManyNeighboursAreMovedLikeOthers(seed: UInt64) throws {
    // Sixty nodes, each with some twenty neighbours, more than there are parts; some pairs are joined twice.
    var random = RandomGraphs(seed: seed)
    let list = (0..<700).map { _ in (random.next(below: 60), random.next(below: 60)) }
    let k = 2 + Int(seed % 4)
    let start = (0..<60).map { _ in UInt16(random.next(below: random.next(below: k) + 1)) }
    var repair = try repair(graph(60, list), start, k: k, [(.nodes, 0.1), (.edges, 0.25)])
    let before = repair.cut()
    let moved = repair.run()
    #expect(repair.overload == 0 && Set(repair.parts).count == k)
    #expect(moved || repair.cut() == before)
    let parts = repair.parts
    #expect(repair.cut() == list.count { parts[$0.0] != parts[$0.1] })
  }

  @Test func impossibleLimitIsLeftOpen() throws {
    // All in-edges go to one node: no assignment balances them.
    let star = graph(6, (1..<6).map { ($0, 0) })
    let options = PartitionOptions(partCount: 2, balance: [BalanceTarget("nodes"), BalanceTarget("edges")])
    let found = try Partitioner.assign(star, options, threads: Threads(1))
    #expect(found.unmet == [UnmetTolerance(constraint: "edges", tolerance: 0.05, excess: 1)])
    #expect(found.metrics.imbalance["nodes"] == 1)
  }

  @Test func hugeLoadsAreScaledBelowTheLimitOfMETIS() {
    let values = Buffer<UInt32>(count: 2000)
    for index in 0..<1000 {
      values[2 * index] = UInt32(index % 7) * 1_000_000 + 3
      values[2 * index + 1] = 1
    }
    let total = (0..<1000).reduce(0) { $0 + Int(values[2 * $1]) }
    #expect(total > 1 << 31)
    let scaled = Buffer<Int32>(count: 2000)
    NodeLoads.scale(values, into: scaled, column: 0, of: 2, total: total)
    NodeLoads.scale(values, into: scaled, column: 1, of: 2, total: 1000)
    #expect((0..<1000).reduce(0) { $0 + Int(scaled[2 * $1]) } == 1 << 30 - 1)
    let factor = Double(1 << 30 - 1) / Double(total)
    for index in 0..<1000 {
      #expect(abs(Double(scaled[2 * index]) - Double(values[2 * index]) * factor) < 1)
      #expect(scaled[2 * index + 1] == 1)
    }
  }
}
