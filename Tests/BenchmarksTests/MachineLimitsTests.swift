import Benchmarks
import Foundation
import Tensors
import Testing

@Suite struct MachineLimitsTests {
  @Test func aRateIsTheMedianAndTheSpreadOfItsTrials() {
    let odd = Rate(trials: [3, 1, 2])
    #expect(odd.median == 2 && odd.lowest == 1 && odd.highest == 3)
    #expect(Rate(trials: [4, 1, 2, 8]).median == 3)
    #expect(Rate(trials: [5]) == Rate(trials: [5, 5]))
  }

  @Test func everyLimitIsMeasuredAndEncodes() throws {
    let forms: [ProductShape.Form] = [.forward, .weightGradient, .inputGradient]
    let plan = LimitPlan(
      rowBytes: 400, strideBytes: 448, tableBytes: 4 << 20, adjacencyBytes: 1 << 20, streamBytes: 1 << 20,
      products: forms.map { ProductShape(rows: 700, inner: 32, columns: 16, form: $0) }, trials: 3)
    let limits = MachineLimits.measure(plan, threads: Threads(2))
    #expect(limits.threads == 2 && limits.products.map(\.shape) == plan.products)
    for rate in [limits.streamRead, limits.streamCopy, limits.randomRows, limits.randomLines] + limits.products.map(\.rate) {
      #expect(rate.lowest > 0 && rate.lowest <= rate.median && rate.median <= rate.highest && rate.highest.isFinite)
    }
    #expect(try JSONDecoder().decode(MachineLimits.self, from: JSONEncoder().encode(limits)) == limits)
    #expect(plan.products[0].operations == 2 * 700 * 32 * 16)
  }
}
