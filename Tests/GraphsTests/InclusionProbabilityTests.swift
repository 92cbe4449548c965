import Graphs
import Tensors
import Testing

@Suite struct InclusionProbabilityTests {
  private static func graph(_ nodes: Int, _ list: [(UInt32, UInt32)]) -> RawGraph {
    RawGraph(
      name: "small", schema: .plain, nodes: [NodeData(count: nodes)],
      edges: [EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))])
  }

  private static func probabilities(_ graph: RawGraph, limits: [[Int]], seeds: [Float], threads: Int = 1) -> [Float] {
    let threads = Threads(threads)
    let probability = InclusionProbability(SampledEdges(graph, threads: threads), limits: limits)
    return probability.ofInputs(seeds: Buffer(copying: seeds), threads: threads).view.map { $0 }
  }

  private static func expect(_ found: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (index, (a, b)) in zip(found, expected).enumerated() {
      #expect(abs(Double(a) - b) < 1e-6, "node \(index): \(a), by hand \(b)", sourceLocation: sourceLocation)
    }
  }

  @Test func aPathHandsDownItsProbability() {
    // 2 → 1 → 0: every node has one in-edge at most.
    let path = Self.graph(3, [(1, 0), (2, 1)])
    Self.expect(Self.probabilities(path, limits: [[1]], seeds: [0.5, 0, 0]), [0.5, 0.5, 0])
    // In the second hop node 0 takes the same edge again.
    Self.expect(Self.probabilities(path, limits: [[1], [1]], seeds: [0.5, 0, 0]), [0.5, 0.5, 0.5])
    // Here it may take the other: 0.5 · (1 − (1 − 1/2)²).
    let fork = Self.graph(3, [(1, 0), (2, 0)])
    Self.expect(Self.probabilities(fork, limits: [[1], [1]], seeds: [0.5, 0, 0]), [0.5, 0.375, 0.375])
    Self.expect(Self.probabilities(path, limits: [], seeds: [0.5, 0, 0]), [0.5, 0, 0])
  }

  @Test func aStarSharesItsFanoutAndHopsAreWrittenInputFirst() {
    // 1, 2, 3 and 4 point at 0; 5 points at 1.
    let star = Self.graph(6, [(1, 0), (2, 0), (3, 0), (4, 0), (5, 1)])
    Self.expect(Self.probabilities(star, limits: [[3]], seeds: [1, 0, 0, 0, 0, 0]), [1, 0.75, 0.75, 0.75, 0.75, 0])
    Self.expect(Self.probabilities(star, limits: [[.max]], seeds: [0.2, 0, 0, 0, 0, 0]), [0.2, 0.2, 0.2, 0.2, 0.2, 0])
    // The seeds' own hop, the last written, takes 1 of 4; the other takes 2.
    let leaf = 1 - 0.75 * 0.5
    Self.expect(Self.probabilities(star, limits: [[2], [1]], seeds: [1, 0, 0, 0, 0, 0]), [1, leaf, leaf, leaf, leaf, 0.25])
  }

  @Test func severalWaysToANodeAreIndependent() {
    // 2 points at 0 and twice at 1, 3 at 0 and at itself.
    let graph = Self.graph(4, [(2, 0), (3, 0), (2, 1), (2, 1), (3, 3)])
    let two = 1 - (1 - 0.5 * 0.5) * (1 - 0.25 * 0.5) * (1 - 0.25 * 0.5)
    let three = 1 - (1 - 0.5 * 0.5) * (1 - 0.1)
    Self.expect(Self.probabilities(graph, limits: [[1]], seeds: [0.5, 0.25, 0, 0.1]), [0.5, 0.25, two, three])
  }

  @Test func relationsHaveTheirOwnLimits() {
    // Authors 0 and 1 (flat 0, 1) write paper 0 (flat 2); papers 1 and 2 (flat 3, 4) cite it.
    let schema = Schema(
      nodeTypes: ["author", "paper"],
      relations: [Relation(name: "writes", source: 0, destination: 1), Relation(name: "cites", source: 1, destination: 1)])
    func edges(_ list: [(UInt32, UInt32)]) -> EdgeList {
      EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))
    }
    let graph = RawGraph(
      name: "papers", schema: schema, nodes: [NodeData(count: 2), NodeData(count: 3)],
      edges: [edges([(0, 0), (1, 0)]), edges([(1, 0), (2, 0)])])
    Self.expect(Self.probabilities(graph, limits: [[2, 1]], seeds: [0, 0, 0.5, 0, 0]), [0.5, 0.5, 0.5, 0.25, 0.25])
    Self.expect(Self.probabilities(graph, limits: [[0, 1]], seeds: [0, 0, 1, 0, 0]), [0, 0, 1, 0.5, 0.5])
    // The same as in-edges: paper 0 first, then what it takes from.
    let rows = SampledEdges(
      indptr: ArrayView([0, 4]), indices: ArrayView([1, 2, 3, 4]), relations: ArrayView([0, 0, 1, 1]), relationCount: 2, nodeCount: 5)
    let found = InclusionProbability(rows, limits: [[2, 1]]).ofInputs(seeds: Buffer(copying: [0.5, 0, 0, 0, 0]), threads: Threads(1))
    Self.expect(found.view.map { $0 }, [0.5, 0.5, 0.5, 0.25, 0.25])
  }

  @Test func layoutThreadsAndOrderDoNotChangeABit() throws {
    for seed in 0..<10 as Range<UInt64> {
      let graph = try Generators.RMAT(nodes: 700, edges: 300_000, seed: seed).generate(threads: Threads(1))
      let seeds = (0..<700).map { Float($0 % 9) / 50 }
      let limits = [[15], [10], [5]]
      let one = Self.probabilities(graph, limits: limits, seeds: seeds)
      #expect(Self.probabilities(graph, limits: limits, seeds: seeds, threads: 4) == one)
      var ends = zip(graph.edges[0].sources, graph.edges[0].destinations).map { ($0, $1) }
      ends.reverse()
      #expect(Self.probabilities(Self.graph(700, ends), limits: limits, seeds: seeds) == one)
      // In-edges of every node in turn.
      ends.sort { $0.1 < $1.1 }
      var indptr = [Int64](repeating: 0, count: 701)
      for end in ends { indptr[Int(end.1) + 1] += 1 }
      for node in 0..<700 { indptr[node + 1] += indptr[node] }
      let rows = SampledEdges(
        indptr: ArrayView(indptr), indices: ArrayView(ends.map(\.0)), relations: nil, relationCount: 1, nodeCount: 700)
      let found = InclusionProbability(rows, limits: limits).ofInputs(seeds: Buffer(copying: seeds), threads: Threads(3))
      #expect(found.view.map { $0 } == one)
    }
  }

  /// With one hop the weights of all edges are the rows that join the batch; with more, those of the last hop are.
  @Test func edgesOfOneHopCarryTheRowsThatJoin() throws {
    let graph = try Generators.RMAT(nodes: 300, edges: 4000, seed: 5).generate(threads: Threads(1))
    let seeds = Buffer(copying: (0..<300).map { Float($0 % 4 == 0 ? 0.125 : 0) })
    let ones = Buffer(copying: [Float](repeating: 1, count: 300))
    let edges = SampledEdges(graph, threads: Threads(1))
    let probability = InclusionProbability(edges, limits: [[7]])
    let use = EdgeUse(probability, seeds: seeds, widths: ones, threads: Threads(2))
    let reached = probability.ofInputs(seeds: seeds, threads: Threads(1))
    let joined = (0..<300).reduce(0.0) { $0 + Double(reached[$1]) - Double(seeds[$1]) }
    #expect(abs(use.total - joined) < 1e-4 * joined)
    for limits in [[[7]], [[7], [4]], [[5], [.max], [2]]] {
      let use = EdgeUse(InclusionProbability(edges, limits: limits), seeds: seeds, widths: ones, threads: Threads(2))
      let weights = use.relation(0)
      let sum = zip(graph.edges[0].sources, graph.edges[0].destinations).reduce(0.0) {
        $1.0 == $1.1 ? $0 : $0 + weights.weight(source: Int($1.0), destination: Int($1.1))
      }
      #expect(abs(use.total - sum) < 1e-3 * sum, "\(limits): \(use.total), edge by edge \(sum)")
    }
  }

  /// An edge near the seeds carries what lies below its source.
  @Test func edgesNearTheSeedsWeighMore() {
    // 3, 4 and 5 → 2 → 1 → 0, which is the seed; all edges are taken.
    let graph = Self.graph(6, [(1, 0), (2, 1), (3, 2), (4, 2), (5, 2)])
    let seeds = Buffer(copying: [1, 0, 0, 0, 0, 0] as [Float])
    let ones = Buffer(copying: [Float](repeating: 1, count: 6))
    let probability = InclusionProbability(SampledEdges(graph, threads: Threads(1)), limits: [[3], [3], [3]])
    let weights = EdgeUse(probability, seeds: seeds, widths: ones, threads: Threads(1)).relation(0)
    let found = [(1, 0), (2, 1), (3, 2)].map { weights.weight(source: $0.0, destination: $0.1) }
    // Nothing else leads to them: 1 and all below it is five rows, 2 four, 3 one.
    for (weight, expected) in zip(found, [5.0, 4, 1]) { #expect(abs(weight - expected) < 1e-3 * expected, "\(found)") }
  }
}
