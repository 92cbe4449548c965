import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PartWeightsTests {
  private func nodes(_ graph: RawGraph) -> Int { graph.nodes.reduce(0) { $0 + $1.count } }

  @Test func aHalfAndTwoQuartersAreMet() throws {
    // A ring of 80 nodes.
    let ring = RawGraph(
      name: "ring", schema: .plain, nodes: [NodeData(count: 80)],
      edges: [EdgeList(sources: ArrayView(0..<80), destinations: ArrayView((0..<80).map { UInt32(($0 + 1) % 80) }))])
    let balance = [BalanceTarget("nodes", tolerance: 0), BalanceTarget("edges", tolerance: 0)]
    for method in [PartitionMethod.metis, .random] {
      let options = PartitionOptions(partCount: 3, method: method, balance: balance, partWeights: [2, 1, 1])
      let found = try Partitioner.assign(ring, options, threads: Threads(1))
      #expect((0..<3).map { part in found.parts.filter { $0 == part }.count } == [40, 20, 20])
      #expect(found.unmet == [] && found.metrics.imbalance["nodes"] == 1)
      #expect(found.record.partWeights == [2, 1, 1])
    }
    let cut = try Partitioner.assign(ring, PartitionOptions(partCount: 3, balance: balance, partWeights: [2, 1, 1]), threads: Threads(1))
    #expect(cut.metrics.cutEdges <= 6)
  }

  @Test func targetsOfNodesAreAlwaysMet() throws {
    for seed in 0..<150 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let k = 1 + random.next(below: min(6, nodes(graph)))
      let weights = (0..<k).map { _ in Double(1 + random.next(below: 4)) }
      for method in [PartitionMethod.metis, .random] {
        let options = PartitionOptions(
          partCount: k, method: method, balance: [BalanceTarget("nodes", tolerance: 0.1)], partWeights: weights, seed: seed)
        let found = try Partitioner.assign(graph, options, threads: Threads(1))
        let comment: Comment = "seed \(seed), \(method.name), \(weights)"
        #expect(Set(found.parts).count == k, comment)
        if method == .metis || graph.nodes.count == 1 && nodes(graph) >= 20 * k { #expect(found.unmet == [], comment) }
        let total = Double(nodes(graph))
        let sum = weights.reduce(0, +)
        let quotients = (0..<k).map { part in Double(found.parts.filter { $0 == part }.count) / (total * weights[part] / sum) }
        #expect(abs((found.metrics.imbalance["nodes"] ?? 0) - quotients.max()!) < 1e-12, comment)
      }
    }
  }

  @Test func unequalPartsOfRandomGraphsVerify() throws {
    let directory = try TemporaryDirectory()
    for seed in 300..<340 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      var graph = random.graph()
      for type in graph.nodes.indices {
        let count = graph.nodes[type].count
        let scale: Float = seed % 2 == 0 ? 1 : 0.3
        let values = (0..<count).map { _ in Float(random.next(below: 9)) * scale }
        graph.nodes[type].tables["w"] = .dense(DenseRows(floats: Buffer(copying: values), rows: count, columns: 1))
      }
      let k = 1 + random.next(below: min(4, nodes(graph)))
      let options = PartitionOptions(
        partCount: k, balance: [BalanceTarget("nodes", tolerance: 0.3), BalanceTarget("weight:w", tolerance: 0.5)],
        partWeights: (0..<k).map { Double(1 + $0) }, seed: seed)
      let found = try Partitioner.assign(graph, options, threads: Threads(2))
      let path = directory.file("\(seed)")
      try PartitionWriter.write(graph, found, to: path, threads: Threads(2))
      let violations = try Verifier.verify(path, against: graph)
      #expect(violations == [], "seed \(seed), k \(k)")
      let manifest = try Manifest.load(path)
      #expect(manifest.unmetTolerances == found.unmet.sorted { $0.constraint < $1.constraint }, "seed \(seed), k \(k)")
      let sum = manifest.parts.reduce(0) { $0 + ($1.weights?["weight:w"] ?? 0) }
      let recorded = found.record.tolerances["weight:w"] != nil
      #expect(recorded == (sum > 0), "seed \(seed), k \(k)")
    }
  }

  @Test func aHeavyNodeGetsAPartOfItsOwn() throws {
    // A path of nine nodes, the first as heavy as the others together.
    let list = (0..<8).map { (UInt32($0), UInt32($0 + 1)) }
    var graph = RawGraph(
      name: "path", schema: .plain, nodes: [NodeData(count: 9)],
      edges: [EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))])
    graph.nodes[0].tables["w"] = .dense(DenseRows(floats: Buffer(copying: [8, 1, 1, 1, 1, 1, 1, 1, 1]), rows: 9, columns: 1))
    let options = PartitionOptions(partCount: 2, balance: [BalanceTarget("weight:w", tolerance: 0)])
    let found = try Partitioner.assign(graph, options, threads: Threads(1))
    #expect(found.unmet == [] && found.metrics.cutEdges == 1)
    #expect(Set(found.parts[1...]).count == 1 && found.parts[0] != found.parts[1])
    #expect(found.metrics.imbalance["weight:w"] == 1)
    let both = PartitionOptions(partCount: 2, balance: [BalanceTarget("weight:w", tolerance: 0), BalanceTarget("nodes", tolerance: 0)])
    let unmet = try Partitioner.assign(graph, both, threads: Threads(1)).unmet
    #expect(!unmet.isEmpty)
  }

  @Test func wrongWeightsAreRefused() throws {
    let graph = RawGraph(
      name: "two", schema: .plain, nodes: [NodeData(count: 2)], edges: [EdgeList(sources: ArrayView([0]), destinations: ArrayView([1]))])
    func assign(_ weights: [Double], _ constraint: String = "nodes") throws {
      let options = PartitionOptions(partCount: 2, balance: [BalanceTarget(constraint)], partWeights: weights)
      _ = try Partitioner.assign(graph, options, threads: Threads(1))
    }
    #expect(throws: InputError("part weights", expected: "2 numbers above 0, one for each part", found: "3")) { try assign([1, 1, 1]) }
    #expect(throws: InputError("part weights", expected: "2 numbers above 0, one for each part", found: "0.0")) { try assign([1, 0]) }
    #expect(
      throws: InputError("balance", expected: "a constraint of a graph without tables of one column", found: "'weight:w'")
    ) { try assign([], "weight:w") }
  }
}
