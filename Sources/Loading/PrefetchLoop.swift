import KVStore
import Messaging
import Telemetry

/// Samples step after step, decides where their rows come from, and has them pulled: what the first thread of a pipeline does. Confined to
/// that thread.
final class PrefetchLoop {
  private let loader: BatchLoader
  private let source: RoutedNeighborSource
  private let stores: StepStores
  private let puller: PrefetchPuller
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
    loader: BatchLoader, source: RoutedNeighborSource, pulling: Client, queue: PrefetchQueue, trace: TraceLog?,
    steps: Range<Int>, schedule: PrefetchSchedule
  ) {
    self.loader = loader
    self.source = source
    stores = loader.stores
    puller = PrefetchPuller(stores: loader.stores, client: pulling, queue: queue, trace: trace)
    self.queue = queue
    self.trace = trace
    first = steps.lowerBound
    self.schedule = schedule
  }

  /// Loads until all steps are loaded, one fails, or the queue is closed.
  func run() {
    do {
      let thread = try NativeThread(name: "halo-pull") { [puller] in puller.run() }
      defer {
        puller.close()
        thread.join()
      }
      try load()
    } catch { queue.fail(error) }
  }

  private func load() throws {
    // What is on its way are earlier steps, which come before an error.
    defer { _ = puller.wait() }
    while let turn = schedule.next() {
      guard queue.waitUntilFinished(before: turn.finished) else { return }
      try sample(turn)
      let settled = schedule.sampled(turn, sizes(from: turn.fetch.lowerBound), otherBytes: otherBytes(fetching: turn))
      guard queue.waitUntilFinished(before: settled.finished), puller.wait() else { return }
      _ = release(before: settled.finished)
      try fetch(settled)
    }
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

  /// Decides where the rows of a turn's steps come from, and hands the steps over to be pulled; nothing may be on its way.
  private func fetch(_ turn: PrefetchSchedule.Turn) throws {
    let due = steps.filter { turn.fetch.contains($0.step) }
    for step in due.prefix(freeRows.count) { step.giveRows(freeRows.removeFirst()) }
    freeRows = []
    totals.fetchNanoseconds += measure("decide", turn.fetch) { stores.decide(due, finished: turn.finished - first) }
    let pull = PrefetchPuller.Pull(turn: turn.fetch, steps: due)
    guard stores.sizesAreDecided else {
      // What rows hold is known once they are here.
      try puller.pull(pull)
      settle(turn, due)
      puller.publish(pull, totals)
      return
    }
    settle(turn, due)
    puller.start(pull, totals)
  }

  /// Takes note of what a turn's steps hold with their rows, and of what loading has taken but for pulls.
  private func settle(_ turn: PrefetchSchedule.Turn, _ due: [StepBatches]) {
    schedule.fetched(
      turn, due.map { PrefetchSchedule.Batch(step: $0.step, bytes: $0.capacityBytes, rowBytes: $0.rowBytes) }, otherBytes: otherBytes)
    totals.peers = source.client?.traffic ?? [:]
    totals.remoteNodes = source.remoteNodes
    totals.stepsFetchedAhead = schedule.depth
    totals.stepsSampledAhead = schedule.window
    totals.bytesAhead = schedule.peakBytes
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
