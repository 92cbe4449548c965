import KVStore
import Messaging
import Telemetry

/// Samples and fetches step after step: what the thread of a pipeline does. Confined to that thread.
final class PrefetchLoop {
  private let loader: BatchLoader
  private let source: RoutedNeighborSource
  private let store: RowStore
  private let client: Client
  private let queue: PrefetchQueue
  private let trace: TraceLog?
  private let first: Int
  private var schedule: PrefetchSchedule
  /// Sampled steps that are not fetched, oldest first.
  private var sampled: [StepBatches] = []
  private var batches = 0
  private var totals = LoadingTotals()

  init(
    loader: BatchLoader, source: RoutedNeighborSource, store: RowStore, client: Client, queue: PrefetchQueue, trace: TraceLog?,
    steps: Range<Int>, schedule: PrefetchSchedule
  ) {
    self.loader = loader
    self.source = source
    self.store = store
    self.client = client
    self.queue = queue
    self.trace = trace
    first = steps.lowerBound
    self.schedule = schedule
  }

  /// Loads until all steps are loaded, one fails, or the queue is closed.
  func run() {
    do {
      while let turn = schedule.next() {
        guard queue.waitUntilFinished(before: turn.finished) else { return }
        try load(turn)
      }
    } catch { queue.fail(error) }
  }

  private func load(_ turn: PrefetchSchedule.Turn) throws {
    if !turn.sample.isEmpty {
      let steps = turn.sample.map(memory)
      totals.sampleNanoseconds += try measure("sample", turn.sample) { try loader.sample(steps, store: store) }
      sampled += steps
    }
    let due = Array(sampled.prefix(turn.fetch.count))
    sampled.removeFirst(due.count)
    totals.fetchNanoseconds += try measure("fetch", turn.fetch) {
      try loader.fetch(due, from: store, finished: turn.finished - first)
    }
    plan(due)
    queue.publish(due)
  }

  /// Memory for a step: that of one that is computed, or new.
  private func memory(_ step: Int) -> StepBatches {
    // The schedule waited for enough steps to be computed; where its batches have grown, one of theirs is given up.
    while batches > schedule.batches, queue.takeFree() != nil { batches -= 1 }
    let memory: StepBatches
    if let free = queue.takeFree() {
      memory = free
    } else {
      memory = loader.makeStep()
      batches += 1
    }
    memory.step = step
    return memory
  }

  /// Tells the schedule how large batches are, and the batches what has been moved.
  private func plan(_ steps: [StepBatches]) {
    let other = store.cacheBytes.other
    let largest = steps.map(\.capacityBytes).max() ?? 0
    schedule.note(batchBytes: largest, otherBytes: other)
    totals.rows = store.traffic
    totals.peers = client.traffic
    totals.remoteNodes = source.remoteNodes
    totals.stepsFetchedAhead = schedule.depth
    totals.stepsSampledAhead = schedule.window
    totals.bytesAhead = max(totals.bytesAhead, max(0, batches - 1) * largest + other)
    for step in steps { step.totals = totals }
  }

  /// Nanoseconds that `body` takes, also kept in the trace.
  private func measure(_ name: String, _ steps: Range<Int>, _ body: () throws -> Void) rethrows -> Int {
    let begin = MonotonicClock.now()
    try body()
    let end = MonotonicClock.now()
    trace?.add(name, lane: .ahead, from: begin, to: end, step: steps.lowerBound, steps: steps.count)
    return Int(end - begin)
  }
}
