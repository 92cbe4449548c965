import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct MultilevelTests {
  private func options(
    _ k: Int, seed: UInt64 = 1, effort: PartitionEffort = .default, _ balance: [String] = ["nodes", "edges"]
  ) -> PartitionOptions {
    var options = PartitionOptions(partCount: k, method: .multilevel, balance: balance.map { BalanceTarget($0) }, seed: seed)
    options.effort = effort
    return options
  }

  @Test(arguments: PartitionEffort.allCases)
  func threadsDoNotChangeTheParts(effort: PartitionEffort) throws {
    // Large enough to be contracted: METIS sees at most 20,000 nodes.
    for graph in [LevelGraphs.skewed(seed: 3, nodes: 25_000), LevelGraphs.grid(200, 110)] {
      let found = try [1, 3].map { try Partitioner.assign(graph, options(4, effort: effort, ["nodes"]), threads: Threads($0)).parts }
      #expect(found[0] == found[1])
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func gridsAreCutAcross(seed: UInt64) throws {
    // 300 × 100 nodes: the shortest straight cut has 100 edges.
    let found = try Partitioner.assign(LevelGraphs.grid(300, 100), options(2, seed: seed), threads: Threads(2))
    #expect(found.unmet == [])
    #expect(found.metrics.cut * Double(299 * 100 + 300 * 99) <= 103)
  }

  @Test(arguments: [8, 64])
  func plantedCommunitiesAreFound(k: Int) throws {
    var generator = Generators.Communities(nodes: 32_000, edges: 400_000, groupSize: 100, superGroups: 64, seed: 5)
    (generator.groupShare, generator.superGroupShare, generator.classes) = (0.3, 0.6, 64)
    let graph = try generator.generate(threads: Threads(2))
    let labels = try #require(graph.nodes[0].labels)
    let planted = labels.elements.map { UInt16(Int($0) * k / 64) }
    let cut = PartitionMetrics(measuring: planted, partCount: k, graph: graph, threads: Threads(2)).cut
    let found = try Partitioner.assign(graph, options(k, ["nodes"]), threads: Threads(2))
    #expect(found.unmet == [])
    #expect(found.metrics.cut <= 1.03 * cut)
  }

  @Test(arguments: [(64, 8), (47, 8), (30, 5)])
  func groupsThatFitArePackedWhole(groups: Int, k: Int) throws {
    // Equal groups, so many to a part that one more or less is hardly within 5 %.
    var generator = Generators.Communities(nodes: 24_000, edges: 400_000, groupSize: 24_000 / groups / 5, superGroups: groups, seed: 9)
    (generator.groupShare, generator.superGroupShare, generator.classes) = (0.4, 0.4, groups)
    let graph = try generator.generate(threads: Threads(2))
    let labels = try #require(graph.nodes[0].labels)
    let packed = labels.elements.map { UInt16(Int($0) * k / groups) }
    let cut = PartitionMetrics(measuring: packed, partCount: k, graph: graph, threads: Threads(2)).cut
    for seed in 1...4 as ClosedRange<UInt64> {
      let found = try Partitioner.assign(graph, options(k, seed: seed, ["nodes"]), threads: Threads(2))
      #expect(found.unmet == [])
      #expect(found.metrics.cut <= 1.01 * cut, "seed \(seed)")
    }
  }
}
