import Foundation

/// What the threads that load ahead and the one that computes share.
final class PrefetchQueue: @unchecked Sendable {
  // Sendable: all access is under `condition`.
  private let condition = NSCondition()
  private var ready: [StepBatches] = []
  /// Steps before this one are computed.
  private var finished = 0
  private var failure: (any Error)?
  private var isClosed = false

  /// Ends both sides' waiting, now and later.
  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until all steps before `step` are computed; false when the queue was closed or loading has failed.
  func waitUntilFinished(before step: Int) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while finished < step, !isClosed, failure == nil { condition.wait() }
    return !isClosed && failure == nil
  }

  /// Hands steps over to be computed.
  func publish(_ steps: [StepBatches]) {
    condition.lock()
    ready += steps
    condition.broadcast()  // The loading thread may wait, too, for what is computed.
    condition.unlock()
  }

  /// Ends the loading side; who computes gets the first error in place of the next step.
  func fail(_ error: any Error) {
    condition.lock()
    failure = failure ?? error
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for `step`; nobody reads the steps before it any more.
  ///
  /// - Throws: What loading it threw.
  func take(_ step: Int) throws -> StepBatches {
    condition.lock()
    defer { condition.unlock() }
    finished = step
    condition.signal()
    while ready.isEmpty, failure == nil, !isClosed { condition.wait() }
    if ready.isEmpty, let failure { throw failure }
    precondition(!ready.isEmpty, "a step of a pipeline that was closed")
    return ready.removeFirst()
  }
}
