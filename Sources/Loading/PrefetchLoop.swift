import KVStore
import Messaging
import Telemetry

/// Samples and fetches step after step: what the thread of a pipeline does. Confined to that thread.
final class PrefetchLoop {
  private let loader: BatchLoader
  private let source: RoutedNeighborSource
  private let stores: StepStores
  private let client: Client
  private let queue: PrefetchQueue
  private let trace: TraceLog?
  private let first: Int
  private var schedule: PrefetchSchedule
  /// Every step's memory, by increasing step: of steps that may still be computed, then of those that are only sampled.
  private var steps: [StepBatches] = []
  /// Memory of rows that computed steps have left.
  private var freeRows: [[RowMemory?]] = []
  private var totals = LoadingTotals()

  init(
    loader: BatchLoader, source: RoutedNeighborSource, client: Client, queue: PrefetchQueue, trace: TraceLog?,
    steps: Range<Int>, schedule: PrefetchSchedule
  ) {
    self.loader = loader
    self.source = source
    stores = loader.stores
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
        try sample(turn)
        let settled = schedule.sampled(turn, sizes(from: turn.fetch.lowerBound), otherBytes: otherBytes(fetching: turn))
        guard queue.waitUntilFinished(before: settled.finished) else { return }
        _ = release(before: settled.finished)
        try fetch(settled)
      }
    } catch { queue.fail(error) }
  }

  /// Samples a turn's steps in the memory of steps that are computed, and gives up what is left of it.
  private func sample(_ turn: PrefetchSchedule.Turn) throws {
    let free = release(before: turn.finished)
    freeRows = Array(freeRows.prefix(turn.fetch.count))
    guard !turn.sample.isEmpty else { return }
    let taken = turn.sample.map { step in
      let place = step - turn.sample.lowerBound
      let memory = place < free.count ? free[place] : loader.makeStep()
      memory.step = step
      return memory
    }
    steps += taken
    totals.sampleNanoseconds += try measure("sample", turn.sample) { try loader.sample(taken) }
  }

  /// Steps that are computed; their rows are nobody's any more.
  private func release(before step: Int) -> [StepBatches] {
    let computed = Array(steps.prefix { $0.step < step })
    steps.removeFirst(computed.count)
    freeRows += computed.compactMap { $0.takeRows() }
    return computed
  }

  private func fetch(_ turn: PrefetchSchedule.Turn) throws {
    let due = steps.filter { turn.fetch.contains($0.step) }
    for step in due.prefix(freeRows.count) { step.giveRows(freeRows.removeFirst()) }
    freeRows = []
    totals.fetchNanoseconds += try measure("fetch", turn.fetch) {
      try stores.fetch(due, number: turn.fetch.lowerBound, finished: turn.finished - first)
    }
    schedule.fetched(
      turn, due.map { PrefetchSchedule.Batch(step: $0.step, bytes: $0.capacityBytes, rowBytes: $0.rowBytes) }, otherBytes: otherBytes)
    if let nodes = stores.nodes { totals.rows = nodes.traffic }
    totals.edgeRows = stores.edgeTraffic
    totals.peers = client.traffic
    totals.remoteNodes = source.remoteNodes
    totals.stepsFetchedAhead = schedule.depth
    totals.stepsSampledAhead = schedule.window
    totals.bytesAhead = schedule.peakBytes
    for step in due { step.totals = totals }
    queue.publish(due)
  }

  /// What the sampled steps from `step` on hold, and what their rows will take.
  private func sizes(from step: Int) -> [PrefetchSchedule.Batch] {
    steps.filter { $0.step >= step }.map {
      PrefetchSchedule.Batch(step: $0.step, bytes: $0.capacityBytes, rowBytes: stores.rowBytes(of: $0))
    }
  }

  /// Bytes beside those of the batches: what sampling and fetching work with, answers that are on their way, and what the cache needs beside
  /// the rows that it keeps.
  private var otherBytes: Int { loader.capacityBytes + source.capacityBytes + stores.capacityBytes }

  /// The same while a turn's steps are fetched.
  private func otherBytes(fetching turn: PrefetchSchedule.Turn) -> Int {
    otherBytes - stores.capacityBytes + stores.capacityBytes(fetching: steps.filter { turn.fetch.contains($0.step) })
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
