import Graphs
import Sampling
import Tensors
import Testing

@Suite struct HopSamplerTests {
  /// What a hop takes of inner node `local`, edge by edge: the definition, from `NeighborPicker` and `LaborRule`.
  private func defined(_ local: Int, _ edges: InEdges, _ hop: HopSampler, seed: UInt64) -> [[Int]] {
    hop.limits.enumerated().map { relation, limit in
      let range = edges.edges(of: local, relation: relation)
      let key = HopSampler.key(seed: seed, purpose: hop.purpose, hop: hop.hop, relation: relation)
      guard range.count > limit else { return Array(range) }
      guard hop.takesExactly else {
        let rule = LaborRule(key: key, step: hop.step)
        return range.filter { rule.takes(source: edges.originalSource(of: $0), degree: range.count, limit: limit) }
      }
      let picks = [UInt32](unsafeUninitializedCapacity: limit) { buffer, count in
        if let base = buffer.baseAddress {
          NeighborPicker(key: key, step: hop.step).pick(limit, of: range.count, id: UInt64(edges.original[local]), into: base)
        }
        count = limit
      }
      return picks.map { range.lowerBound + Int($0) }
    }
  }

  /// Every instruction set, any threads, all sizes of lists that the kernels distinguish.
  @Test(arguments: [UInt32(0), 1, 2], [RandomPurpose.sample, .evaluation, .labor])
  func kernelsFollowTheDefinition(instructions: UInt32, purpose: RandomPurpose) {
    for (relations, limits) in [(1, [[1], [3], [5], [15], [64], [65], [128], [129], [300], [.max]]), (3, [[2, 25, 7], [.max, 1, 140]])] {
      let edges = StoredSamplesTests.graph(relations: relations)
      let source = LocalNeighborSource(edges, instructions: instructions)
      for (number, limits) in limits.enumerated() {
        let hop = HopSampler(seed: 5, purpose: purpose, hop: number, step: 7, limits: limits, wantsDegrees: number % 2 == 0)
        let nodes = (0..<300).reversed().map { GlobalID(Int64(5000 + $0)) }
        let found = SampledNeighbors(relationCount: relations)
        nodes.withUnsafeBufferPointer { source.sample([$0], hop: hop, into: [found], threads: Threads(1 + number % 3)) }
        var (counts, sources, degrees, sourceDegrees): ([UInt32], [Int64], [UInt32], [UInt32]) = ([], [], [], [])
        for local in (0..<300).reversed() {
          for (relation, taken) in defined(local, edges, hop, seed: 5).enumerated() {
            counts.append(UInt32(taken.count))
            degrees.append(UInt32(edges.edges(of: local, relation: relation).count))
            for edge in taken {
              sources.append(edges.source(of: edge))
              let row = Int(edges.indices[edge])
              sourceDegrees.append(row < 300 ? edges.degrees[row] : edges.haloDegrees[row - 300])
            }
          }
        }
        #expect(Array(found.counts.elements) == counts, "\(limits)")
        #expect(found.sources.elements.map(\.rawValue) == sources, "\(limits)")
        if hop.wantsDegrees {
          #expect(Array(found.degrees.elements) == degrees && Array(found.sourceDegrees.elements) == sourceDegrees, "\(limits)")
        }
      }
    }
  }

  @Test func laborTakesAllOfShortListsAndTheLimitOnAverage() {
    let rule = { (step: UInt32) in LaborRule(key: HopSampler.key(seed: 3, purpose: .labor, hop: 1, relation: 0), step: step) }
    for degree in 0...10 { #expect((0..<1000).allSatisfy { rule(0).takes(source: $0, degree: degree, limit: 10) }) }
    var taken = 0
    for step in 0..<2000 {
      for source in 0..<40 where rule(UInt32(step)).takes(source: Int64(source), degree: 40, limit: 10) { taken += 1 }
    }
    // Binomial: 80,000 draws of probability 1/4, deviation 122.
    #expect(abs(taken - 20_000) < 740)
  }

  /// One number for each source: who takes it at a limit of 1/2 of its edges takes it at 3/4, whatever the destination.
  @Test func laborDestinationsShareSources() {
    let rule = LaborRule(key: HopSampler.key(seed: 9, purpose: .labor, hop: 0, relation: 2), step: 4)
    for source in 0..<1000 where rule.takes(source: Int64(source), degree: 20, limit: 10) {
      #expect(rule.takes(source: Int64(source), degree: 40, limit: 30))
    }
    #expect(HopSampler.key(seed: 9, purpose: .labor, hop: 0, relation: 2) == HopSampler.key(seed: 9, purpose: .labor, hop: 0, relation: 0))
  }

  /// The contract: what LABOR takes never changes.
  @Test func laborKeepsItsValues() {
    let rule = LaborRule(key: HopSampler.key(seed: 1, purpose: .labor, hop: 2, relation: 0), step: 3)
    #expect((0..<40).filter { rule.takes(source: Int64($0) << 33, degree: 40, limit: 10) } == [0, 1, 5, 9, 12, 13, 17, 30, 38])
  }
}
