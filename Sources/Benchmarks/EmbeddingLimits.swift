import KVStore
import Kernels
import Tensors

/// What the machine does with the rows of a learned table and their state where nothing is learned.
struct EmbeddingLimits {
  /// Row 0 of each array, and what every row takes.
  private let arrays: [(base: UnsafeRawPointer, bytes: Int)]
  private let threads: Threads
  /// A factor that the compiler does not know to be 1.
  private let one: Float
  /// Keeps the arrays.
  private let table: LearnedTable

  init(_ request: EmbeddingBenchmark.Request, _ worker: EmbeddingWorker) {
    let memory = worker.table.memory(ofPart: worker.ownParts.lowerBound)
    let state = 4 * request.optimizer.stateWidth(columns: request.columns)
    arrays = [(memory.values, 4 * request.columns)] + memory.state.map { ($0, state) }
    (threads, table) = (worker.threads, worker.table)
    one = Float(request.trials) / Float(max(1, request.trials))
  }

  /// Reads the rows and their state, and does nothing with them.
  func touch(_ rows: GrowingBuffer<UInt32>) {
    for (base, bytes) in arrays {
      MemoryLimits.touch(base, strideBytes: bytes, rowBytes: bytes, sequence: rows.readOnly, ahead: 16, threads: threads)
    }
  }

  /// Reads the rows and their state and writes them back as they are.
  func rewrite(_ rows: GrowingBuffer<UInt32>) {
    let one = one
    for (base, bytes) in arrays {
      nonisolated(unsafe) let base = UnsafeMutableRawPointer(mutating: base)  // Safe: rows are distinct.
      nonisolated(unsafe) let numbers = rows.readOnly
      threads.forEachChunk(of: rows.count, by: 2_048) { chunk in
        for index in chunk {
          if index &+ 8 < chunk.upperBound { RowStep.ask(for: base + Int(numbers[index &+ 8]) &* bytes, bytes: bytes) }
          let row = base + Int(numbers[index]) &* bytes
          RowArithmetic.scale(row.assumingMemoryBound(to: Float.self), by: one, count: bytes / 4)
        }
      }
    }
  }
}
