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

  @Test func emptyGraphsStayEmpty() {
    #expect(apply([], nodes: 1, dedup: true, undirected: true).pairs == [])
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
