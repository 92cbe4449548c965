import Foundation
import Messaging
import Telemetry

/// Pulls the rows of one turn's steps after the other, on a thread of its own, while the thread that loads ahead samples the next turn's: the
/// second thread of a pipeline.
///
/// The rows of at most one turn are on their way. Meanwhile
/// - the pulling thread uses the pulls' connections, the lists of what is to be pulled, the batches and arenas of the turn's steps, and the
///   slots of the cache that its rows come into;
/// - the loading thread uses all else: the source and its connections, the numbering, the plan of the cache, the batches and arenas of all
///   other steps. It reads how much memory the lists have, which pulling does not change;
/// - counters of rows are atomic, and what no thread changes (where parts lie, where the memory of the cache is) both read.
///
/// What is to be pulled is decided when nothing is on its way (`wait`).
final class PrefetchPuller: @unchecked Sendable {
  // Sendable: `next`, `isPulling`, `hasFailed` and `isClosed` are under `condition`; `nanoseconds` belongs to who pulls.

  /// Steps for whose rows it is decided where they come from.
  struct Pull {
    let turn: Range<Int>
    let steps: [StepBatches]
  }

  private let stores: StepStores
  private let client: Client
  private let queue: PrefetchQueue
  private let trace: TraceLog?
  private let condition = NSCondition()
  private var next: (pull: Pull, totals: LoadingTotals)?
  private var isPulling = false
  private var hasFailed = false
  private var isClosed = false
  /// Time of all pulls.
  private var nanoseconds = 0

  /// - Parameter client: The connections of `stores`.
  init(stores: StepStores, client: Client, queue: PrefetchQueue, trace: TraceLog?) {
    self.stores = stores
    self.client = client
    self.queue = queue
    self.trace = trace
  }

  /// What the thread does: pulls and publishes until it is closed or fails, which fails the queue.
  func run() {
    while let (pull, totals) = take() {
      do {
        try self.pull(pull)
        publish(pull, totals)
        end()
      } catch {
        queue.fail(error)
        end(failed: true)
      }
    }
  }

  /// Hands steps over to be pulled and published.
  ///
  /// - Parameter totals: As `publish` takes them.
  /// - Precondition: Nothing is on its way.
  func start(_ pull: Pull, _ totals: LoadingTotals) {
    condition.lock()
    precondition(!isPulling, "two pulls at once")
    (next, isPulling) = ((pull, totals), true)
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until nothing is on its way; false when rows could not be had.
  func wait() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while isPulling { condition.wait() }
    return !hasFailed
  }

  /// Ends the thread once what was handed over has come.
  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  /// Brings the rows of steps here, on the calling thread: this one's own, or another while nothing is on its way.
  func pull(_ pull: Pull) throws {
    let begin = MonotonicClock.now()
    try stores.pull(pull.steps, number: pull.turn.lowerBound)
    let end = MonotonicClock.now()
    trace?.add("fetch", lane: .pull, from: begin, to: end, step: pull.turn.lowerBound, steps: pull.turn.count)
    nanoseconds += Int(end - begin)
  }

  /// Hands steps whose rows are here over to be computed, with what loading has taken so far; on the thread that has pulled.
  ///
  /// - Parameter totals: Those of all that was done before the pull, without any rows, and any pull's time and traffic.
  func publish(_ pull: Pull, _ totals: LoadingTotals) {
    var totals = totals
    totals.fetchNanoseconds += nanoseconds
    if let nodes = stores.nodes { totals.rows = nodes.traffic }
    totals.edgeRows = stores.edgeTraffic
    totals.peers.merge(client.traffic, uniquingKeysWith: +)
    for step in pull.steps { step.totals = totals }
    queue.publish(pull.steps)
  }

  /// The next steps to pull; `nil`: there are no more.
  private func take() -> (pull: Pull, totals: LoadingTotals)? {
    condition.lock()
    defer {
      next = nil
      condition.unlock()
    }
    while next == nil, !isClosed { condition.wait() }
    return next
  }

  private func end(failed: Bool = false) {
    condition.lock()
    isPulling = false
    hasFailed = hasFailed || failed
    condition.broadcast()
    condition.unlock()
  }
}
