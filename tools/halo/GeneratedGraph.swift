import ArgumentParser
import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors

/// A graph made for one measurement, as one part in a temporary folder.
struct GeneratedGraph: ParsableArguments {
  enum Kind: String, ExpressibleByArgument, CaseIterable { case communities, rmat }

  @Option(help: "Graph to generate instead of a partition directory.")
  var graph: Kind?

  @Option(help: "Nodes of the generated graph.")
  var nodes = 1_000_000

  @Option(help: "Edges of the generated graph.")
  var edges = 25_000_000

  /// Calls `body` with `directory`, or with that of the generated graph, which is removed afterwards.
  func withPartition(_ directory: String?, _ body: (String) throws -> Void) throws {
    if let directory { return try body(directory) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("halo-bench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let threads = Threads(ProcessInfo.processInfo.activeProcessorCount)
    let raw = try generate(threads)
    let options = PartitionOptions(partCount: 1, method: .random, balance: [BalanceTarget("nodes")], seed: 1)
    try PartitionWriter.write(raw, try Partitioner.assign(raw, options, threads: threads), to: folder, threads: threads)
    try body(folder)
  }

  private func generate(_ threads: Threads) throws -> RawGraph {
    let split = SplitFractions(train: 0.02, validation: 0.02, test: 0.96)
    if graph == .rmat {
      var rmat = Generators.RMAT(nodes: nodes, edges: edges, seed: 1)
      (rmat.classes, rmat.split) = (47, split)
      return try rmat.generate(threads: threads)
    }
    let groups = max(1, nodes / 500)
    var communities = Generators.Communities(
      nodes: nodes, edges: edges, groupSize: min(500, nodes), superGroups: min(47, groups), seed: 1)
    (communities.classes, communities.split) = (47, split)
    return try communities.generate(threads: threads)
  }
}
