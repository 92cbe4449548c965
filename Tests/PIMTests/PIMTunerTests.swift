import PIM
import Tensors
import Testing

@Suite struct PIMTunerTests {
  /// 2 ranks: slices 1 and 2 of 2 clusters, 1, 2 and 4 of 4, with 10 layouts each; one column allows one part.
  @Test func candidatesAreAllThatExist() {
    var tuner = PIMTuner(.small([4, 4]))
    tuner.clustersPerRank = [1, 2]
    #expect(tuner.candidates(columns: 8).count == 5 * 10)
    #expect(Set(tuner.candidates(columns: 8)).count == 50)
    #expect(tuner.candidates(columns: 1).allSatisfy { $0.columnParts == 1 })
    tuner.elementTypes = PIMElementType.allCases
    tuner.addOnly = [false, true]
    #expect(tuner.candidates(columns: 8).count == 5 * 10 * 8)
  }

  @Test func theFirstOfTheRankedCostsLeast() throws {
    var draws = Draws(11)
    let graph = Graph(&draws, destinations: 200, sources: 200, longest: 20)
    let degrees = PIMDegrees(graph.edges, sourceCount: 200)
    let tuner = PIMTuner(.small([4, 4]))
    let ranked = tuner.ranked(degrees, columns: 8)
    #expect(ranked.count == tuner.candidates(columns: 8).count)
    for choice in ranked {
      #expect(choice.times.total >= ranked[0].times.total)
      #expect(try PIMAggregation(tuner.topology, choice.strategy).estimate(degrees, columns: 8) == choice.times)
    }
    #expect(tuner.best(degrees, columns: 8) == ranked[0])
    withExtendedLifetime(graph) {}
  }

  /// 12 KiB hold half of the columns of all rows, but not all columns of sums beside half of the sources.
  @Test func whatDoesNotFitIsLeftOut() {
    var machine = PIMTopology.small([1, 1])
    machine.bankBytes = 12 << 10
    let degrees = PIMDegrees(ArrayView([UInt32](repeating: 1, count: 256)), sourceCount: 256)
    var tuner = PIMTuner(machine)
    tuner.clustersPerRank = [1]
    let ranked = tuner.ranked(degrees, columns: 8)
    #expect(!ranked.isEmpty && ranked.count < tuner.candidates(columns: 8).count)
    #expect(ranked.allSatisfy { $0.times.bankBytes <= 12 << 10 })
    machine.bankBytes = 64
    #expect(PIMTuner(machine).best(degrees, columns: 8) == nil)
  }

  @Test func choicesAreNearThoseOfExhaustiveRuns() throws {
    let ratios = try (0..<3).map { try TunerOracle(seed: UInt64(100 + $0), nodes: 200).ratios().graph }
    #expect(ratios.allSatisfy { $0 >= 1 && $0 <= 1.10 }, "\(ratios)")
    #expect(ratios.reduce(0, +) / 3 <= 1.03, "\(ratios)")
  }
}
