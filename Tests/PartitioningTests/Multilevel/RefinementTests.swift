import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct RefinementTests {
  /// Parts by chance, within the limits after a repair.
  private func start(_ level: Level, k: Int, seed: UInt64) -> Assignment {
    let key = RandomKey(seed: seed, purpose: .partition)
    let parts = (0..<level.nodeCount).map { UInt16(boundedIndex(key.bits(id: UInt64($0), step: 0)[0], below: UInt32(k))) }
    let assignment = Assignment(level, parts: Buffer(copying: parts))
    assignment.repair()
    return assignment
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func singleMovesLowerTheCutByWhatTheySay(seed: UInt64) throws {
    let k = 2 + Int(seed % 5)
    let graph = seed % 2 == 0 ? LevelGraphs.grid(12, 17) : LevelGraphs.skewed(seed: seed, nodes: 300)
    let level = try LevelGraphs.level(graph, k: k, [(.nodes, 0.05)])
    let assignment = start(level, k: k, seed: seed)
    let wasFeasible = assignment.isFeasible
    let before = LevelGraphs.cut(Array(assignment.parts.elements), level)
    #expect(assignment.cut(Threads(2)) == before)
    let gain = MoveRefinement(assignment, patience: 50, seed: seed, threads: Threads(1)).run(passes: 5, cut: before)
    let after = LevelGraphs.cut(Array(assignment.parts.elements), level)
    #expect(before - after == gain && gain > 0)
    #expect(assignment.isFeasible || !wasFeasible)
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func labelsKeepTheLimitsAndThreadsDoNotMatter(seed: UInt64) throws {
    let k = 2 + Int(seed % 7)
    let level = try LevelGraphs.level(LevelGraphs.skewed(seed: seed, nodes: 3000), k: k, [(.nodes, 0.3)])
    let found = [1, 3].map { threads in
      let assignment = start(level, k: k, seed: seed)
      let (before, wasFeasible) = (assignment.cut(Threads(1)), assignment.isFeasible)
      LabelRefinement(assignment, seed: seed, threads: Threads(threads)).run()
      #expect(assignment.cut(Threads(1)) < before)
      #expect(assignment.isFeasible || !wasFeasible)
      return Array(assignment.parts.elements)
    }
    #expect(found[0] == found[1])
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func neitherDroppedEntriesNorRepeatedNeighboursChangeAMove(seed: UInt64) throws {
    let k = 2 + Int(seed % 5)
    let graph = LevelGraphs.skewed(seed: seed, nodes: 400)
    let targets: [(constraint: BalanceConstraint, tolerance: Double)] = [(.nodes, 0.05)]
    let loads = NodeLoads(graph, targets: targets, partCount: k, threads: Threads(1))
    let first = start(try LevelGraphs.level(graph, k: k, targets), k: k, seed: 1)
    let begin = withExtendedLifetime(first) { Array(first.parts.elements) }
    let found = try [(Int.max, 1 << 16), (Int.max, 1), (0, 1 << 16)].map { repeats, entries in
      let level = Level(try Adjacency(graph, repeatsFrom: repeats, threads: Threads(1)), loads)
      let assignment = Assignment(level, parts: Buffer(copying: begin))
      LabelRefinement(assignment, seed: seed, threads: Threads(2)).run()
      let cut = assignment.cut(Threads(1))
      let gain = MoveRefinement(assignment, patience: 50, mostEntries: entries, seed: seed, threads: Threads(1)).run(passes: 5, cut: cut)
      return withExtendedLifetime(assignment) { Array(assignment.parts.elements) } + [UInt16(truncatingIfNeeded: gain)]
    }
    #expect(found[0] == found[1] && found[0] == found[2])
  }

  @Test func aLossIsTakenWhereItPaysLater() throws {
    // Two triangles on a path of two: the best cut is the middle edge, one node away at no gain at first.
    let graph = LevelGraphs.graph(8, [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 5)])
    let level = try LevelGraphs.level(graph, k: 2, [(.nodes, 0.3)])
    let assignment = Assignment(level, parts: Buffer(copying: [0, 0, 1, 1, 1, 0, 1, 1] as [UInt16]))
    let before = assignment.cut(Threads(1))
    _ = MoveRefinement(assignment, patience: 10, seed: 1, threads: Threads(1)).run(passes: 5, cut: before)
    #expect(assignment.cut(Threads(1)) == 1)
  }
}
