import Graphs
import Sampling
import Tensors
import Testing

/// Global ids of sampled edges, beside a plain walk over the edges and the definitions of what is taken.
@Suite struct SampledEdgesTests {
  private static let bases: [Int64] = [7_000, 500_000, 40_000_000_000]

  /// The graph of the stored samples with its edges numbered; relation 1 of several has no rows.
  private static func graph(relations: Int) -> InEdges {
    let plain = StoredSamplesTests.graph(relations: relations)
    let firsts = (0..<relations).map { relation -> ArrayView<Int64>? in
      var (row, rows): (Int64, [Int64]) = (0, [])
      for node in 0..<plain.nodeCount {
        rows.append(row)
        for edge in Int(plain.indptr[node])..<Int(plain.indptr[node + 1]) where Int(plain.relations?[edge] ?? 0) == relation { row += 1 }
      }
      return relation == 1 ? nil : ArrayView(rows + [row])
    }
    return InEdges(
      indptr: plain.indptr, indices: plain.indices, relations: plain.relations, original: plain.original,
      haloOriginal: plain.haloOriginal, firstGlobalID: plain.firstGlobalID, halo: plain.halo, degrees: plain.degrees,
      haloDegrees: plain.haloDegrees, edgeIDs: EdgeIDs(bases: Array(bases[..<relations]), firsts: firsts))
  }

  /// Global id of every edge by CSC position, counted one by one.
  private static func ids(of edges: InEdges, relations: Int) -> [Int64] {
    var next = bases
    return (0..<edges.indices.count).map { edge in
      let relation = Int(edges.relations?[edge] ?? 0)
      defer { next[relation] += 1 }
      return relation == 1 ? -1 : next[relation]
    }
  }

  /// CSC positions of what a hop takes of a node: the definition.
  private static func taken(_ local: Int, _ edges: InEdges, _ hop: HopSampler, seed: UInt64) -> [[Int]] {
    hop.limits.enumerated().map { relation, limit in
      let all = (Int(edges.indptr[local])..<Int(edges.indptr[local + 1])).filter { Int(edges.relations?[$0] ?? 0) == relation }
      let key = HopSampler.key(seed: seed, purpose: hop.purpose, hop: hop.hop, relation: relation)
      guard all.count > limit else { return all }
      guard hop.takesExactly else {
        let rule = LaborRule(key: key, step: hop.step)
        return all.filter { rule.takes(source: edges.originalSource(of: $0), degree: all.count, limit: limit) }
      }
      var picks = [UInt32](repeating: 0, count: limit)
      let picker = NeighborPicker(key: key, step: hop.step)
      picks.withUnsafeMutableBufferPointer {
        picker.pick(limit, of: all.count, id: UInt64(edges.original[local]), into: $0.baseAddress!)
      }
      return picks.map { all[Int($0)] }
    }
  }

  /// Every instruction set and purpose, several seeds, relations and threads, all sizes of lists that the kernels distinguish: ids are those
  /// of the taken edges, and what is taken is the same as without ids.
  @Test(arguments: [UInt32(0), 1, 2], [RandomPurpose.sample, .evaluation, .labor])
  func idsAreThoseOfTheTakenEdges(instructions: UInt32, purpose: RandomPurpose) {
    for (relations, lists) in [
      (1, [[1], [5], [64], [65], [128], [129], [300], [.max]]), (3, [[2, 25, 7], [.max, 1, 140], [3, 3, .max]]),
    ] {
      let edges = Self.graph(relations: relations)
      let ids = Self.ids(of: edges, relations: relations)
      let source = LocalNeighborSource(edges, instructions: instructions)
      for (number, limits) in lists.enumerated() {
        let (seed, step) = (UInt64(90 + number), UInt32(number * number))
        let hop = HopSampler(seed: seed, purpose: purpose, hop: number % 3, step: step, limits: limits, wantsEdges: true)
        let plain = HopSampler(seed: seed, purpose: purpose, hop: number % 3, step: step, limits: limits)
        let locals = (0..<300).map { ($0 * 77 + number) % 300 }
        let nodes = locals.map { GlobalID(Int64(5000 + $0)) }
        let (found, without) = (SampledNeighbors(relationCount: relations), SampledNeighbors(relationCount: relations))
        nodes.withUnsafeBufferPointer { nodes in
          source.sample([nodes], hop: hop, into: [found], threads: Threads(1 + number % 3))
          source.sample([nodes], hop: plain, into: [without], threads: Threads(1))
        }
        let expected = locals.flatMap { Self.taken($0, edges, hop, seed: seed).joined().map { ids[$0] } }
        #expect(found.hasEdges && Array(found.edges.elements) == expected, "\(limits)")
        #expect(!without.hasEdges && without.edges.elements.isEmpty)
        #expect(Array(found.sources.elements) == Array(without.sources.elements), "\(limits)")
        #expect(Array(found.counts.elements) == Array(without.counts.elements), "\(limits)")
      }
    }
  }

