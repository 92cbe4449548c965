import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct AdjacencyTests {
  private func graph(_ count: Int, _ list: [(UInt32, UInt32)]) -> RawGraph {
    let edges = EdgeList(sources: ArrayView(list.map(\.0)), destinations: ArrayView(list.map(\.1)))
    return RawGraph(name: "small", schema: .plain, nodes: [NodeData(count: count)], edges: [edges])
  }

  @Test func edgesInEitherDirectionAreMergedAndLoopsDropped() throws {
    let adjacency = try Adjacency(graph(6, [(0, 1), (1, 0), (0, 1), (2, 2), (4, 2), (3, 0)]), threads: Threads(2))
    #expect(Array(adjacency.offsets.view) == [0, 2, 3, 4, 5, 6, 6])
    #expect(Array(adjacency.neighbours.view) == [1, 3, 0, 4, 0, 2])
    #expect(adjacency.weights.map { Array($0.view) } == [3, 1, 3, 1, 1, 1])
  }

  @Test func equalWeightsAreLeftOut() throws {
    let once = try Adjacency(graph(3, [(0, 1), (2, 1)]), threads: Threads(1))
    #expect(Array(once.neighbours.view) == [1, 0, 2, 1])
    #expect(once.weights == nil)
    let twice = try Adjacency(graph(3, [(0, 1), (2, 1), (1, 0), (1, 2)]), threads: Threads(1))
    #expect(Array(twice.offsets.view) == [0, 1, 3, 4])
    #expect(Array(twice.neighbours.view) == [1, 0, 2, 1])
    #expect(twice.weights == nil)
  }

  @Test func nodesWithoutEdgesHaveEmptyRows() throws {
    let adjacency = try Adjacency(graph(4, []), threads: Threads(2))
    #expect(Array(adjacency.offsets.view) == [0, 0, 0, 0, 0])
    #expect(adjacency.neighbours.count == 0)
  }

  @Test func rowsInFilesAreTheSame() throws {
    let directory = try TemporaryDirectory()
    for seed in 0..<50 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let expected = try Adjacency(graph, threads: Threads(1))
      for bytes in [4, 64, 4096] {
        let found = try Adjacency(graph, storage: .files(in: directory.path, bufferBytes: bytes), threads: Threads(2))
        #expect(Array(found.offsets.view) == Array(expected.offsets.view), "seed \(seed), \(bytes) bytes")
        #expect(Array(found.neighbours.view) == Array(expected.neighbours.view), "seed \(seed), \(bytes) bytes")
        #expect(found.weights.map { Array($0.view) } == expected.weights.map { Array($0.view) }, "seed \(seed), \(bytes) bytes")
      }
    }
  }

  @Test func neighboursAreRepeatedOnlyWhereThatTakesLess() throws {
    let list: [(UInt32, UInt32)] = [(0, 1), (1, 0), (2, 1), (3, 2), (0, 4)]
    let repeated = try Adjacency(graph(5, list), repeatsFrom: 10, threads: Threads(2))
    #expect(Array(repeated.offsets.view) == [0, 3, 6, 8, 9, 10])
    #expect(Array(repeated.neighbours.view) == [1, 1, 4, 0, 0, 2, 1, 3, 2, 0] && repeated.weights == nil)
    #expect(try Adjacency(graph(5, list), repeatsFrom: 11, threads: Threads(1)).weights != nil)
    // Three times is more than a weight takes; twice each is a common factor.
    #expect(try Adjacency(graph(3, [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 2)]), repeatsFrom: 0, threads: Threads(1)).weights != nil)
    #expect(try Adjacency(graph(3, [(0, 1), (0, 1), (2, 1), (2, 1)]), repeatsFrom: 0, threads: Threads(1)).neighbours.count == 4)
  }

  @Test func randomGraphsAgreeWithADictionary() throws {
    for seed in 0..<50 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let numbering = NodeNumbering(graph)
      var weights = [[Int: Int]](repeating: [:], count: numbering.count)
      for (relation, edges) in zip(graph.schema.relations, graph.edges) {
        for (source, destination) in zip(edges.sources, edges.destinations) {
          let ends = (numbering.offsets[relation.source] + Int(source), numbering.offsets[relation.destination] + Int(destination))
          guard ends.0 != ends.1 else { continue }
          weights[ends.0][ends.1, default: 0] += 1
          weights[ends.1][ends.0, default: 0] += 1
        }
      }
      let adjacency = try Adjacency(graph, threads: Threads(3))
      let counts = Set(weights.flatMap(\.values))
      #expect((adjacency.weights == nil) == (counts.count <= 1), "seed \(seed)")
      for node in 0..<numbering.count {
        let row = Int(adjacency.offsets[node])..<Int(adjacency.offsets[node + 1])
        #expect(row.map { Int(adjacency.neighbours[$0]) } == weights[node].keys.sorted(), "seed \(seed), node \(node)")
        if let stored = adjacency.weights {
          #expect(row.map { Int(stored[$0]) } == weights[node].sorted { $0.key < $1.key }.map(\.value), "seed \(seed), node \(node)")
        }
      }
    }
  }
}
