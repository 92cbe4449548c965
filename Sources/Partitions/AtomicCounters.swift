package import Synchronization
package import Tensors

/// Counters and bit sets that several threads change at once.
///
/// Sums and unions do not depend on the order of their operands, so results are the same for any number of threads.
package struct AtomicCounters: Sendable {
  @usableFromInline let storage: Buffer<UInt32>
  @usableFromInline nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt32>>

  /// `count` zeros.
  package init(count: Int) {
    storage = Buffer(count: count)
    // An atomic has the layout of its value, and zeroed memory is an atomic zero.
    cells = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  /// Adds one to counter `index`.
  @inlinable
  package func increment(_ index: Int) { cells[index].wrappingAdd(1, ordering: .relaxed) }

  /// Takes one from counter `index` and returns what is left; a counter counted up to `n` hands out `n − 1` … 0, each once.
  @inlinable
  package func take(_ index: Int) -> Int { Int(cells[index].wrappingSubtract(1, ordering: .relaxed).newValue) }

  /// The counters for reading, once all threads are done with them.
  package var values: UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(storage.elements) }
}
