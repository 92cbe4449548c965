import Glibc

/// The signals that a job gets until it has ended: a polite one, one to end at once, the one that cannot be refused.
package struct LauncherStopLadder {
  /// What has been sent so far.
  private enum Step: Comparable {
    case none, askedPolitely, tearingDown, terminated, killed
  }

  /// Time for the workers to finish their epoch and write what must be kept, in nanoseconds.
  package let graceNanoseconds: UInt64
  private var step = Step.none
  private var deadline = UInt64.max

  /// Within this time `mpirun` must have ended a job one of whose workers has failed.
  private static let teardownNanoseconds: UInt64 = 8_000_000_000
  /// `mpirun` waits one second between its SIGTERM and its SIGKILL.
  private static let terminationNanoseconds: UInt64 = 4_000_000_000

  package init(graceSeconds: Double) {
    graceNanoseconds = UInt64(max(0, graceSeconds) * 1e9)
  }

  /// Somebody asks to stop; who asks again is in a hurry. Returns the signal for `mpirun`.
  package mutating func stopIsRequested(at now: UInt64) -> Int32 {
    switch step {
    case .none: climb(to: .askedPolitely, deadline: now + graceNanoseconds)
    case .askedPolitely, .tearingDown: endIsCalledFor(at: now)
    case .terminated, .killed: climb(to: .killed, deadline: .max)
    }
  }

  /// `mpirun` has begun to end the job on its own.
  package mutating func teardownHasBegun(at now: UInt64) {
    guard step < .tearingDown else { return }
    step = .tearingDown
    deadline = now + Self.teardownNanoseconds
  }

  /// Nothing can come of the job any more. Returns the signal for `mpirun`.
  package mutating func endIsCalledFor(at now: UInt64) -> Int32 {
    climb(to: .terminated, deadline: now + Self.terminationNanoseconds)
  }

  /// Returns the next signal when the time of the last step is over.
  package mutating func overdueSignal(at now: UInt64) -> Int32? {
    guard now >= deadline else { return nil }
    return step < .terminated ? endIsCalledFor(at: now) : climb(to: .killed, deadline: .max)
  }

  private mutating func climb(to next: Step, deadline: UInt64) -> Int32 {
    step = next
    self.deadline = deadline
    switch next {
    case .askedPolitely: return SIGUSR1
    case .terminated: return SIGTERM
    case .none, .tearingDown, .killed: return SIGKILL
    }
  }
}
