import Configuration
import Foundation
import Partitions
import Tensors
import Testing
import Training

/// Models that read rows of edges, under the determinism contract.
@Suite(.serialized) struct EdgeFeatureTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var graph = EdgeGraph()
    var types = TableTypes()
    var change: @Sendable (inout TrainingConfiguration) -> Void = { _ in }
    var description: String { name }
  }

  static let cases = [
    Case(name: "one relation"),
    Case(name: "transform first", change: { $0.hidden = 3 }),
    Case(name: "int8", graph: EdgeGraph(columns: 13), types: TableTypes(byTable: ["bond": .int8])),
    Case(name: "bfloat16", types: TableTypes(.bfloat16)),
    Case(name: "sparse", graph: EdgeGraph(columns: 20, sparse: true)),
    Case(name: "two of three relations", graph: EdgeGraph(columns: 5, tables: [true, false, true])),
    Case(
      name: "LABOR, samples of an epoch, sampled evaluation",
      change: { ($0.sampler, $0.resample, $0.evalFanout) = (.labor, .epoch, try! Fanout(parsing: "5,2")) }),
    Case(name: "beside learned columns", change: { $0.embedding.columns = 5 }),
    Case(name: "learned columns alone", change: { ($0.embedding.columns, $0.features) = (5, "none") }),
  ]

  static func training() throws -> TrainingConfiguration {
    var training = try DeterminismTests.training(order: .balanced)
    training.edgeFeatures = "bond"
    return training
  }

  @Test(arguments: cases)
  func workersThreadsAndRoutesDoNotChangeABit(_ example: Case) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try example.graph.partition(into: 4, at: parts, types: example.types)
    var training = try Self.training()
    example.change(&training)
    let alone = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    for (workers, threads, mapPeers) in [(1, 2, true), (2, 1, true), (2, 2, false), (3, 1, false), (4, 2, false)] {
      let name = "\(workers) workers, \(threads) threads, mapped peers \(mapPeers)"
      let outcome = try DeterminismTests.run(
        parts, training: training, workers: workers, threads: threads, mapPeers: mapPeers, into: scratch)
      #expect(outcome.metrics == alone.metrics, "metrics of \(name)")
      #expect(outcome.model == alone.model, "model of \(name)")
      #expect(outcome.scores == alone.scores, "scores of \(name)")
    }
    // The edges matter.
    training.edgeFeatures = nil
    let without = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    #expect(without.metrics != alone.metrics)
  }

  @Test func depthsBudgetsAndPoliciesDoNotChangeABit() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try EdgeGraph(tables: [true, true]).partition(into: 4, at: parts)
    let training = try Self.training()
    let alone = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let cases = [
      PrefetchTests.Case(depth: 0), .init(depth: 1), .init(depth: 9), .init(memory: 1), .init(depth: 3, memory: 60_000),
      .init(cache: .none), .init(depth: 2, cacheMemory: .share(1)), .init(cache: .vip),
    ]
    for example in cases {
      for workers in [2, 4] {
        let outcome = try DeterminismTests.run(
          parts, training: training, workers: workers, threads: 1, mapPeers: false, into: scratch, example.apply)
        #expect(outcome.metrics == alone.metrics, "metrics of \(workers) workers, \(example)")
        #expect(outcome.model == alone.model, "model of \(workers) workers, \(example)")
      }
    }
    let resident = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch) {
      $0.residency = .resident
    }
    #expect(resident.model == alone.model)
  }

  /// Replicated in-edges have no rows: their nodes are asked of their owners.
  @Test func replicasDoNotChangeABit() throws {
    let scratch = try ScratchDirectory()
    let training = try Self.training()
    let outcomes = try [0, 0.5].map { replicas in
      let parts = "\(scratch.path)/parts-\(replicas)"
      try EdgeGraph().partition(into: 3, at: parts, replicas: replicas)
      return try DeterminismTests.run(parts, training: training, workers: 3, threads: 1, mapPeers: false, into: scratch)
    }
    #expect(outcomes[0].metrics == outcomes[1].metrics && outcomes[0].model == outcomes[1].model)
    #expect(outcomes[0].summary.traffic.remoteNodes == outcomes[1].summary.traffic.remoteNodes)
    #expect(outcomes[0].summary.traffic.remoteRows > outcomes[1].summary.traffic.remoteRows, "rows of nodes are read in place")
  }

  /// Rows asked are local, repeated, kept or pulled; every sampled edge asks for one.
  @Test func theCountersOfTimingsAddUp() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try EdgeGraph().partition(into: 4, at: parts)
    var pulled: [Int] = []
    for example in [PrefetchTests.Case(depth: 0), .init(cache: .none), .init(cacheMemory: .share(1)), .init(cacheMemory: .bytes(4_000))] {
      let summary = try DeterminismTests.run(
        parts, training: try Self.training(), workers: 2, threads: 1, mapPeers: false, into: scratch, example.apply
      ).summary
      for worker in 0..<2 {
        let lines = summary.timings.filter { $0.worker == worker }
        #expect(lines.reduce(0) { $0 + ($1.loading.edgeRows?.asked ?? 0) } == lines.reduce(0) { $0 + $1.traffic.sampledEdges })
      }
      for line in summary.timings {
        let (loading, edges) = (line.loading, try #require(line.loading.edgeRows))
        #expect(edges.asked == edges.local + edges.deduplicated + edges.cached + edges.pulled && edges.bytes == 36 * edges.pulled)
        #expect(line.traffic.remoteRows == loading.rowsPulled + edges.pulled)
        #expect(line.traffic.remoteRowBytes == loading.rowBytes + edges.bytes)
        #expect(loading.peers.reduce(0) { $0 + $1.rows } == loading.rowsPulled + edges.pulled)
      }
      let keepsRows = example.depth > 0 && example.cache == .window
      #expect(summary.timings.contains { $0.loading.edgeRows?.cached ?? 0 > 0 } == keepsRows, "\(example)")
      pulled.append(summary.timings.reduce(0) { $0 + ($1.loading.edgeRows?.pulled ?? 0) })
    }
    // What is kept is not pulled; the more, the less.
    #expect(pulled[0] == pulled[1] && pulled[3] < pulled[1] && pulled[2] < pulled[3] && pulled[2] > 0, "\(pulled)")
  }
}