  /// In every relation of a block edge `i` has the id of an edge from row `sources[i]` to its destination, in canonical order.
  @Test(arguments: [1, 3], [1, 2, 3])
  func blocksKeepIDsBesideSources(relations: Int, threads: Int) {
    let edges = Self.graph(relations: relations)
    let ids = Self.ids(of: edges, relations: relations)
    let neighbors = SampledNeighbors(relationCount: relations)
    let block = Block(relationCount: relations)
    let builder = BlockBuilder(chunk: 32 * threads, regionSize: 64)
    for seed in 0..<20 as Range<UInt64> {
      let limits = (0..<relations).map { [4, .max, 70, 1][(Int(seed) + $0) % 4] }
      let hop = HopSampler(seed: seed, purpose: seed % 3 == 0 ? .labor : .sample, hop: 1, step: 3, limits: limits, wantsEdges: true)
      let locals = (0..<100 + Int(seed)).map { (7 * $0 + Int(seed)) % 300 }
      let nodes = locals.map { GlobalID(Int64(5000 + $0)) }
      nodes.withUnsafeBufferPointer { nodes in
        LocalNeighborSource(edges).sample([nodes], hop: hop, into: [neighbors], threads: Threads(threads))
        builder.build(block, destinations: nodes, neighbors: neighbors, threads: Threads(threads))
      }
      #expect(block.hasEdges)
      for (relation, list) in block.relations.enumerated() {
        let expected = locals.map { Self.taken($0, edges, hop, seed: seed)[relation] }
        #expect(Array(list.edges.elements) == expected.joined().map { ids[$0] }, "seed \(seed), relation \(relation)")
        let rows = list.sources.elements.map { block.sourceIDs[Int($0)].rawValue }
        #expect(rows == expected.joined().map { edges.source(of: $0) }, "seed \(seed), relation \(relation)")
      }
    }
    let plain = HopSampler(seed: 1, hop: 1, step: 3, limits: Array(repeating: 4, count: relations))
    let nodes = [GlobalID(5003), GlobalID(5049)]
    nodes.withUnsafeBufferPointer { nodes in
      LocalNeighborSource(edges).sample([nodes], hop: plain, into: [neighbors], threads: Threads(1))
      builder.build(block, destinations: nodes, neighbors: neighbors)
    }
    #expect(!block.hasEdges && block.relations.allSatisfy { $0.edges.elements.isEmpty })
  }

  /// Two in-edges from one source, and rows that do not begin with the part's first edge: written out.
  @Test func parallelEdgesHaveIDsOfTheirOwn() {
    let edges = InEdges(
      indptr: ArrayView([0, 2, 5]), indices: ArrayView([1, 1, 0, 1, 1]), relations: ArrayView([0, 1, 0, 0, 1]),
      original: ArrayView([4, 2]),
      haloOriginal: ArrayView(), firstGlobalID: 30, halo: ArrayView(), degrees: ArrayView([2, 3]), haloDegrees: ArrayView(),
      edgeIDs: EdgeIDs(bases: [100, 200], firsts: [ArrayView([0, 1, 3]), ArrayView([0, 1, 2])]))
    let neighbors = SampledNeighbors(relationCount: 2)
    let hop = HopSampler(seed: 0, hop: 0, step: 0, limits: [.max, .max], wantsEdges: true)
    let nodes = [GlobalID(31), GlobalID(30)]
    nodes.withUnsafeBufferPointer { LocalNeighborSource(edges).sample([$0], hop: hop, into: [neighbors], threads: Threads(1)) }
    #expect(neighbors.sources.elements.map(\.rawValue) == [30, 31, 31, 31, 31])
    #expect(Array(neighbors.edges.elements) == [101, 102, 201, 100, 200])
  }
}
