import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PublicGraphTests {
  @Test(.enabled(if: PublicGraphs.hasFacebook, "no data sets: set HALO_DATASETS"), arguments: [1, 2, 3] as [UInt64])
  func facebookInFourPartsMeetsItsBar(seed: UInt64) throws {
    let graph = try PublicGraphs.facebook()
    #expect(graph.edges[0].count == 341_825)
    let options = PartitionOptions(partCount: 4, balance: [BalanceTarget("nodes"), BalanceTarget("edges")], seed: seed)
    let found = try Partitioner.assign(graph, options, threads: Threads(2))
    #expect(found.unmet == [])
    #expect(found.metrics.cut <= 0.095, "cut \(found.metrics.cut)")
    #expect(found.metrics.halo <= 0.48, "halo \(found.metrics.halo)")
    #expect(found.metrics.imbalance["nodes"]! <= 1.05)
    #expect(found.metrics.imbalance["edges"]! <= 1.05)
    #expect(found.randomMetrics.cut > 0.74)
  }
}
