import Graphs
import Sampling
import Tensors
import Testing

@Suite struct BlockBuilderTests {
  /// A part with inner nodes 100, 101, 102 (originals 7, 3, 9) and halo nodes 40 and 250.
  ///
  /// In-edges: 100 ← 101, 40; 101 ← nothing; 102 ← 100, 102, 250, 101.
  private let edges = InEdges(
    indptr: ArrayView([0, 2, 2, 6]), indices: ArrayView([1, 3, 0, 2, 4, 1]), relations: nil, original: ArrayView([7, 3, 9]),
    haloOriginal: ArrayView([1, 2]), firstGlobalID: 100, halo: ArrayView([40, 250]), degrees: ArrayView([2, 0, 4]),
    haloDegrees: ArrayView([9, 5]))

  private func ids(_ values: [Int64]) -> [GlobalID] { values.map { GlobalID($0) } }

  private func build(_ destinations: [Int64], limit: Int, edges: InEdges, relations: Int = 1, threads: Int = 1, degrees: Bool = false)
    -> Block
  {
    let block = Block(relationCount: relations)
    let neighbors = SampledNeighbors(relationCount: relations)
    let hop = HopSampler(seed: 1, hop: 0, step: 0, limits: Array(repeating: limit, count: relations), wantsDegrees: degrees)
    ids(destinations).withUnsafeBufferPointer { nodes in
      LocalNeighborSource(edges).sample([nodes], hop: hop, into: [neighbors], threads: Threads(threads))
      BlockBuilder().build(block, destinations: nodes, neighbors: neighbors)
    }
    return block
  }

  @Test func rowsFollowFirstAppearance() {
    let block = build([102, 100], limit: .max, edges: edges)
    #expect(block.destinationCount == 2)
    #expect(Array(block.sourceIDs.elements) == ids([102, 100, 250, 101, 40]))
    #expect(Array(block.relations[0].indptr.elements) == [0, 4, 6])
    #expect(Array(block.relations[0].sources.elements) == [1, 0, 2, 3, 3, 4])
  }

  @Test func isolatedAndEmptyDestinationsHaveNoEdges() {
    let isolated = build([101], limit: .max, edges: edges)
    #expect(Array(isolated.relations[0].indptr.elements) == [0, 0])
    #expect(Array(isolated.sourceIDs.elements) == ids([101]))
    let empty = build([], limit: .max, edges: edges)
    #expect(empty.destinationCount == 0 && empty.sourceCount == 0 && Array(empty.relations[0].indptr.elements) == [0])
  }

  @Test func relationsGetTheirOwnLists() {
    let typed = InEdges(
      indptr: edges.indptr, indices: edges.indices, relations: ArrayView([0, 1, 0, 0, 1, 1]), original: edges.original,
      haloOriginal: edges.haloOriginal, firstGlobalID: 100, halo: edges.halo, degrees: edges.degrees, haloDegrees: edges.haloDegrees)
    let block = build([102, 100], limit: .max, edges: typed, relations: 2, degrees: true)
    #expect(Array(block.sourceIDs.elements) == ids([102, 100, 250, 101, 40]))
    #expect(Array(block.relations[0].indptr.elements) == [0, 2, 3])
    #expect(Array(block.relations[0].sources.elements) == [1, 0, 3])
    #expect(Array(block.relations[1].indptr.elements) == [0, 2, 3])
    #expect(Array(block.relations[1].sources.elements) == [2, 3, 4])
    #expect(block.relations.map { Array($0.degrees.elements) } == [[2, 1], [2, 1]])
    #expect(Array(block.sourceDegrees.elements) == [4, 2, 5, 0, 9])
  }

  /// Degrees are those of the whole graph, however few edges are taken; who does not ask gets none.
  @Test func degreesCountWhatIsNotSampled() {
    let block = build([102, 101], limit: 1, edges: edges, degrees: true)
    #expect(block.hasDegrees && Array(block.relations[0].indptr.elements) == [0, 1, 1])
    #expect(Array(block.relations[0].degrees.elements) == [4, 0])
    let expected: [Int64: UInt32] = [102: 4, 101: 0, 100: 2, 250: 5, 40: 9]
    #expect(Array(block.sourceDegrees.elements) == block.sourceIDs.elements.map { expected[$0.rawValue]! })
    let without = build([102, 101], limit: 1, edges: edges)
    #expect(!without.hasDegrees && without.sourceDegrees.elements.isEmpty && without.relations[0].degrees.elements.isEmpty)
  }

