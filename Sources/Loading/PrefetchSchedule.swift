/// Which steps a pipeline samples and fetches next, within a budget of bytes.
///
/// The bytes of every step that exists are counted by themselves: its blocks from when it is sampled, its pulled rows from when it is
/// fetched until it is computed. What a step will hold is not known before it is sampled: until then it is reckoned at an eighth more than
/// the largest so far, and what else is needed at a sixteenth more than now. A turn loads as many steps as fit by that beside the one that
/// is computed, at most `depth` of them with rows, the others only sampled so that the cache sees what they will need; rows of fewer steps
/// are fetched ahead where else only few could be sampled ahead of them. Where nothing more fits it waits until steps are computed, whose
/// memory it takes or gives up. One step is always loaded once all before it are computed, so that nothing waits for ever. Depth and
/// window grow from 0, so that the first step does not wait for many others to be sampled.
///
/// All of this is a function of the sizes of batches alone, so that what is pulled, too, does not depend on who was faster. No worker's turn
/// waits for another's: their servers answer whatever their own pipelines do, and need not load the same steps ahead.
package struct PrefetchSchedule {
  /// Steps that are sampled and fetched together.
  package struct Turn: Equatable {
    package var sample: Range<Int>
    package var fetch: Range<Int>
    /// Steps before this one must be computed before the turn begins.
    package var finished: Int

    package init(sample: Range<Int>, fetch: Range<Int>, finished: Int) {
      self.sample = sample
      self.fetch = fetch
      self.finished = finished
    }
  }

  /// What a step holds.
  package struct Batch: Equatable {
    package var step: Int
    /// Bytes of its blocks and all else but pulled rows.
    package var bytes: Int
    /// Bytes of its pulled rows; of a step that is not fetched, what they will take.
    package var rowBytes: Int

    package init(step: Int, bytes: Int, rowBytes: Int) {
      self.step = step
      self.bytes = bytes
      self.rowBytes = rowBytes
    }
  }

  private let end: Int
  private let budget: Int
  private var sampled: Int
  private var fetched: Int
  private var finished: Int
  /// Steps that exist, by increasing number; the memory of computed ones is used again, the oldest first.
  private var batches: [Batch] = []
  /// Bytes of row memory that computed steps have left.
  private var freeRows: [Int] = []
  private var otherBytes = 0
  /// The most that a step has held.
  private var largest = Batch(step: 0, bytes: 0, rowBytes: 0)
  /// Steps that are fetched ahead of the one that is computed.
  package private(set) var depth = 0
  /// Steps that are sampled ahead of those.
  package private(set) var window = 0
  /// Beyond so many steps nothing is gained.
  package static let longestWindow = 64
  /// (depth, window) that are tried, the first that fits is taken: eight steps of window save more bytes than a third step of rows hides
  /// time, four more than a second.
  private let wishes: [(lead: Int, window: Int)]

  /// - Parameters:
  ///   - steps: Those of the run.
  ///   - budget: Bytes of the steps beside the one that is computed, and of all else that is needed to load ahead.
  ///   - mostFetched: Most steps fetched ahead, at least 1.
  package init(steps: Range<Int>, budget: Int, mostFetched: Int) {
    precondition(mostFetched >= 1, "a pipeline of no depth")
    end = steps.upperBound
    (sampled, fetched, finished) = (steps.lowerBound, steps.lowerBound, steps.lowerBound)
    self.budget = budget
    wishes =
      (min(2, mostFetched)...mostFetched).reversed().map { (lead: $0, window: 8) }
      + (4...7).reversed().map { (lead: min(2, mostFetched), window: $0) } + (0...7).reversed().map { (lead: 1, window: $0) }
  }

  /// The next turn; `nil` when all steps are fetched. Its steps are sampled in the memory of steps before `finished`, the oldest first, and
  /// in new memory where that is too little; what is left of it is given up.
  package mutating func next() -> Turn? {
    guard fetched < end else { return nil }
    // Of the first step nothing is known.
    guard largest.bytes > 0 else { return self.turn(lead: 0, window: 0) }
    depth = wishes.first { fits(self.turn(lead: $0.lead, window: $0.window), lead: $0.lead) }?.lead ?? 0
    var turn = self.turn(lead: depth, window: 0)
    while let longer = extended(turn), fits(longer, lead: depth) { turn = longer }
    let reached = turn.sample.upperBound - turn.fetch.upperBound
    // The last steps do not narrow it.
    window = turn.sample.upperBound == end ? max(window, reached) : reached
    return turn
  }

  /// Takes note of what a turn's sampled steps turned out to hold.
  ///
  /// - Parameters:
  ///   - batches: All that are sampled and not fetched, in the order of steps.
  ///   - otherBytes: What else is needed to load ahead.
  /// - Returns: The turn as it goes on: it fetches less, or waits for more steps to be computed, where steps are larger than foreseen. It is
  ///   as it was where they are not.
  package mutating func sampled(_ turn: Turn, _ batches: [Batch], otherBytes: Int) -> Turn {
    var turn = turn
    release(before: turn.finished)
    freeRows = Array(freeRows.prefix(turn.fetch.count))
    self.batches.removeAll { $0.step >= turn.fetch.lowerBound }
    self.batches += batches
    largest.bytes = batches.reduce(largest.bytes) { max($0, $1.bytes) }
    self.otherBytes = otherBytes
    (sampled, finished) = (turn.sample.upperBound, turn.finished)
    peakBytes = max(peakBytes, heldBytes)
    while turn.finished < turn.fetch.lowerBound, bytes(fetching: turn) > budget { turn.finished += 1 }
    while turn.fetch.count > 1, bytes(fetching: turn) > budget { turn.fetch = turn.fetch.dropLast() }
    release(before: turn.finished)
    finished = turn.finished
    return turn
  }

  /// Takes note of what a turn's fetched steps hold now.
  package mutating func fetched(_ turn: Turn, _ batches: [Batch], otherBytes: Int) {
    self.batches.replaceSubrange(range(of: turn.fetch), with: batches)
    fetched = turn.fetch.upperBound
    freeRows = []
    largest.bytes = batches.reduce(largest.bytes) { max($0, $1.bytes) }
    largest.rowBytes = batches.reduce(largest.rowBytes) { max($0, $1.rowBytes) }
    self.otherBytes = otherBytes
    peakBytes = max(peakBytes, heldBytes)
  }

  /// Most bytes so far beside the step that is computed, as far as steps are known to be computed.
  package private(set) var peakBytes = 0

  private var heldBytes: Int {
    // Rows of the step that is computed next lie in memory that is free as yet.
    let free = freeRows.dropFirst(finished < fetched ? 0 : 1).reduce(0, +)
    return batches.reduce(otherBytes + free) { sum, batch in
      guard batch.step > finished else { return sum }
      return sum + batch.bytes + (batch.step < fetched ? batch.rowBytes : 0)
    }
  }

  private func range(of steps: Range<Int>) -> Range<Int> {
    let first = batches.firstIndex { $0.step >= steps.lowerBound } ?? batches.count
    return first..<first + steps.count
  }

  /// Takes computed steps from the list; their row memory waits for the steps to be fetched.
  private mutating func release(before step: Int) {
    let computed = batches.prefix { $0.step < step }
    freeRows += computed.map(\.rowBytes)
    batches.removeFirst(computed.count)
  }

  /// A turn that fetches up to `lead` steps ahead of the one that is computed: half of those at once, so that compute has the other half
  /// meanwhile.
  private func turn(lead: Int, window: Int) -> Turn {
    let fetch = fetched..<min(end, fetched + max(1, lead / 2))
    let turn = Turn(
      sample: sampled..<max(sampled, fetch.upperBound), fetch: fetch, finished: max(finished, fetch.upperBound - 1 - lead))
    return (0..<window).reduce(turn) { turn, _ in
      turn.sample.upperBound < fetch.upperBound + window ? extended(turn) ?? turn : turn
    }
  }

  /// The turn with one step more that is sampled, where there is one.
  private func extended(_ turn: Turn) -> Turn? {
    let farthest = min(end, turn.fetch.upperBound + min(window + turn.fetch.count, Self.longestWindow))
    guard turn.sample.upperBound < farthest else { return nil }
    var longer = turn
    longer.sample = turn.sample.lowerBound..<turn.sample.upperBound + 1
    return longer
  }

  /// Whether a turn and those after it, with the rows of `lead` steps, are within the budget as far as is known.
  private func fits(_ turn: Turn, lead: Int) -> Bool {
    let computed = batches.prefix { $0.step < turn.finished }
    var (bytes, rows) = (otherBytes + otherBytes / 16, lead)
    for batch in batches.dropFirst(computed.count) where batch.step > turn.finished {
      bytes += batch.bytes
      if batch.step < turn.fetch.upperBound {
        bytes += batch.step < fetched ? batch.rowBytes : max(batch.rowBytes, largest.rowBytes)
        rows -= 1
      }
    }
    for step in turn.sample where step > turn.finished {
      let place = step - turn.sample.lowerBound
      bytes += max(place < computed.count ? computed[place].bytes : 0, largest.bytes + largest.bytes / 8)
    }
    return bytes + max(0, rows) * (largest.rowBytes + largest.rowBytes / 8) <= budget
  }

  /// Bytes when a turn's steps have their rows.
  private func bytes(fetching turn: Turn) -> Int {
    var free = freeRows[...]
    var sum = otherBytes
    for batch in batches {
      if batch.step < turn.finished {
        free.append(batch.rowBytes)
      } else if turn.fetch.contains(batch.step) {
        let rows = max(batch.rowBytes, free.popFirst() ?? 0)
        if batch.step > turn.finished { sum += batch.bytes + rows }
      } else if batch.step > turn.finished {
        sum += batch.bytes + (batch.step < fetched ? batch.rowBytes : 0)
      }
    }
    return sum
  }
}
