import Loading
import Tensors
import Testing

@Suite struct PrefetchScheduleTests {
  /// A pipeline without batches: counts bytes as they would be there, and checks every turn by itself.
  private struct Simulation {
    struct Entry {
      var turn: PrefetchSchedule.Turn
      var depth: Int
      var window: Int
    }

    var turns: [Entry] = []
    /// Most bytes beside the step that was computed.
    var peak = 0
    /// Most bytes by which a step's blocks were larger than what was reckoned for them.
    var surprise = 0

    /// - Parameters:
    ///   - blocks: Bytes of a step without its rows.
    ///   - rows: Bytes of its rows.
    init(
      _ steps: Range<Int>, budget: Int, depth: Int, other: Int = 0, blocks: (Int) -> Int = { _ in 40 }, rows: (Int) -> Int = { _ in 60 }
    ) {
      var schedule = PrefetchSchedule(steps: steps, budget: budget, mostFetched: depth)
      // Bytes of each step that exists, and of the rows of each that is fetched; computed steps until their memory is taken or given up.
      var (held, heldRows, freeRows) = ([Int: Int](), [Int: Int](), [Int]())
      var (fetched, largest) = (steps.lowerBound, 0)
      func bytes(after finished: Int) -> Int {
        let all = Array(held) + Array(heldRows)
        // A step that is computed next is loaded in memory that is free.
        let free = finished < fetched ? freeRows[...] : freeRows.dropFirst()
        return all.reduce(other + free.reduce(0, +)) { $1.key > finished ? $0 + $1.value : $0 }
      }
      func release(before step: Int) -> [Int] {
        freeRows += heldRows.keys.filter { $0 < step }.sorted().map { heldRows.removeValue(forKey: $0)! }
        return held.keys.filter { $0 < step }.sorted().map { held.removeValue(forKey: $0)! }
      }
      while let turn = schedule.next() {
        var free = release(before: turn.finished)
        freeRows = Array(freeRows.prefix(turn.fetch.count))
        for step in turn.sample {
          held[step] = max(free.isEmpty ? 0 : free.removeFirst(), blocks(step))
          surprise = max(surprise, largest == 0 ? 0 : held[step]! - largest - largest / 8)
        }
        largest = max(largest, held.values.max() ?? 0)
        peak = max(peak, bytes(after: turn.finished))
        let unfetched = held.keys.filter { $0 >= fetched }.sorted()
        let settled = schedule.sampled(
          turn, unfetched.map { .init(step: $0, bytes: held[$0]!, rowBytes: rows($0)) }, otherBytes: other)
        _ = release(before: settled.finished)
        for step in settled.fetch { heldRows[step] = max(rows(step), freeRows.isEmpty ? 0 : freeRows.removeFirst()) }
        freeRows = []
        schedule.fetched(
          settled, settled.fetch.map { .init(step: $0, bytes: held[$0]!, rowBytes: heldRows[$0]!) }, otherBytes: other)
        peak = max(peak, bytes(after: settled.finished))
        #expect(schedule.peakBytes == peak)
        #expect(settled.sample == turn.sample && settled.finished >= turn.finished && settled.finished <= settled.fetch.lowerBound)
        fetched = settled.fetch.upperBound
        turns.append(Entry(turn: settled, depth: schedule.depth, window: schedule.window))
      }
    }
  }

  private let key = RandomKey(seed: 5, purpose: .generator)

  /// Every step is sampled once and fetched once, in their order and sampled first, and no turn waits for a step of its own.
  private func checkOrder(_ turns: [Simulation.Entry], _ steps: Range<Int>, depth: Int, _ name: String) {
    var (sampled, fetched, finished) = (steps.lowerBound, steps.lowerBound, steps.lowerBound)
    for entry in turns {
      let turn = entry.turn
      #expect(turn.sample.lowerBound == sampled && turn.fetch.lowerBound == fetched && !turn.fetch.isEmpty, "\(name)")
      (sampled, fetched) = (turn.sample.upperBound, turn.fetch.upperBound)
      #expect(fetched <= sampled && sampled <= steps.upperBound, "\(name)")
      #expect(turn.finished >= finished && turn.finished <= turn.fetch.lowerBound && fetched - 1 - turn.finished <= depth, "\(name)")
      finished = turn.finished
    }
    #expect(sampled == steps.upperBound && fetched == steps.upperBound, "\(name)")
  }

