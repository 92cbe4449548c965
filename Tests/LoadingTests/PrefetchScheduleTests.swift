import Loading
import Tensors
import Testing

@Suite struct PrefetchScheduleTests {
  /// Runs a schedule to its end; batches are as large as `bytes` says.
  private func turns(
    _ steps: Range<Int>, budget: Int, depth: Int, bytes: (Int) -> Int = { _ in 100 }, other: Int = 0
  ) -> [(turn: PrefetchSchedule.Turn, batches: Int, depth: Int, window: Int)] {
    var schedule = PrefetchSchedule(steps: steps, budget: budget, mostFetched: depth)
    var result: [(turn: PrefetchSchedule.Turn, batches: Int, depth: Int, window: Int)] = []
    while let turn = schedule.next() {
      result.append((turn, schedule.batches, schedule.depth, schedule.window))
      schedule.note(batchBytes: turn.fetch.map(bytes).max() ?? 0, otherBytes: other)
    }
    return result
  }

  /// Every step is sampled once and fetched once, in their order and sampled first, and never are more batches there than the schedule says.
  @Test func everyStepIsSampledThenFetchedInOrderWithinTheBatchesThatThereAre() {
    let key = RandomKey(seed: 5, purpose: .generator)
    for seed in 0..<300 as Range<UInt64> {
      let draw = key.bits(id: seed, step: 0)
      let first = Int(draw[0] % 50)
      let steps = first..<first + Int(draw[1] % 60)
      let (budget, depth) = (Int(draw[2] % 4000), 1 + Int(draw[3] % 9))
      var (sampled, fetched, finished) = (first, first, first)
      for (turn, batches, _, _) in turns(
        steps, budget: budget, depth: depth, bytes: { 50 + Int(key.bits(id: UInt64($0), step: 1)[0] % 300) }, other: Int(draw[0] % 500))
      {
        #expect(turn.sample.lowerBound == sampled && turn.fetch.lowerBound == fetched && !turn.fetch.isEmpty, "seed \(seed)")
        sampled = turn.sample.upperBound
        fetched = turn.fetch.upperBound
        #expect(fetched <= sampled && sampled <= steps.upperBound, "seed \(seed)")
        #expect(turn.finished >= finished && turn.finished < turn.fetch.upperBound, "seed \(seed)")
        finished = turn.finished
        // Steps that may still be computed, and those after them that are sampled; more only where batches turned out to be larger.
        #expect(turn.sample.isEmpty || sampled - finished <= batches, "seed \(seed)")
      }
      #expect(sampled == steps.upperBound && fetched == steps.upperBound, "seed \(seed)")
    }
  }

  @Test func depthAndWindowFollowFromTheBudget() {
    func end(_ budget: Int, depth: Int, other: Int = 0) -> (depth: Int, window: Int) {
      let last = turns(0..<500, budget: budget, depth: depth, other: other).last!
      return (last.depth, last.window)
    }
    #expect(end(0, depth: 4) == (0, 0))
    #expect(end(99, depth: 4) == (0, 0))
    #expect(end(100, depth: 4) == (1, 0))
    #expect(end(350, depth: 4) == (3, 0))
    #expect(end(999, depth: 4) == (4, 5))
    #expect(end(999, depth: 4, other: 400) == (4, 1))
    #expect(end(999, depth: 4, other: 5000) == (0, 0))
    #expect(end(1 << 40, depth: 7) == (7, PrefetchSchedule.longestWindow))
  }

  /// Without room for a second batch a step is loaded when the one before is computed; the first waits for no other.
  @Test func theFirstStepWaitsForNoOtherAndTheNextTurnsGrow() {
    let alone = turns(3..<6, budget: 0, depth: 4).map(\.turn)
    #expect(
      alone == [
        .init(sample: 3..<4, fetch: 3..<4, finished: 3), .init(sample: 4..<5, fetch: 4..<5, finished: 4),
        .init(sample: 5..<6, fetch: 5..<6, finished: 5),
      ])
    let ahead = turns(0..<9, budget: 700, depth: 4).map(\.turn)
    #expect(
      ahead == [
        .init(sample: 0..<1, fetch: 0..<1, finished: 0), .init(sample: 1..<5, fetch: 1..<3, finished: 0),
        .init(sample: 5..<8, fetch: 3..<5, finished: 0), .init(sample: 8..<9, fetch: 5..<7, finished: 2),
        .init(sample: 9..<9, fetch: 7..<9, finished: 4),
      ])
  }
}
