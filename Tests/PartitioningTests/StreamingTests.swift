import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct StreamingTests {
  private func options(_ k: Int, _ effort: PartitionEffort, buffer: Int = 1 << 30) -> PartitionOptions {
    var options = PartitionOptions(partCount: k, method: .streaming, balance: [BalanceTarget("nodes"), BalanceTarget("edges")])
    (options.effort, options.streamingBuffer) = (effort, buffer)
    return options
  }

  @Test func everyPassLowersTheCutAndLimitsHold() throws {
    var generator = Generators.Communities(nodes: 8000, edges: 80_000, groupSize: 100, superGroups: 8, seed: 3)
    (generator.groupShare, generator.superGroupShare) = (0.7, 0.2)
    let graph = try generator.generate(threads: Threads(2))
    let cuts = try [PartitionEffort.fast, .default, .strong].map { effort in
      let found = try Partitioner.assign(graph, options(4, effort), threads: Threads(2))
      #expect(found.unmet == [])
      return found.metrics.cut
    }
    #expect(cuts[0] < 0.7, "random is 0.75")
    #expect(cuts[1] < cuts[0] && cuts[2] <= cuts[1])
  }

  @Test func neitherBufferNorThreadsChangeTheParts() throws {
    let graph = LevelGraphs.grid(60, 40)
    // The small buffer leaves the repair out: limits that hold anyway do not need it.
    let found = try [(1 << 30, 1), (1 << 12, 2), (1 << 12, 3)].map { buffer, threads in
      let found = try Partitioner.assign(graph, options(3, .default, buffer: buffer), threads: Threads(threads))
      #expect(found.unmet == [])
      return found.parts
    }
    #expect(found[1] == found[2])
    #expect(found[0] == found[1])
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func skewedGraphsKeepTheirLimitsWithoutRepair(seed: UInt64) throws {
    // Many nodes have no in-edges, some have thousands. The rows are more than the buffer: nothing is repaired afterwards.
    let graph = try Generators.RMAT(nodes: 20_000, edges: 400_000, seed: seed).generate(threads: Threads(2))
    for k in [4, 16] {
      for effort in [PartitionEffort.fast, .default] {
        let found = try Partitioner.assign(graph, options(k, effort, buffer: 1 << 20), threads: Threads(2))
        #expect(found.unmet == [], "k \(k), \(effort)")
        #expect(found.metrics.cut < found.randomMetrics.cut)
      }
    }
  }
}
