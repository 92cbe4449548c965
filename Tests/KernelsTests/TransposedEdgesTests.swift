import Kernels
import Tensors
import Testing

@Suite struct TransposedEdgesTests {
  @Test func edgesOfASourceKeepTheOrderOfTheirDestinations() {
    let edges = Edges([[2, 0], [], [2, 2], [1]], weights: [1, 2, 3, 4, 5])
    let transposed = TransposedEdges()
    transposed.fill(edges.neighborhood, edgeCount: 5, sourceCount: 4, weighted: true, numbered: true, threads: Threads(1))
    #expect(Array(transposed.indptr.elements) == [0, 1, 2, 5, 5])
    #expect(Array(transposed.destinations.elements) == [0, 3, 0, 2, 2])
    #expect(Array(transposed.weights.elements) == [2, 5, 1, 3, 4])
    #expect(Array(transposed.numbers.elements) == [1, 4, 0, 2, 3])
  }

  @Test func anyNumberOfThreadsGivesTheReference() {
    let transposed = TransposedEdges()
    for seed in 0..<4 {
      var draws = Draws(UInt64(seed))
      let (destinations, sources) = ([9000, 1, 12_000, 0][seed], [50, 7, 20_000, 3][seed])
      let edges = Edges(&draws, destinations: destinations, sources: sources, longest: 12)
      var expected = [[UInt32]](repeating: [], count: sources)
      for (destination, list) in edges.lists.enumerated() { for source in list { expected[Int(source)].append(UInt32(destination)) } }
      if edges.count < 1000 { #expect(expected == TransposedEdges.reference(edges.lists, sourceCount: sources)) }
      for threads in 1...3 {
        transposed.fill(edges.neighborhood, edgeCount: edges.count, sourceCount: sources, numbered: true, threads: Threads(threads))
        let found = (0..<sources).map { source in
          (transposed.indptr[source]..<transposed.indptr[source + 1]).map { transposed.destinations[Int($0)] }
        }
        #expect(found == expected)
        for source in 0..<sources {
          let numbers = (transposed.indptr[source]..<transposed.indptr[source + 1]).map { transposed.numbers[Int($0)] }
          #expect(numbers == numbers.sorted() && numbers.allSatisfy { edges.sources[Int($0)] == source })
        }
      }
    }
  }
}