  /// What a destination samples does not depend on its neighbours in the list, nor on the threads.
  @Test func aSampleDependsOnNothingButTheNode() {
    let count = 400
    let degree = 30
    let graph = InEdges(
      indptr: ArrayView((0...count).map { Int64($0 * degree) }),
      indices: ArrayView((0..<count * degree).map { UInt32(($0 * 7919) % count) }), relations: nil,
      original: ArrayView((0..<count).map { Int64($0 * 3) }), haloOriginal: ArrayView(), firstGlobalID: 0, halo: ArrayView(),
      degrees: ArrayView(Array(repeating: UInt32(degree), count: count)), haloDegrees: ArrayView())
    func sample(_ nodes: [Int64], threads: Int) -> [Int64: [Int64]] {
      let neighbors = SampledNeighbors(relationCount: 1)
      ids(nodes).withUnsafeBufferPointer {
        LocalNeighborSource(graph).sample(
          [$0], hop: HopSampler(seed: 3, hop: 1, step: 8, limits: [6]), into: [neighbors], threads: Threads(threads))
      }
      return Dictionary(
        uniqueKeysWithValues: nodes.enumerated().map { row, node in
          (node, neighbors.sources.elements[row * 6..<row * 6 + 6].map(\.rawValue))
        })
    }
    let all = sample((0..<Int64(count)).map { $0 }, threads: 3)
    let reversed = sample((0..<Int64(count)).reversed().map { $0 }, threads: 1)
    #expect(all == reversed)
    #expect(sample([17], threads: 1)[17] == all[17])
  }

  /// Many lists with few and with many repetitions, cut into many chunks and regions: rows are those of a dictionary.
  @Test func rowsAreThoseOfADictionary() {
    let builders = [(16, 4), (100, 64), (1 << 14, 1 << 14)].map { BlockBuilder(chunk: $0, regionSize: $1) }
    for seed in 0..<60 {
      let key = RandomKey(seed: UInt64(seed), purpose: .generator)
      let words = key.bits(id: 0, step: 0)
      let (destinations, edges) = (Int(words[0] % 70), Int(words[1] % 3000))
      let space = [50, 700, 1 << 20, (1 << 36) - 2][seed % 4]
      var heads: [GlobalID] = []
      for index in 0..<destinations {
        let id = GlobalID(Int64(key.bits(id: UInt64(index), step: 1)[0]) * 17 % Int64(space))
        if !heads.contains(id) { heads.append(id) }
      }
      let neighbors = SampledNeighbors(relationCount: 1)
      for index in heads.indices {
        neighbors.counts.append(UInt32((index + 1) * edges / heads.count - index * edges / heads.count))
      }
      for edge in 0..<(heads.isEmpty ? 0 : edges) {
        let bits = key.bits(id: UInt64(edge), step: 2)
        neighbors.sources.append(GlobalID(Int64((UInt64(bits[0]) << 32 | UInt64(bits[1])) % UInt64(space))))
      }
      var rows: [GlobalID: UInt32] = [:]
      var ids: [GlobalID] = []
      for id in heads + Array(neighbors.sources.elements) where rows[id] == nil {
        rows[id] = UInt32(ids.count)
        ids.append(id)
      }
      for (threads, builder) in zip([1, 3, 2], builders) {
        let block = Block(relationCount: 1)
        heads.withUnsafeBufferPointer { builder.build(block, destinations: $0, neighbors: neighbors, threads: Threads(threads)) }
        #expect(Array(block.sourceIDs.elements) == ids, "seed \(seed)")
        #expect(Array(block.relations[0].sources.elements) == neighbors.sources.elements.map { rows[$0]! }, "seed \(seed)")
      }
    }
  }
}
