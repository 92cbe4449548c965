import Glibc

/// The point where the threads of an `InProcessGroup` meet: each lays out what it offers, waits for all, reads, and
/// waits again until all have read.
final class MemberMeeting: @unchecked Sendable {
  // Sendable: all state is read and written under `lock`; offers are read between the two waits, when nobody writes.
  private struct Offer {
    var operation: String
    var buffers: [UnsafeRawBufferPointer]
  }

  private let size: Int
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var offers: [Offer?]
  private var arrived = 0
  private var generation = 0
  private var gone: (rank: Int, reason: String)?

  init(size: Int) {
    self.size = size
    offers = Array(repeating: nil, count: size)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  /// Offers buffers to all members, waits for theirs, and returns what `read` makes of them (by rank); returns when all
  /// members have read.
  func meet<Result>(
    _ rank: Int, operation: String, offer: [UnsafeRawBufferPointer],
    _ read: ([[UnsafeRawBufferPointer]]) throws -> Result
  ) throws -> Result {
    pthread_mutex_lock(lock)
    offers[rank] = Offer(operation: operation, buffers: offer)
    pthread_mutex_unlock(lock)
    try waitForAll(rank, operation)
    let present = offers.map { $0! }
    let outcome = Swift.Result {
      if let peer = present.firstIndex(where: { $0.operation != operation }) {
        throw CollectiveError.operationMismatch(
          rank: rank, operation: operation, peer: peer, peerOperation: present[peer].operation)
      }
      return try read(present.map(\.buffers))
    }
    // A member whose reading failed still waits: the others read its buffers, which it may free afterwards.
    try waitForAll(rank, operation)
    return try outcome.get()
  }

  /// Notes that a member has ended: whoever waits for it now or later throws.
  func leave(_ rank: Int, reason: String) {
    pthread_mutex_lock(lock)
    gone = gone ?? (rank, reason)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
  }

  private func waitForAll(_ rank: Int, _ operation: String) throws {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    let mine = generation
    // Nobody can have left between the two waits of one operation: all members are inside it.
    if let gone {
      throw CollectiveError.memberGone(rank: rank, operation: operation, peer: gone.rank, reason: gone.reason)
    }
    arrived += 1
    if arrived == size {
      arrived = 0
      generation += 1
      pthread_cond_broadcast(changed)
      return
    }
    while generation == mine && gone == nil { pthread_cond_wait(changed, lock) }
    // Who was released by the last arrival has completed the operation, even if somebody has left since.
    if generation == mine, let gone {
      throw CollectiveError.memberGone(rank: rank, operation: operation, peer: gone.rank, reason: gone.reason)
    }
  }
}

/// A joinable thread that runs one closure.
package final class MemberThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private var thread = pthread_t()

  package init(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    precondition(code == 0, "cannot start a thread: \(String(cString: strerror(code)))")
  }

  package func join() { pthread_join(thread, nil) }
}
