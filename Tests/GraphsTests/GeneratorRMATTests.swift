import Graphs
import Tensors
import Testing

@Suite struct GeneratorRMATTests {
  private func edges(_ graph: RawGraph) -> [[UInt32]] { [Array(graph.edges[0].sources), Array(graph.edges[0].destinations)] }

  @Test func sameSeedGivesTheSameBitsForAnyThreadCount() throws {
    var options = Generators.RMAT(nodes: 5000, edges: 200_001, seed: 11)
    options.features = 7
    options.classes = 5
    let graph = try options.generate(threads: Threads(1))
    for threads in 2...4 {
      let other = try options.generate(threads: Threads(threads))
      #expect(edges(graph) == edges(other))
      #expect(graph.nodes[0].labels.map(Array.init) == other.nodes[0].labels.map(Array.init))
      #expect(graph.nodes[0].split == other.nodes[0].split)
      guard case .dense(let a)? = graph.nodes[0].tables["feat"], case .dense(let b)? = other.nodes[0].tables["feat"] else {
        Issue.record("no dense table")
        return
      }
      #expect(Array(a.bytes) == Array(b.bytes))
    }
    options.seed = 12
    #expect(edges(try options.generate(threads: Threads(1))) != edges(graph))
  }

  @Test func graphsOfASeedStayWhatTheyAre() throws {
    // Saved from the first version: a generated graph is named by its options and seed alone.
    var options = Generators.RMAT(nodes: 1000, edges: 20_000, seed: 3)
    options.features = 5
    options.classes = 4
    let graph = try options.generate(threads: Threads(2))
    let sources = Array(graph.edges[0].sources)
    #expect(sources.prefix(6) == [871, 794, 130, 378, 913, 656])
    guard case .dense(let feat)? = graph.nodes[0].tables["feat"] else { return }
    let digests = [
      sources.withUnsafeBytes { Checksum.of($0) }, Array(graph.edges[0].destinations).withUnsafeBytes { Checksum.of($0) },
      Checksum.of(UnsafeRawBufferPointer(feat.bytes.elements)), Array(graph.nodes[0].labels!).withUnsafeBytes { Checksum.of($0) },
      graph.nodes[0].split.train.withUnsafeBytes { Checksum.of($0) },
    ]
    #expect(
      digests == [
        "f0c556d495c8cf824a2d963244ffda74", "a7a93df2fc22e54052e9da93db583563", "1796e9977bf7acb61b4c25be6823b482",
        "b58fef8e2241906d076db53d5fbd2dbc", "f788ddef2bf66257b57d22687566f14f",
      ])
  }

  @Test func everyNodeCountIsPossible() throws {
    for nodes in [1, 2, 3, 5, 8, 9, 1000, 1025] {
      for seed in 0..<10 as Range<UInt64> {
        let graph = try Generators.RMAT(nodes: nodes, edges: 500, seed: seed).generate(threads: Threads(1))
        #expect(edges(graph).allSatisfy { $0.allSatisfy { $0 < nodes } }, "\(nodes) nodes, seed \(seed)")
        #expect(graph.edges[0].count == 500 && graph.nodes[0].count == nodes)
      }
    }
  }

  @Test func quadrantsHaveTheirProbabilities() throws {
    // With two nodes an edge is one quadrant; which node comes first is the permutation's choice.
    let count = 100_000
    let graph = try Generators.RMAT(nodes: 2, edges: count, seed: 5).generate(threads: Threads(1))
    var counts = [0, 0, 0, 0]
    for (source, destination) in zip(graph.edges[0].sources, graph.edges[0].destinations) { counts[Int(2 * source + destination)] += 1 }
    if counts[0] < counts[3] { counts.reverse() }
    for (found, probability) in zip(counts, [0.57, 0.19, 0.19, 0.05]) {
      let deviation = (probability * (1 - probability) / Double(count)).squareRoot()
      #expect(abs(Double(found) / Double(count) - probability) < 5 * deviation, "\(found) for \(probability)")
    }
  }

  @Test func fewNodesHaveManyEdgesAndTheyAreScattered() throws {
    let nodes = 1 << 14
    let graph = try Generators.RMAT(nodes: nodes, edges: nodes * 16, seed: 1).generate(threads: Threads(2))
    var degrees = [Int](repeating: 0, count: nodes)
    for node in graph.edges[0].sources { degrees[Int(node)] += 1 }
    let hubs = degrees.indices.sorted { degrees[$0] > degrees[$1] }.prefix(100)
    // The expected out-degree of the first node is 16 n · 0.76¹⁴ ≈ 5,600; a uniform graph's largest is about 35.
    #expect(degrees[hubs[0]] > 1000)
    #expect(hubs.reduce(0) { $0 + $1 } / 100 > nodes / 3 && hubs.reduce(0) { $0 + $1 } / 100 < 2 * nodes / 3)
  }

  @Test func onlyTheFirstQuadrantGivesLoopsOfOneNode() throws {
    var options = Generators.RMAT(nodes: 64, edges: 100, seed: 9)
    options.a = 1
    options.b = 0
    options.c = 0
    let graph = try options.generate(threads: Threads(1))
    #expect(Set(edges(graph).flatMap { $0 }).count == 1)
  }

  @Test func featuresAndLabelsAreUniform() throws {
    var options = Generators.RMAT(nodes: 20_000, edges: 0, seed: 2)
    options.features = 3
    options.classes = 4
    let data = try options.generate(threads: Threads(2)).nodes[0]
    guard case .dense(let feat)? = data.tables["feat"] else { return }
    let values = UnsafeRawBufferPointer(feat.bytes.elements).bindMemory(to: Float.self)
    #expect(values.allSatisfy { $0 >= -1 && $0 < 1 })
    // Standard deviation of the mean of 60,000 numbers of variance 1/3: 0.0024.
    #expect(abs(values.reduce(0) { $0 + Double($1) } / 60_000) < 0.012)
    for label in 0..<4 as Range<Int32> { #expect(abs(data.labels!.filter { $0 == label }.count - 5000) < 5 * 62) }
    #expect(data.split.train.count == 2000 && data.split.validation.count == 2000 && data.split.test.count == 16_000)
  }

  @Test func impossibleOptionsAreErrors() {
    func failure(_ change: (inout Generators.RMAT) -> Void) -> String? {
      var options = Generators.RMAT(nodes: 10, edges: 10, seed: 1)
      change(&options)
      return #expect(throws: InputError.self) { try options.generate(threads: Threads(1)) }?.description
    }
    #expect(failure { $0.nodes = 0 } == "rmat nodes: expected 1 to 4294967295, found 0")
    #expect(failure { $0.nodes = 1 << 32 } == "rmat nodes: expected 1 to 4294967295, found 4294967296")
    #expect(failure { $0.edges = -1 } == "rmat edges: expected 0 or more, found -1")
    #expect(failure { $0.b = 0.6 } == "rmat probabilities: expected a ≥ 0.05, b ≥ 0, c ≥ 0, a + b + c ≤ 1, found 0.57, 0.6, 0.19")
    #expect(failure { $0.split.test = 2 }?.hasPrefix("split fractions: expected shares of at least 0") == true)
  }
}
