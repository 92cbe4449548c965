import Kernels
import PIM
import Testing

@Suite struct PIMAggregationTests {
  /// Two slices of two and one sources, two column parts, on 4 ranks of 2 cores.
  @Test func sumsOfALiteralGraph() throws {
    let graph = Graph([[2, 0, 1], [], [1, 1], [2]], sourceCount: 3)
    let inputs: [Int32] = [1, 10, 100, 2, 20, 200, 4, 40, 400]
    for layout in PIMStrategy.layouts {
      let aggregation = try PIMAggregation(.small([2, 2, 2, 2]), PIMStrategy(2, 2).with(layout))
      let weighted = try aggregation.sums(graph, inputs, columns: 3, weights: [3, 1, -1, 5, 1, 2]).sums
      #expect(weighted == [11, 110, 1100, 0, 0, 0, 12, 120, 1200, 8, 80, 800], "\(layout)")
      let largest = try aggregation.sums(graph, inputs.map { -$0 }, columns: 3, operation: .max).sums
      #expect(largest == [-1, -10, -100, 0, 0, 0, -2, -20, -200, -4, -40, -400], "\(layout)")
    }
  }

  /// One core, one tasklet, one row of two edges, two int32 columns, blocks of 32 bytes: row offsets, sources and factors are a
  /// block each, each edge reads 8 bytes, the row of sums is 8 bytes. 3 loops, 2 elements set, 4 products.
  @Test func timesOfALiteralGraph() throws {
    let graph = Graph([[0, 1]], sourceCount: 2)
    var strategy = PIMStrategy(1, 1)
    strategy.tasklets = 1
    let aggregation = try PIMAggregation(.small([1]), strategy)
    let (sums, times) = try aggregation.sums(graph, [1, 2, 3, 4] as [Int32], columns: 2)
    #expect(sums == [4, 6])
    let instructions: Double = 3 * 34 + 2 * 350 / 58.56 + 4 * 20.5
    let transfers: Double = 5 * 64 + 0.52 * (3 * 32 + 2 * 8) + 42 + 0.53 * 8
    #expect(abs(times.kernel * 350e6 - (11 * instructions + transfers)) < 1e-6)
    #expect(times.bankBytes == 8 + 16 + 32 + 32 + 32)
    #expect(times.loadBytes == 96 && times.hostToPIMBytes == 16 && times.pimToHostBytes == 8)
    #expect(abs(times.hostToPIM - 16 / 16.88e9) < 1e-18)
    #expect(abs(times.pimToHost - 8 / 4.74e9) < 1e-18)
    #expect(abs(times.merge - 1 / 28.41360667e6) < 1e-15)
    #expect(abs(times.kernelJoules - times.kernel * 23.22) < 1e-12)
  }

  /// Cores of a rank move as many bytes as the largest: 3 rows in two cores are 2 rows each.
  @Test func shorterTransfersArePadded() throws {
    let graph = Graph([[0], [0], [0]], sourceCount: 1)
    var strategy = PIMStrategy(1, 1)
    strategy.cores = .rows
    let times = try PIMAggregation(.small([2]), strategy).sums(graph, [7] as [Int32], columns: 1).times
    #expect(times.pimToHostBytes == 2 * 2 * 8)
  }

  @Test func threadsDoNotChangeAnything() throws {
    var draws = Draws(5)
    let graph = Graph(&draws, destinations: 90, sources: 40, longest: 9)
    let inputs = (0..<40 * 12).map { _ in draws.float() }
    var strategy = PIMStrategy(2, 4, clustersPerRank: 2).with((.coo, .exact, .exactLockFree))
    strategy.elementType = .float32
    let aggregation = try PIMAggregation(.small([3, 4, 3, 4]), strategy)
    let one = try aggregation.sums(graph, inputs, columns: 12)
    for threads in 2...4 {
      let more = try aggregation.sums(graph, inputs, columns: 12, threads: threads)
      #expect(more.sums == one.sums && more.times == one.times)
    }
  }

  @Test func banksOverflow() throws {
    let graph = Graph([[0, 1], [1]], sourceCount: 2)
    var topology = PIMTopology.small([1])
    topology.bankBytes = 100
    let aggregation = try PIMAggregation(topology, PIMStrategy(1, 1))
    #expect(throws: PIMFault.self) { try aggregation.sums(graph, [1, 2] as [Int32], columns: 1) }
    #expect(throws: PIMFault.bankOverflow(bytes: 128, free: 100)) {
      try aggregation.estimate(PIMDegrees(graph.edges, sourceCount: 2), columns: 1)
    }
  }

  /// 24 tasklets of three blocks and two rows of 3,000 bytes each.
  @Test func scratchpadsOverflow() throws {
    let graph = Graph([[0, 1], [1]], sourceCount: 2)
    var strategy = PIMStrategy(1, 1)
    strategy.tasklets = 24
    let aggregation = try PIMAggregation(.small([1]), strategy)
    let inputs = [Int32](repeating: 1, count: 2 * 750)
    #expect(throws: PIMFault.self) { try aggregation.sums(graph, inputs, columns: 750) }
    #expect(throws: PIMFault.scratchpadOverflow(bytes: 24 * (96 + 3000 + 2048), free: 64 << 10)) {
      try aggregation.estimate(PIMDegrees(graph.edges, sourceCount: 2), columns: 750)
    }
  }

  @Test func strategiesMustFitTheMachine() {
    #expect(throws: (any Error).self) { try PIMAggregation(.small([2, 2]), PIMStrategy(3, 1)) }
    #expect(throws: (any Error).self) { try PIMAggregation(.small([2, 2]), PIMStrategy(1, 8, clustersPerRank: 4)) }
    #expect(throws: (any Error).self) { try PIMAggregation(.small([2, 2]), PIMStrategy(1, 2).with((.csr, .exact, .rows))) }
    var crowded = PIMStrategy(1, 2)
    crowded.tasklets = 25
    #expect(throws: (any Error).self) { try PIMAggregation(.small([2, 2]), crowded) }
  }
}
