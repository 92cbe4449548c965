import Glibc
import Tensors

/// What the parts have pushed for the step at hand and the one after it, and how many steps are applied.
///
/// A worker that is ahead may push for the next step before this one is applied here, and no further: that push's worker waits for all
/// others in the step. The lock is held for a few instructions: gradients are copied without it, each range by the one who claimed it.
final class GradientInbox: @unchecked Sendable {
  // Sendable: all state is read and written under `lock`, but gradients: a range of them belongs to who claimed it until it is noted as
  // arrived, and all of them to who applies.
  /// Gradients of one part for one step.
  final class PartGradients: @unchecked Sendable {
    // Sendable: as the inbox says.
    /// Distinct global ids.
    let ids = GrowingBuffer<Int64>()
    /// One row for each id.
    let values = GrowingBuffer<Float>()
    fileprivate var total: Int?
    fileprivate var claimed: [Range<Int>] = []
    fileprivate var arrived = 0
    fileprivate var isComplete = false

    fileprivate func removeAll() {
      (total, claimed, arrived, isComplete) = (nil, [], 0, false)
      ids.removeAll()
      values.removeAll()
    }
  }

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let columns: Int
  /// Of even and odd steps, by part.
  private let slots: [[PartGradients]]
  private var completeParts = [0, 0]
  private var applied = 0
  private var isApplying = false

  init(partCount: Int, columns: Int) {
    self.columns = columns
    slots = (0..<2).map { _ in (0..<partCount).map { _ in PartGradients() } }
    pthread_mutex_init(lock, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  private func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body()
  }

  /// Steps that are applied; rows are those of this step.
  var appliedSteps: Int { withLock { applied } }

  /// Whether rows are those of `step`; `nil`: they will be.
  ///
  /// - Throws: `InputError` when they never will be again.
  func holds(step: Int, _ place: () -> String) throws -> Bool? {
    try withLock {
      if step > applied { return nil }
      guard step == applied, !isApplying else {
        throw InputError(place(), expected: "rows as of step \(applied + (isApplying ? 1 : 0)) or later", found: "step \(step)")
      }
      return true
    }
  }

  /// Takes over rows `range` of the `total` that `part` pushes for `step`: they are the caller's to write until it says that they have
  /// arrived.
  ///
  /// - Throws: `InputError` where they are not expected.
  func claim(part: Int, step: Int, range: Range<Int>, total: Int, _ place: () -> String) throws -> PartGradients {
    try withLock {
      func demand(_ holds: Bool, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String) throws {
        if !holds { throw InputError(place(), expected: expected(), found: found()) }
      }
      try demand(
        step == applied || step == applied + 1, "a push for step \(applied) or \(applied + 1)", "step \(step)")
      let slot = slots[step & 1][part]
      try demand(!slot.isComplete && !(isApplying && step == applied), "one push of part \(part) for step \(step)", "another")
      try demand(range.lowerBound >= 0 && range.upperBound <= total, "rows inside the \(total) of the push", "rows \(range)")
      try demand(slot.total ?? total == total, "\(slot.total ?? 0) rows in all", "\(total)")
      try demand(!range.isEmpty || total == 0, "rows", "none of \(total)")
      try demand(!slot.claimed.contains { $0.overlaps(range) }, "rows that have not come yet", "rows \(range) again")
      if slot.total == nil {
        slot.total = total
        slot.ids.reset(to: total)
        slot.values.reset(to: total * columns)
      }
      slot.claimed.append(range)
      return slot
    }
  }

  /// Notes that claimed rows are written; what remains to be done by the caller where all have come is `complete` or `refuse`.
  ///
  /// - Returns: Whether all rows of the part's push have come.
  func arrived(_ count: Int, in slot: PartGradients) -> Bool {
    withLock {
      slot.arrived += count
      return slot.arrived == slot.total
    }
  }

  /// Counts a whole push.
  func complete(_ slot: PartGradients, step: Int) {
    withLock {
      slot.isComplete = true
      completeParts[step & 1] += 1
      pthread_cond_broadcast(changed)
    }
  }

  /// Forgets a push that is wrong.
  func refuse(_ slot: PartGradients) { withLock { slot.removeAll() } }

  /// Waits until all parts have pushed for the step at hand, and closes it: its pushes by part.
  ///
  /// - Throws: `InputError` when some have not after `seconds`.
  func beginApplying(patience seconds: Double, _ place: () -> String) throws -> [PartGradients] {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let all = slots[applied & 1]
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    deadline.tv_sec += Int(seconds)
    deadline.tv_nsec += Int((seconds - seconds.rounded(.down)) * 1e9)
    if deadline.tv_nsec >= 1_000_000_000 { (deadline.tv_sec, deadline.tv_nsec) = (deadline.tv_sec + 1, deadline.tv_nsec - 1_000_000_000) }
    while completeParts[applied & 1] < all.count {
      guard pthread_cond_timedwait(changed, lock, &deadline) != ETIMEDOUT else {
        let missing = all.indices.filter { !all[$0].isComplete }.map(String.init).joined(separator: ", ")
        throw InputError(
          place(), expected: "gradients of all \(all.count) parts for step \(applied)", found: "none of part \(missing) in \(seconds) s")
      }
    }
    isApplying = true
    return all
  }

  /// The step's gradients are in the rows.
  func endApplying() {
    withLock {
      for slot in slots[applied & 1] { slot.removeAll() }
      completeParts[applied & 1] = 0
      applied += 1
      isApplying = false
    }
  }

  /// Goes on after so many steps; nothing is pushed yet.
  func restart(after steps: Int) { withLock { applied = steps } }
}
