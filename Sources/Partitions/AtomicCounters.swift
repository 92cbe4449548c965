import Synchronization
import Tensors

/// Counters that several threads change at once.
///
/// Sums do not depend on the order of their operands, so results are the same for any number of threads.
struct AtomicCounters: Sendable {
  private let storage: Buffer<UInt32>
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt32>>

  /// `count` zeros.
  init(count: Int) {
    storage = Buffer(count: count)
    // An atomic has the layout of its value, and zeroed memory is an atomic zero.
    cells = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Adds one to counter `index`.
  @inline(__always)
  func increment(_ index: Int) { cells[index].wrappingAdd(1, ordering: .relaxed) }

  /// Takes one from counter `index` and returns what is left; a counter counted up to `n` hands out `n − 1` … 0, each once.
  @inline(__always)
  func take(_ index: Int) -> Int { Int(cells[index].wrappingSubtract(1, ordering: .relaxed).newValue) }

  /// The counters, once all threads are done with them.
  var values: Buffer<UInt32> { storage }
}
