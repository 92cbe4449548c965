import Dispatch
import Telemetry
import Testing

@Suite struct CountersTests {
  @Test func aNameAlwaysMeansTheSameCounter() {
    let counters = Counters()
    counters.counter("rows.remote").add(3)
    counters.counter("rows.remote").add(4)
    counters.counter("rows.local").add()
    #expect(counters.values == ["rows.remote": 7, "rows.local": 1])
  }

  @Test func threadsLoseNoCount() {
    let counter = Counter()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<10_000 { counter.add(2) }
    }
    #expect(counter.value == 160_000)
  }
}
