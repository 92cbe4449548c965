import Glibc
import Synchronization

/// Threads that help with parallel loops; made when first needed, they stay.
///
/// The loops of a training step follow each other within microseconds, and waking a sleeping thread takes longer than many of them: a
/// helper therefore looks for its next loop for a while before it sleeps. A loop takes one small block of memory, for its closure.
final class LoopHelpers: Sendable {
  static let shared = LoopHelpers()

  /// The first of the idle helpers, each of which names the next.
  private let idle = Mutex<LoopHelper?>(nil)
  /// Callers that sleep until a loop is finished.
  private let finished = WakeUp()

  /// One loop at work; lies with its caller, who waits until nobody looks at it any more.
  struct Loop: ~Copyable {
    let body: () -> Void
    let remaining: Atomic<Int>
  }

  /// Calls `body` on the calling thread and on up to `count` others at once; returns when all calls have returned.
  func run(with count: Int, _ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let (first, taken) = take(count)
      var loop = Loop(body: body, remaining: Atomic(taken))
      withUnsafeMutablePointer(to: &loop) { loop in
        var helper = first
        while let current = helper {
          current.start(loop)
          helper = current.next
        }
        body()
        wait(for: loop)
      }
      if let first { give(back: first) }
    }
  }

  /// Called by a helper that has left a loop's body; the loop may be gone when it returns.
  func leave(_ loop: UnsafeMutablePointer<Loop>) {
    if loop.pointee.remaining.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { finished.notify() }
  }

  private func wait(for loop: UnsafeMutablePointer<Loop>) {
    var patience = Patience()
    while loop.pointee.remaining.load(ordering: .acquiring) > 0 {
      if patience.isAtEnd { finished.wait { loop.pointee.remaining.load(ordering: .sequentiallyConsistent) == 0 } }
    }
  }

  /// A chain of helpers that are idle or made for it.
  private func take(_ count: Int) -> (first: LoopHelper?, count: Int) {
    idle.withLock { idle in
      var (first, taken): (LoopHelper?, Int) = (nil, 0)
      while taken < count, let helper = idle ?? LoopHelper(of: self) {
        idle = helper.next
        helper.next = first
        first = helper
        taken += 1
      }
      return (first, taken)
    }
  }

  private func give(back first: LoopHelper) {
    idle.withLock { idle in
      var last = first
      while let next = last.next { last = next }
      last.next = idle
      idle = first
    }
  }
}

/// One thread that waits for loops.
private final class LoopHelper: @unchecked Sendable {
  // Sendable: all that threads share are atomics, a condition, and `next`, which belongs to who holds the helper.
  /// The next of a chain.
  var next: LoopHelper?
  /// Address of the loop to help with; 0: none.
  private let work = Atomic<UInt>(0)
  private let wakeUp = WakeUp()
  private let pool: LoopHelpers

  /// `nil` where the system has no more threads: loops then run on those there are.
  init?(of pool: LoopHelpers) {
    self.pool = pool
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<LoopHelper>.fromOpaque(context.unsafelyUnwrapped).takeRetainedValue().help()
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      return nil
    }
    pthread_detach(thread)
  }

  func start(_ loop: UnsafeMutablePointer<LoopHelpers.Loop>) {
    work.store(UInt(bitPattern: loop), ordering: .sequentiallyConsistent)
    wakeUp.notify()
  }

  private func help() -> Never {
    var patience = Patience()
    while true {
      guard let loop = UnsafeMutablePointer<LoopHelpers.Loop>(bitPattern: work.load(ordering: .acquiring)) else {
        if patience.isAtEnd { wakeUp.wait { work.load(ordering: .sequentiallyConsistent) != 0 } }
        continue
      }
      loop.pointee.body()
      // Before the caller may give this helper another loop.
      work.store(0, ordering: .relaxed)
      pool.leave(loop)
      patience.begin()
    }
  }
}

/// How long a thread looks again and again before it sleeps.
private struct Patience {
  /// Longest look, in nanoseconds: about what it takes to wake a thread.
  private static let limit: UInt64 = 40_000
  private var end: UInt64 = 0
  private var looks = 0

  init() { begin() }

  mutating func begin() {
    end = Self.now + Self.limit
    looks = 0
  }

  /// Asked between two looks.
  var isAtEnd: Bool {
    mutating get {
      looks += 1
      return looks & 63 == 0 && Self.now > end
    }
  }

  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// A condition that threads sleep on; `notify` costs one look where none does.
private final class WakeUp: @unchecked Sendable {
  // Sendable: the mutex guards the condition; both stay where they are until the last user is gone.
  private let sleepers = Atomic<Int>(0)
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Sleeps until `holds`, which a `notify` follows.
  func wait(_ holds: () -> Bool) {
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !holds() { pthread_cond_wait(condition, mutex) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  /// Wakes all sleepers to look again.
  func notify() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
