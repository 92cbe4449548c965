import Synchronization
package import Tensors

/// Counters that several threads change at once.
///
/// Sums do not depend on the order of their operands, so results are the same for any number of threads.
package struct AtomicCounters: Sendable {
  private let storage: Buffer<UInt32>
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt32>>

  /// `count` zeros.
  package init(count: Int) {
    storage = Buffer(count: count)
    // An atomic has the layout of its value, and zeroed memory is an atomic zero.
    cells = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Adds one to counter `index`.
  @inline(__always)
  package func increment(_ index: Int) { cells[index].wrappingAdd(1, ordering: .relaxed) }

  /// Takes one from counter `index` and returns what is left; a counter counted up to `n` hands out `n − 1` … 0, each once.
  @inline(__always)
  package func take(_ index: Int) -> Int { Int(cells[index].wrappingSubtract(1, ordering: .relaxed).newValue) }

  /// The counters, once all threads are done with them.
  package var values: Buffer<UInt32> { storage }
}

/// Sums of whole numbers that several threads add to; like counters the same in any order.
///
/// A sum stops growing once it has passed 2⁶²: what is added is below 2⁵⁰.
struct AtomicSums: Sendable {
  private let storage: Buffer<UInt64>
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>
  private static let ceiling: UInt64 = 1 << 62

  /// `count` zeros.
  init(count: Int) {
    storage = Buffer(count: count)
    cells = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Adds `value` to sum `index`.
  @inline(__always)
  func add(_ value: UInt64, to index: Int) {
    guard cells[index].load(ordering: .relaxed) < Self.ceiling else { return }
    cells[index].wrappingAdd(value, ordering: .relaxed)
  }

  /// The sums, once all threads are done with them.
  var values: Buffer<UInt64> { storage }
}