  @Test func whatIsHeldStaysWithinTheBudgetWhereStepsAreAlike() {
    for seed in 0..<400 as Range<UInt64> {
      let draw = key.bits(id: seed, step: 0)
      let first = Int(draw[0] % 50)
      let steps = first..<first + Int(draw[1] % 90)
      let (budget, depth, other) = (Int(draw[2] % 4000), 1 + Int(draw[3] % 9), Int(draw[0] % 500))
      // Up to an eighth more than the smallest.
      func size(_ step: Int, _ number: UInt32) -> Int { 160 + Int(key.bits(id: UInt64(step), step: number)[0] % 21) }
      let share = 1 << Int(draw[1] % 3)
      let run = Simulation(
        steps, budget: budget, depth: depth, other: other, blocks: { size($0, 1) / share }, rows: { size($0, 2) })
      checkOrder(run.turns, steps, depth: depth, "seed \(seed)")
      #expect(run.peak <= max(budget, other), "seed \(seed): \(run.peak) bytes of \(budget)")
    }
  }

  /// Steps of any size: more is held only where new ones are larger than any before, and by their blocks alone.
  @Test func whatIsHeldExceedsTheBudgetOnlyWhereBlocksGrow() {
    var exceeded = 0
    for seed in 0..<400 as Range<UInt64> {
      let draw = key.bits(id: seed, step: 2)
      let (budget, depth) = (500 + Int(draw[2] % 8000), 1 + Int(draw[3] % 9))
      func size(_ step: Int, _ number: UInt32) -> Int { 50 + Int(key.bits(id: seed << 20 + UInt64(step), step: number)[0] % 600) }
      let run = Simulation(0..<80, budget: budget, depth: depth, blocks: { size($0, 3) / 3 }, rows: { size($0, 4) })
      checkOrder(run.turns, 0..<80, depth: depth, "seed \(seed)")
      let together = run.turns.map(\.turn.sample.count).max() ?? 0
      #expect(run.peak <= budget + together * run.surprise, "seed \(seed): \(run.peak) bytes of \(budget)")
      if run.peak > budget { exceeded += 1 }
    }
    #expect(exceeded < 60, "\(exceeded) of 400 runs")
  }

  /// Rows that are many more than before wait until what was computed makes room for them.
  @Test func manyRowsWaitForRoom() {
    let run = Simulation(0..<30, budget: 1000, depth: 4, blocks: { _ in 20 }, rows: { $0 == 20 ? 700 : 80 })
    #expect(run.peak <= 1000)
  }

  @Test func depthAndWindowFollowFromTheBudget() {
    func end(_ budget: Int, depth: Int, other: Int = 0) -> [Int] {
      let turns = Simulation(0..<500, budget: budget, depth: depth, other: other).turns
      return [turns[turns.count / 2].depth, turns[turns.count / 2].window]
    }
    // What is to come is reckoned at 45 bytes of blocks and 67 of rows.
    #expect(end(0, depth: 4) == [0, 0])
    #expect(end(44, depth: 4) == [0, 0])
    #expect(end(1 << 40, depth: 7) == [7, PrefetchSchedule.longestWindow])
    // Rows of fewer steps, rather than less than four sampled ahead of them.
    #expect(end(1000, depth: 4)[0] == 4 && end(1000, depth: 4)[1] >= 8)
    #expect(end(550, depth: 4)[0] == 2 && end(550, depth: 4)[1] >= 4)
    #expect(end(300, depth: 4)[0] == 1 && end(300, depth: 4)[1] >= 2)
    #expect(end(500, depth: 4, other: 5000) == [0, 0])
  }

  /// More memory never means less ahead, and what is left of it is less than another step.
  @Test func theBudgetIsUsed() {
    var last = 0
    for budget in stride(from: 300, to: 3000, by: 50) {
      let run = Simulation(0..<300, budget: budget, depth: 4)
      let entry = run.turns[run.turns.count / 2]
      let ahead = entry.depth + entry.window
      #expect(ahead >= last - 1 && run.peak <= budget && run.peak > budget - 230, "\(budget): \(run.peak)")
      last = max(last, ahead)
    }
  }

  /// Without room for a second batch a step is loaded when the one before is computed; the first waits for no other.
  @Test func theFirstStepWaitsForNoOtherAndTheNextTurnsGrow() {
    let alone = Simulation(3..<6, budget: 0, depth: 4).turns.map(\.turn)
    #expect(
      alone == [
        .init(sample: 3..<4, fetch: 3..<4, finished: 3), .init(sample: 4..<5, fetch: 4..<5, finished: 4),
        .init(sample: 5..<6, fetch: 5..<6, finished: 5),
      ])
    let ahead = Simulation(0..<11, budget: 1 << 20, depth: 4).turns.map(\.turn)
    #expect(
      ahead == [
        .init(sample: 0..<1, fetch: 0..<1, finished: 0), .init(sample: 1..<5, fetch: 1..<3, finished: 0),
        .init(sample: 5..<9, fetch: 3..<5, finished: 0), .init(sample: 9..<11, fetch: 5..<7, finished: 2),
        .init(sample: 11..<11, fetch: 7..<9, finished: 4), .init(sample: 11..<11, fetch: 9..<11, finished: 6),
      ])
  }
}
