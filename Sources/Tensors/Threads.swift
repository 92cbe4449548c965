import Synchronization

/// A number of threads to spread loops over.
///
/// The bounds of the chunks depend on the loop alone, never on the number of threads, and every chunk is run by exactly
/// one thread: a body that computes each output from its own chunk gives the same bits for any `count`.
public struct Threads: Sendable, Equatable {
  /// Threads that a loop may occupy, the caller included.
  public let count: Int

  public init(_ count: Int) {
    precondition(count >= 1, "a loop needs a thread")
    self.count = count
  }

  /// Calls `body` once for each chunk of `0..<total`, in any order and on any thread; returns when all are done.
  ///
  /// - Parameter chunk: Length of a chunk; only the last may be shorter.
  public func forEachChunk(of total: Int, by chunk: Int, _ body: @Sendable (Range<Int>) -> Void) {
    precondition(chunk > 0, "chunks must not be empty")
    let chunks = (total + chunk - 1) / chunk
    if count == 1 || chunks <= 1 {
      for index in 0..<chunks { body(index * chunk..<min(total, (index + 1) * chunk)) }
      return
    }
    let next = Atomic<Int>(0)
    LoopHelpers.shared.run(with: min(count, chunks) - 1) {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= chunks { return }
        body(index * chunk..<min(total, (index + 1) * chunk))
      }
    }
  }

  /// Calls `body` once for each index of `0..<total`.
  public func forEach(_ total: Int, _ body: @Sendable (Int) -> Void) {
    forEachChunk(of: total, by: 1) { range in body(range.lowerBound) }
  }
}
