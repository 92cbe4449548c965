import Datasets
import Graphs
import Tensors
import Testing

@Suite struct EdgeTransformsTests {
  private func graph(_ pairs: [[UInt32]], nodes: Int) -> RawGraph {
    let list = EdgeList(sources: ArrayView(pairs.map { $0[0] }), destinations: ArrayView(pairs.map { $0[1] }))
    return RawGraph(name: "g", schema: .plain, nodes: [NodeData(count: nodes)], edges: [list])
  }

  private func apply(_ pairs: [[UInt32]], nodes: Int, dedup: Bool = false, undirected: Bool = false, threads: Int = 1) -> (
    pairs: [[UInt32]], counts: EdgeTransforms.Counts
  ) {
    var graph = graph(pairs, nodes: nodes)
    let counts = EdgeTransforms(dedup: dedup, undirected: undirected).apply(to: &graph, threads: Threads(threads))
    return (graph.pairs, counts)
  }

  @Test func dedupKeepsTheFirstOfEqualEdgesInOrder() {
    let (pairs, counts) = apply([[2, 0], [0, 1], [2, 0], [1, 0], [0, 1], [1, 1], [1, 1], [2, 0]], nodes: 3, dedup: true)
    #expect(pairs == [[2, 0], [0, 1], [1, 0], [1, 1]])
    #expect(counts == EdgeTransforms.Counts(removed: 4, added: 0))
  }

  @Test func undirectedAddsWhatIsMissingAndNothingElse() {
    let (pairs, counts) = apply([[2, 0], [0, 1], [1, 0], [3, 3], [3, 1], [0, 3]], nodes: 4, undirected: true)
    #expect(pairs == [[2, 0], [0, 1], [1, 0], [3, 3], [3, 1], [0, 3], [0, 2], [3, 0], [1, 3]])
    #expect(counts == EdgeTransforms.Counts(removed: 0, added: 3))
  }

  @Test func repeatedEdgesAreReversedAsOftenAsTheyOccur() {
    let (pairs, _) = apply([[0, 1], [0, 1], [1, 0], [0, 1]], nodes: 2, undirected: true)
    #expect(pairs == [[0, 1], [0, 1], [1, 0], [0, 1], [1, 0], [1, 0]])
  }

  @Test func bothTogetherGiveASimpleSymmetricGraph() {
    let (pairs, counts) = apply([[0, 1], [0, 1], [1, 2], [2, 2]], nodes: 3, dedup: true, undirected: true)
    #expect(pairs == [[0, 1], [1, 2], [2, 2], [1, 0], [2, 1]])
    #expect(counts == EdgeTransforms.Counts(removed: 1, added: 2))
  }

  private func weighted(_ edges: [(UInt32, UInt32, Float)], nodes: Int, _ transforms: EdgeTransforms) -> [[Float]] {
    let list = EdgeList(
      sources: ArrayView(edges.map(\.0)), destinations: ArrayView(edges.map(\.1)), weights: ArrayView(edges.map(\.2)))
    var graph = RawGraph(name: "g", schema: .plain, nodes: [NodeData(count: nodes)], edges: [list])
    _ = transforms.apply(to: &graph, threads: Threads(2))
    return zip(graph.pairs, graph.weights).map { [Float($0[0]), Float($0[1]), $1] }
  }

  @Test func selfLoopsAreDroppedOrAdded() {
    let pairs: [[UInt32]] = [[1, 1], [0, 1], [1, 1], [2, 0], [2, 2]]
    func apply(_ transforms: EdgeTransforms) -> (pairs: [[UInt32]], counts: EdgeTransforms.Counts) {
      var graph = graph(pairs, nodes: 4)
      let counts = transforms.apply(to: &graph, threads: Threads(2))
      return (graph.pairs, counts)
    }
    let dropped = apply(EdgeTransforms(selfLoops: .drop))
    #expect(dropped.pairs == [[0, 1], [2, 0]] && dropped.counts == EdgeTransforms.Counts(removedLoops: 3))
    let added = apply(EdgeTransforms(selfLoops: .add))
    #expect(added.pairs == pairs + [[0, 0], [3, 3]] && added.counts == EdgeTransforms.Counts(addedLoops: 2))
    let all = apply(EdgeTransforms(dedup: true, undirected: true, selfLoops: .add))
    #expect(all.pairs == [[1, 1], [0, 1], [2, 0], [2, 2], [1, 0], [0, 2], [0, 0], [3, 3]])
    #expect(all.counts == EdgeTransforms.Counts(removed: 1, added: 2, addedLoops: 2))
    let simple = apply(EdgeTransforms(dedup: true, undirected: true, selfLoops: .drop))
    #expect(simple.pairs == [[0, 1], [2, 0], [1, 0], [0, 2]])
    #expect(simple.counts == EdgeTransforms.Counts(removed: 1, added: 2, removedLoops: 2))
  }

