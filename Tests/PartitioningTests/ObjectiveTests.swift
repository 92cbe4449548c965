import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct ObjectiveTests {
  private static let batches = ExpectedBatches(fanout: "5,3", limits: [[5], [3]], batchSize: 40)

  private static func options(_ objective: PartitionObjective, k: Int, method: PartitionMethod, seed: UInt64) -> PartitionOptions {
    var options = PartitionOptions(partCount: k, method: method, seed: seed)
    options.objective = objective
    options.batches = batches
    return options
  }

  enum Kind: Sendable, CaseIterable { case skewed, groups }

  /// A small graph without clear groups and few training nodes, or one of groups whose training nodes lie in an eighth of it.
  private static func graph(_ kind: Kind, seed: UInt64) throws -> RawGraph {
    switch kind {
    case .skewed:
      var plan = Generators.RMAT(nodes: 8192, edges: 60_000, seed: seed)
      plan.classes = 4
      plan.split = SplitFractions(train: 0.03, validation: 0.1, test: 0.1)
      return try plan.generate(threads: Threads(2))
    case .groups:
      var plan = Generators.Communities(nodes: 6000, edges: 60_000, groupSize: 50, superGroups: 8, seed: seed)
      plan.classes = 8
      var graph = try plan.generate(threads: Threads(2))
      let labels = try #require(graph.nodes[0].labels)
      graph.nodes[0].split = Split(train: (0..<6000).filter { labels[Int($0)] == 0 && $0 % 2 == 0 })
      return graph
    }
  }

  @Test(arguments: Kind.allCases, [PartitionMethod.multilevel, .metis])
  func bytesReadsFewerRowsThanEdges(_ kind: Kind, _ method: PartitionMethod) throws {
    var (edges, bytes, better) = (0.0, 0.0, 0)
    for seed in 0..<8 as Range<UInt64> {
      let graph = try Self.graph(kind, seed: seed)
      func rows(_ objective: PartitionObjective) throws -> Double {
        let found = try Partitioner.assign(graph, Self.options(objective, k: 4, method: method, seed: seed), threads: Threads(2))
        return try #require(found.reads).reads.totalRows
      }
      let (cutting, weighing) = (try rows(.edges), try rows(.bytes))
      edges += cutting
      bytes += weighing
      if weighing < cutting { better += 1 }
    }
    #expect(bytes < edges, "\(method.name): edges \(edges), bytes \(bytes)")
    #expect(better >= 6, "better on \(better) of 8 graphs")
  }

  @Test func theObjectiveKeepsTheConstraintsAndTheThreadsDoNotMatter() throws {
    for seed in 0..<30 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let k = min(3, graph.nodes.reduce(0) { $0 + $1.count })
      for method in [PartitionMethod.multilevel, .metis] {
        var options = PartitionOptions(partCount: k, method: method, balance: [BalanceTarget("nodes", tolerance: 0.1)], seed: seed)
        options.objective = .bytes
        options.batches = ExpectedBatches(fanout: "3,2", limits: [3, 2].map { count in graph.edges.map { _ in count } }, batchSize: 4)
        options.replicas = 0.5
        let one = try Partitioner.assign(graph, options, threads: Threads(1))
        let four = try Partitioner.assign(graph, options, threads: Threads(4))
        #expect(one.parts == four.parts && one.reads?.reads == four.reads?.reads, "seed \(seed)")
        #expect(one.unmet == [], "seed \(seed), \(method.name)")
        #expect(one.record.options["objective"] == "bytes" && one.record.options["fanout"] == "3,2")
      }
    }
  }

  @Test func whatCannotBeAskedIsAnError() throws {
    let graph = try Generators.RMAT(nodes: 64, edges: 400, seed: 1).generate(threads: Threads(1))
    for method in [PartitionMethod.streaming, .random, .given(path: "parts.txt")] {
      #expect(
        throws: InputError("objective bytes", expected: "a method that weighs edges: multilevel, metis or refine", found: method.name)
      ) { try Self.options(.bytes, k: 2, method: method, seed: 1).validate(for: graph) }
    }
    var options = PartitionOptions(partCount: 2)
    options.replicas = 0.1
    #expect(throws: InputError.self) { try options.validate(for: graph) }
    options.batches = Self.batches
    try options.validate(for: graph)
    options.replicas = -0.1
    #expect(throws: InputError.self) { try options.validate(for: graph) }
  }

  /// A ring of eight nodes, two of whose edges are light.
  private static func ring(_ light: Float) -> RawGraph {
    let weights = (0..<8).map { $0 == 1 || $0 == 5 ? light : 10 as Float }
    let edges = EdgeList(
      sources: ArrayView((0..<8).map { UInt32($0) }), destinations: ArrayView((0..<8).map { UInt32(($0 + 1) % 8) }),
      weights: ArrayView(weights))
    return RawGraph(name: "ring", schema: .plain, nodes: [NodeData(count: 8)], edges: [edges])
  }

  @Test(arguments: [PartitionMethod.multilevel, .metis], [1, 2, 3, 4] as [UInt64])
  func lightEdgesAreCut(_ method: PartitionMethod, seed: UInt64) throws {
    var options = PartitionOptions(partCount: 2, method: method, balance: [BalanceTarget("nodes")], seed: seed)
    options.objective = .weights
    for light in [0, 0.5, 3] as [Float] {
      let found = try Partitioner.assign(Self.ring(light), options, threads: Threads(2))
      #expect(found.metrics.cutEdges == 2 && found.parts[1] != found.parts[2] && found.parts[5] != found.parts[6], "light \(light)")
      #expect(found.record.options["objective"] == "weights")
    }
  }

  @Test func weightsThatCannotBeCutAreAnError() throws {
    var options = PartitionOptions(partCount: 2, method: .multilevel, balance: [BalanceTarget("nodes")])
    options.objective = .weights
    #expect(throws: InputError("ring, weight of edge 1", expected: "a number from 0", found: "-1.0")) {
      try Partitioner.assign(Self.ring(-1), options, threads: Threads(2))
    }
    for light in [Float.infinity, .nan] {
      #expect(throws: InputError.self) { try Partitioner.assign(Self.ring(light), options, threads: Threads(2)) }
    }
    let plain = try Generators.RMAT(nodes: 64, edges: 400, seed: 1).generate(threads: Threads(1))
    #expect(throws: InputError("objective weights", expected: "edges with weights", found: "\(plain.name), which has none")) {
      try options.validate(for: plain)
    }
  }

  /// A cut through a path, by hand: of two neighbours with one training node between them, only one is read from elsewhere.
  @Test func expectedRowsOfAPathAreThoseByHand() throws {
    // 0 → 1 → 2 → 3; node 2 is the only training node, in part 1 with node 3.
    var nodes = NodeData(count: 4)
    nodes.split = Split(train: [2])
    let graph = RawGraph(
      name: "path", schema: .plain, nodes: [nodes],
      edges: [EdgeList(sources: ArrayView([0, 1, 2]), destinations: ArrayView([1, 2, 3]))])
    let batches = ExpectedBatches(fanout: "2,2", limits: [[2], [2]], batchSize: 1)
    let forecast = ReadForecast(
      graph, parts: [0, 0, 1, 1], partCount: 2, batches: batches, replicas: 0.5, threads: Threads(1))
    #expect(forecast.reads.rows == [[0], [2]])
    #expect(forecast.reads.replicated == [[0], [1]])
    #expect(forecast.reads.steps == 1)
    #expect(forecast.replicas.map { $0.view.map { $0 } } == [[], [0]])
  }
}
