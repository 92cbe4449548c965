import Benchmarks
import Foundation
import Testing

@Suite struct BatchSizesTests {
  private var sizes: BatchSizes {
    var sizes = BatchSizes()
    sizes.seeds = 10
    sizes.layers = [(100, 900, 1000), (10, 100, 100)].map { destinations, sources, edges in
      var layer = BatchSizes.Layer()
      (layer.destinations, layer.sources, layer.edges) = (destinations, sources, edges)
      return layer
    }
    (sizes.remoteRows, sizes.remoteNodes, sizes.remoteEdges) = (300, 20, 200)
    return sizes
  }

  @Test func aGraphOfTheSameSizeChangesNothing() {
    let same = sizes.scaled(growth: 1, density: 1, remoteShare: 1, limits: [[15], [10]])
    for (a, b) in zip(same.layers, sizes.layers) {
      for (found, expected) in [(a.sources, b.sources), (a.edges, b.edges), (a.destinations, b.destinations)] {
        #expect(abs(found - expected) <= 1e-6 * expected)
      }
    }
    #expect(abs(same.remoteRows - 300) < 1e-3 && abs(same.remoteNodes - 20) < 1e-6 && abs(same.remoteEdges - 200) < 1e-6)
  }

  @Test func rowsRepeatLessOnALargerGraphAndNeverExceedTheDraws() {
    var last = sizes.layers[0].sources
    for growth in [2.0, 10, 1000] {
      let grown = sizes.scaled(growth: growth, density: 1, remoteShare: 1, limits: [[15], [10]])
      #expect(grown.layers[0].sources > last)
      #expect(grown.layers[0].sources <= grown.layers[0].destinations + grown.layers[0].edges)
      last = grown.layers[0].sources
    }
  }

  @Test func aDenserGraphGivesAtMostTheFanout() {
    let dense = sizes.scaled(growth: 1, density: 100, remoteShare: 1, limits: [[15], [12]])
    #expect(dense.layers[1].edges == 120)
    #expect(abs(dense.layers[0].edges - 15 * dense.layers[0].destinations) < 1e-9)
  }

  /// Draws of known populations, counted.
  @Test func thePopulationIsFoundFromDrawsAndDistinct() {
    for (population, draws) in [(1000.0, 500.0), (5000, 20_000), (1e6, 1e5)] {
      let distinct = BatchSizes.distinct(draws: draws, of: population)
      #expect(abs(distinct - population * (1 - exp(-draws / population))) < 1e-6 * population)
      #expect(abs(BatchSizes.population(draws: draws, distinct: distinct) / population - 1) < 1e-6)
    }
    #expect(BatchSizes.population(draws: 7, distinct: 7) == .infinity)
    #expect(BatchSizes.distinct(draws: 7, of: .infinity) == 7)
  }
}