  @Test func weightsFollowTheirEdges() {
    let edges: [(UInt32, UInt32, Float)] = [(0, 1, 5), (1, 0, 6), (0, 1, 7), (2, 2, 1), (2, 1, 8), (0, 1, 9), (2, 1, 3)]
    #expect(
      weighted(edges, nodes: 3, EdgeTransforms(dedup: true)) == [[0, 1, 5], [1, 0, 6], [2, 2, 1], [2, 1, 8]])
    #expect(weighted(edges, nodes: 3, EdgeTransforms(selfLoops: .drop)).map { $0[2] } == [5, 6, 7, 8, 9, 3])
    #expect(weighted(edges, nodes: 3, EdgeTransforms(selfLoops: .add)).suffix(2) == [[0, 0, 1], [1, 1, 1]])
    // 0 → 1 comes three times, 1 → 0 once: the second and the third have no reverse.
    #expect(
      weighted(edges, nodes: 3, EdgeTransforms(undirected: true)).suffix(4) == [[1, 0, 7], [1, 0, 9], [1, 2, 8], [1, 2, 3]])
  }

  @Test func reversesOfWeightedEdgesAreThoseOfOthers() {
    for seed in 0..<40 as Range<UInt64> {
      var random = TestRandom(seed)
      let nodes = [3, 40, 10_000][Int(seed % 3)]
      let input = (0..<Int.random(in: 0..<4000, using: &random)).map { _ in
        (UInt32.random(in: 0..<UInt32(nodes), using: &random), UInt32.random(in: 0..<UInt32(nodes) / 2 + 1, using: &random))
      }
      let pairs = apply(input.map { [$0.0, $0.1] }, nodes: nodes, undirected: true).pairs
      let edges = weighted(input.enumerated().map { ($1.0, $1.1, Float($0)) }, nodes: nodes, EdgeTransforms(undirected: true))
      #expect(edges.map { [UInt32($0[0]), UInt32($0[1])] } == pairs, "seed \(seed)")
      // An added edge has the weight, which is the number, of an edge the other way, and no edge is reversed twice.
      let added = edges[input.count...]
      #expect(added.allSatisfy { Float(input[Int($0[2])].1) == $0[0] && Float(input[Int($0[2])].0) == $0[1] }, "seed \(seed)")
      #expect(Set(added.map { $0[2] }).count == added.count, "seed \(seed)")
    }
  }

  @Test func emptyGraphsStayEmpty() {
    #expect(apply([], nodes: 1, dedup: true, undirected: true).pairs == [])
    #expect(weighted([], nodes: 1, EdgeTransforms(dedup: true, undirected: true, selfLoops: .drop)) == [])
    #expect(weighted([], nodes: 1, EdgeTransforms(selfLoops: .add)) == [[0, 0, 1]])
  }

  @Test func randomGraphsAgreeWithDictionariesForAnyThreadCount() {
    for seed in 0..<60 as Range<UInt64> {
      var random = TestRandom(seed)
      // Few nodes make long rows, which are sorted another way; many make several chunks.
      let nodes = [3, 40, 10_000][Int(seed % 3)]
      let input = (0..<Int.random(in: 0..<4000, using: &random)).map { _ in
        [UInt32.random(in: 0..<UInt32(nodes), using: &random), UInt32.random(in: 0..<UInt32(nodes) / 2 + 1, using: &random)]
      }
      var seen = Set<[UInt32]>()
      let distinct = input.filter { seen.insert($0).inserted }
      for threads in [1, 3] {
        #expect(apply(input, nodes: nodes, dedup: true, threads: threads).pairs == distinct, "seed \(seed)")
        let symmetric = apply(input, nodes: nodes, undirected: true, threads: threads).pairs
        #expect(Array(symmetric.prefix(input.count)) == input, "seed \(seed)")
        var balance: [[UInt32]: Int] = [:]
        for edge in symmetric { balance[edge, default: 0] += 1 }
        #expect(balance.allSatisfy { $0.value == balance[[$0.key[1], $0.key[0]]] }, "seed \(seed)")
        // The least number of edges that balances every pair.
        var surplus: [[UInt32]: Int] = [:]
        for edge in input where edge[0] != edge[1] { surplus[[edge.min()!, edge.max()!], default: 0] += edge[0] < edge[1] ? 1 : -1 }
        #expect(symmetric.count - input.count == surplus.values.reduce(0) { $0 + abs($1) }, "seed \(seed)")
        let added = symmetric[input.count...].map { [$0.min()!, $0.max()!] }
        #expect(zip(added, added.dropFirst()).allSatisfy { $0[0] < $1[0] || ($0[0] == $1[0] && $0[1] <= $1[1]) }, "seed \(seed)")
      }
    }
  }
}
