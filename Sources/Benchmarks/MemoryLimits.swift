import Kernels
import Synchronization
public import Tensors

/// How fast this machine reads and copies memory, measured with loops that do nothing else.
///
/// Reading touches one word of every cache line. The words' sum goes to an atomic, so that no compiler leaves the reading out.
public enum MemoryLimits {
  static let line = 64

  /// Bytes per second of reading one array from end to end.
  public static func streamRead(bytes: Int, threads: Threads, trials: Int) -> Rate {
    let array = filled(bytes, threads)
    return Rate.measure(Double(bytes), trials: trials) { touch(array, threads: threads) }
  }

  /// Bytes of an array whose reading leaves little else in the caches that a core reaches.
  static let pastCaches = 256 << 20

  /// Bytes per second of copying one array to another: those read and those written.
  public static func streamCopy(bytes: Int, threads: Threads, trials: Int) -> Rate {
    let (source, target) = (filled(bytes, threads), filled(bytes, threads))
    return Rate.measure(2 * Double(bytes), trials: trials) {
      threads.forEachChunk(of: bytes, by: 1 << 20) { range in
        (target.pointer + range.lowerBound).update(from: source.pointer + range.lowerBound, count: range.count)
      }
    }
  }

  /// Bytes per second of reading whole rows at even random places of a table made for it, on the pages `Buffer` gives.
  ///
  /// - Parameters:
  ///   - rowBytes: Bytes of a row that count.
  ///   - strideBytes: Distance between rows.
  ///   - tableBytes: Size of the table; above the last cache's, or the cache is measured.
  ///   - reads: Rows read in one trial.
  public static func randomRows(
    rowBytes: Int, strideBytes: Int, tableBytes: Int, reads: Int, seed: UInt64 = 0, threads: Threads, trials: Int
  ) -> Rate {
    let rows = max(1, tableBytes / strideBytes)
    precondition(rowBytes <= strideBytes && rows <= Int(UInt32.max), "\(rows) rows of \(rowBytes) bytes every \(strideBytes)")
    let table = filled(rows * strideBytes, threads)
    let key = RandomKey(seed: seed, purpose: .generator)
    let sequence = Buffer<UInt32>(count: reads)
    threads.forEachChunk(of: reads, by: 1 << 16) { range in
      for read in range { sequence.pointer[read] = boundedIndex(key.bits(id: UInt64(read), step: 0)[0], below: UInt32(rows)) }
    }
    return randomRows(
      UnsafeRawPointer(table.pointer), strideBytes: strideBytes, rowBytes: rowBytes, sequence: UnsafeBufferPointer(sequence.elements),
      owners: [table, sequence], threads: threads, trials: trials)
  }

  /// Bytes per second of reading these very rows, in this order: the best of asking for no row early, 16 or 32 of them.
  ///
  /// - Parameters:
  ///   - base: Row 0.
  ///   - sequence: Row of each read.
  ///   - owners: Keep `base` and `sequence` valid.
  public static func randomRows(
    _ base: UnsafeRawPointer, strideBytes: Int, rowBytes: Int, sequence: UnsafeBufferPointer<UInt32>, owners: [AnyObject],
    threads: Threads, trials: Int
  ) -> Rate {
    let rates = waysToTouch.map { ahead in
      Rate.measure(Double(rowBytes * sequence.count), trials: trials) {
        touch(base, strideBytes: strideBytes, rowBytes: rowBytes, sequence: sequence, ahead: ahead, threads: threads)
      }
    }
    return withExtendedLifetime(owners) { rates.max { $0.median < $1.median }.unsafelyUnwrapped }  // There are three.
  }

  /// How many rows early a row may be asked for; the best of them is the limit.
  static let waysToTouch = [0, 16, 32]

  /// Reads one array from end to end.
  static func touch(_ array: Buffer<UInt8>, threads: Threads) {
    let sum = Atomic<UInt64>(0)
    threads.forEachChunk(of: array.count, by: 1 << 20) { range in
      let base = UnsafeRawPointer(array.pointer) + range.lowerBound
      sum.wrappingAdd(MemoryTouch.stream(base, count: range.count), ordering: .relaxed)
    }
  }

  /// Reads the rows of `sequence` once, in this order, chunks of them spread over `threads`.
  static func touch(
    _ base: UnsafeRawPointer, strideBytes: Int, rowBytes: Int, sequence: UnsafeBufferPointer<UInt32>, ahead: Int, threads: Threads
  ) {
    nonisolated(unsafe) let (base, sequence) = (base, sequence)
    let sum = Atomic<UInt64>(0)
    threads.forEachChunk(of: sequence.count, by: 1 << 12) { range in
      let rows = UnsafeBufferPointer(rebasing: sequence[range])
      sum.wrappingAdd(
        MemoryTouch.rows(base, strideBytes: strideBytes, rowBytes: rowBytes, sequence: rows, ahead: ahead), ordering: .relaxed)
    }
  }

  /// Reads the rows at `addresses` once, in this order.
  static func touch(_ addresses: UnsafeBufferPointer<UnsafeRawPointer>, rowBytes: Int, ahead: Int, threads: Threads) {
    nonisolated(unsafe) let addresses = addresses
    let sum = Atomic<UInt64>(0)
    threads.forEachChunk(of: addresses.count, by: 1 << 12) { range in
      let rows = UnsafeBufferPointer(rebasing: addresses[range])
      sum.wrappingAdd(MemoryTouch.addresses(rows, rowBytes: rowBytes, ahead: ahead), ordering: .relaxed)
    }
  }

  /// Memory whose every page exists: untouched pages of a new mapping would all be one page of zeros.
  static func filled(_ bytes: Int, _ threads: Threads) -> Buffer<UInt8> {
    let buffer = Buffer<UInt8>(count: bytes)
    threads.forEachChunk(of: bytes, by: 1 << 21) { range in
      (buffer.pointer + range.lowerBound).update(repeating: UInt8(truncatingIfNeeded: range.lowerBound >> 21 | 1), count: range.count)
    }
    return buffer
  }
}
