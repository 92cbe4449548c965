import KVStore
import Tensors
import Testing

@Suite struct CachePlanTests {
  // MARK: Literals

  @Test func noneKeepsNothing() {
    let places = decide(CachePlan(policy: .none, capacity: 4, spare: 2, scores: nil), [[7, 8], [7], []])
    #expect(places == [[.pass, .pass], [.pass], []])
  }

  @Test(arguments: [CachePolicy.halo, .degree, .vip])
  func fixedPoliciesKeepTheHighestScores(policy: CachePolicy) {
    // Of equal scores the smaller id: slots are given to 40, 10, 20; 30 has no place, 60 no score, 50 nothing to be kept for.
    let scores = RowScores(ids: ArrayView([10, 20, 30, 40, 50]), values: ArrayView([2, 2, 2, 5, 0]))
    let places = decide(
      CachePlan(policy: policy, capacity: 3, spare: 0, scores: scores), [[30, 20], [20, 40, 60], [50, 40, 30, 20], [10], [10]])
    #expect(
      places == [
        [.pass, .fill(2)], [.hit(2), .fill(0), .pass], [.pass, .hit(0), .pass, .hit(2)], [.fill(1)], [.hit(1)],
      ])
  }

  @Test func theWindowKeepsWhatIsNeededSoonest() {
    // One row is kept: of three that the next step needs the first, until step 3 brings one that is needed again.
    let places = decide(
      CachePlan(policy: .window, capacity: 1, spare: 4, scores: nil), [[1, 2, 3], [1, 2, 3], [1], [3], [3]], window: 2)
    #expect(places.map { $0.map(\.isPulled) } == [[true, true, true], [false, true, true], [false], [true], [false]])
  }

  @Test func behindTheWindowCommonRowsAreKept() {
    // 5 has been needed three times, 6 once; neither is announced again when step 3 is decided.
    let places = decide(CachePlan(policy: .window, capacity: 1, spare: 4, scores: nil), [[5], [5], [5], [6], [5], [6]], window: 1)
    #expect(places.map { $0.map(\.isPulled) } == [[true], [false], [false], [true], [false], [true]])
  }

  @Test func probabilitiesTakeThePlaceOfCounts() {
    let scores = RowScores(ids: ArrayView([5, 6]), values: ArrayView([0.001, 0.5]))
    let places = decide(CachePlan(policy: .window, capacity: 1, spare: 4, scores: scores), [[5], [5], [5], [6], [5], [6]], window: 1)
    #expect(places.map { $0.map(\.isPulled) } == [[true], [false], [false], [true], [true], [false]])
  }

  @Test func aSlotIsFilledAgainOnlyWhenItsReadersAreDone() {
    let plan = CachePlan(policy: .window, capacity: 1, spare: 0, scores: nil)
    for rows in [[1], [2], [2], [2], [2], [1]] as [[Int64]] { announce(rows, plan) }
    // Row 2 takes the place of row 1, which is needed later, and whose slot step 0 still reads.
    #expect(step(plan) == [.fill(0)])
    #expect(step(plan) == [.pass])
    #expect(step(plan) == [.pass])
    plan.finished(before: 1)
    #expect(step(plan) == [.fill(0)])
    #expect(step(plan) == [.hit(0)])
    #expect(plan.givenUpRows == 1)
  }

  // MARK: Properties

  @Test func withAllStepsAnnouncedNoCacheDoesBetter() {
    for seed in 0..<150 as Range<UInt64> {
      let rows = 5 + Int(seed % 40)
      let trace = RandomTrace.make(seed: seed, rows: rows, steps: 4 + Int(seed % 60), density: 0.05 + 0.13 * Double(seed % 7))
      for capacity in [0, 1, 2, rows / 3, rows - 1, rows + 3] {
        let plan = CachePlan(policy: .window, capacity: capacity, spare: rows, scores: nil)
        let run = SimulatedCache(
          plan, trace, capacity: capacity, window: trace.stepCount, depth: 0, place: "seed \(seed), capacity \(capacity)")
        #expect(run.pulls == OfflineCache.pulls(trace, capacity: capacity), "seed \(seed), capacity \(capacity)")
      }
    }
  }

  @Test func slotsHoldWhatStepsFindInThem() {
    for seed in 0..<200 as Range<UInt64> {
      let trace = RandomTrace.make(seed: seed, rows: 60, steps: 30, density: 0.2 + 0.2 * Double(seed % 4), spread: 1 << Int64(seed % 27))
      let (capacity, window, depth) = (Int(seed % 9) * 7, 1 + Int(seed % 8), Int(seed % 5))
      // With room for all that steps under way can give up, with some, and without any.
      for spare in [60 * (depth + 1), Int(seed % 11), 0] {
        for policy in CachePolicy.allCases {
          let plan = CachePlan(policy: policy, capacity: capacity, spare: spare, scores: policy == .none ? nil : scores(of: trace, seed))
          let run = SimulatedCache(
            plan, trace, capacity: capacity, window: window, depth: depth, place: "seed \(seed), \(policy), spare \(spare)")
          #expect(run.pulls.reduce(0, +) >= OfflineCache.pulls(trace, capacity: capacity).reduce(0, +), "seed \(seed), \(policy)")
        }
      }
    }
  }

  @Test func whatIsKeptDoesNotDependOnTime() {
    for seed in 0..<60 as Range<UInt64> {
      let trace = RandomTrace.make(seed: seed, rows: 80, steps: 25)
      let pulls = [0, 1, 4].map { depth in
        let plan = CachePlan(policy: .window, capacity: 20, spare: 80 * 5, scores: nil)
        return SimulatedCache(plan, trace, capacity: 20, window: 3, depth: depth, place: "seed \(seed), depth \(depth)").pulls
      }
      #expect(pulls[1] == pulls[0] && pulls[2] == pulls[0], "seed \(seed)")
    }
  }

  /// No row is dropped that is needed sooner than one that is kept, nor is, of those not announced, a clearly more common one.
  @Test func everyStepKeepsTheBestOfItsCandidates() {
    for seed in 0..<80 as Range<UInt64> {
      let trace = RandomTrace.make(seed: seed, rows: 50, steps: 24, density: 0.6)
      let (capacity, window) = (5 + Int(seed % 20), 1 + Int(seed % 5))
      let plan = CachePlan(policy: .window, capacity: capacity, spare: 200, scores: nil)
      var kept: Set<Int64> = []
      _ = SimulatedCache(plan, trace, capacity: capacity, window: window, depth: 1, place: "seed \(seed)") { step in
        let candidates = kept.union(trace.ids[trace.positions(of: step)])
        let announced = min(trace.stepCount, step + window)
        func nextStep(_ id: Int64) -> Int {
          (step + 1..<max(step + 1, announced)).first { trace.ids[trace.positions(of: $0)].contains(id) } ?? .max
        }
        func uses(_ id: Int64) -> Int { (0..<announced).count { trace.ids[trace.positions(of: $0)].contains(id) } }
        kept = candidates.filter { plan.keeps($0) }
        let dropped = candidates.subtracting(kept)
        #expect(kept.count == min(capacity, candidates.count), "seed \(seed), step \(step)")
        let last = kept.map(nextStep).max() ?? 0
        #expect(dropped.allSatisfy { nextStep($0) >= last }, "seed \(seed), step \(step)")
        let rarest = kept.filter { nextStep($0) == .max }.map(uses).min() ?? 0
        let dearest = dropped.filter { nextStep($0) == .max }.map(uses).max() ?? 0
        // A class is a sixteenth of an octave.
        #expect(last < .max || Double(dearest) <= Double(rarest) * 1.07, "seed \(seed), step \(step)")
      }
    }
  }

  /// More rows pass by than the plan remembers.
  @Test func rareRowsAreForgotten() {
    var trace = RowTrace()
    for step in 0..<60 {
      // Fifty rows of every step, a hundred of every other, and five hundred that never come again.
      trace.append(Array(0..<50) + (step % 2 == 0 ? Array(50..<150) : []) + (0..<500).map { Int64(1_000 + step * 500 + $0) })
    }
    let plan = CachePlan(policy: .window, capacity: 150, spare: 600, scores: nil)
    let run = SimulatedCache(plan, trace, capacity: 150, window: 1, depth: 1, place: "many rows")
    #expect(run.pulls.dropFirst(4).allSatisfy { $0 == 500 }, "\(run.pulls)")
    #expect(plan.bookkeepingBytes < 1 << 20, "\(plan.bookkeepingBytes) bytes")
  }

  @Test func manyStepsAndRowsCanBeAnnounced() {
    let trace = RandomTrace.make(seed: 9, rows: 400, steps: 200, density: 0.4)
    let plan = CachePlan(policy: .window, capacity: 100, spare: 400, scores: nil)
    let run = SimulatedCache(plan, trace, capacity: 100, window: 150, depth: 0, place: "150 steps")
    let fewest = OfflineCache.pulls(trace, capacity: 100).reduce(0, +)
    #expect(run.pulls.reduce(0, +) == fewest)
  }

  private func scores(of trace: RowTrace, _ seed: UInt64) -> RowScores {
    let ids = Set(trace.ids).sorted().filter { ($0 >> Int64(seed % 27)) % 5 != 3 }
    return RowScores(ids: ArrayView(ids), values: ArrayView(ids.indices.map { 1 / Float($0 + 1) }))
  }

  // MARK: Steps

  private func announce(_ rows: [Int64], _ plan: CachePlan) { rows.withUnsafeBufferPointer { plan.announce($0) } }

  private func step(_ plan: CachePlan) -> [CachePlace] {
    let places = GrowingBuffer<CachePlace>()
    plan.decide(into: places)
    return Array(places.readOnly)
  }

  /// Announces `window` steps ahead, decides one after the other, each computed before the next.
  private func decide(_ plan: CachePlan, _ steps: [[Int64]], window: Int = 1) -> [[CachePlace]] {
    steps.indices.map { number in
      let announced =
        number == 0 ? 0..<min(window, steps.count) : number + window - 1..<max(number + window - 1, min(steps.count, number + window))
      for next in announced { announce(steps[next], plan) }
      plan.finished(before: number)
      return step(plan)
    }
  }
}
