import Glibc
import Synchronization
import Tensors

/// One file of a partition directory: its name and what writes it. Any thread may run it, whole.
struct FileJob: Sendable {
  /// Relative to the directory.
  let path: String
  /// Bytes of its elements; the largest file is begun first.
  let estimatedBytes: Int
  /// Writes the file at the absolute path it is given.
  let write: @Sendable (String) throws -> Void

  /// An array file of `shape`, filled block by block.
  ///
  /// - Parameter fill: Writes the elements of a range of flat positions, the first of them to the start of the memory.
  init<T: BitwiseCopyable>(
    _ path: String, _ elementType: ElementType, shape: [Int],
    fill: @escaping @Sendable (Range<Int>, UnsafeMutablePointer<T>) throws -> Void
  ) {
    let count = shape.reduce(1, *)
    self.init(path: path, estimatedBytes: count * MemoryLayout<T>.stride) { file in
      let writer = try NPYWriter(creating: file, elementType: elementType, shape: shape)
      let block = min(count, (2 << 20) / MemoryLayout<T>.stride)
      try withUnsafeTemporaryAllocation(of: T.self, capacity: max(1, block)) { memory in
        for start in stride(from: 0, to: count, by: max(1, block)) {
          let range = start..<min(count, start + block)
          try fill(range, memory.baseAddress!)
          try writer.write(UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: memory[..<range.count])))
        }
      }
      try writer.close()
    }
  }

  init(path: String, estimatedBytes: Int, write: @escaping @Sendable (String) throws -> Void) {
    self.path = path
    self.estimatedBytes = estimatedBytes
    self.write = write
  }

  /// Runs all jobs, the largest first, and returns a record of each file in the order of `jobs`.
  ///
  /// - Parameters:
  ///   - keeps: Whether the file at a path stays; others are removed once they are recorded.
  ///   - progress: Told the bytes of each finished file.
  /// - Throws: The first error met; jobs not yet begun are then left out.
  static func run(
    _ jobs: [FileJob], in directory: String, threads: Threads, keeps: @escaping @Sendable (String) -> Bool = { _ in true },
    progress: @escaping @Sendable (Int) -> Void
  ) throws -> [FileRecord] {
    struct State {
      var records: [FileRecord?]
      var failure: (any Error)?
    }
    let state = Mutex(State(records: [FileRecord?](repeating: nil, count: jobs.count)))
    let order = jobs.indices.sorted { (jobs[$0].estimatedBytes, $1) > (jobs[$1].estimatedBytes, $0) }
    threads.forEach(order.count) { index in
      let job = jobs[order[index]]
      guard state.withLock({ $0.failure == nil }) else { return }
      do {
        let file = "\(directory)/\(job.path)"
        try job.write(file)
        let record = try FileRecord(of: file, path: job.path)
        if !keeps(job.path), unlink(file) != 0 { throw SystemError("remove \(file)", code: errno) }
        state.withLock { $0.records[order[index]] = record }
        progress(job.estimatedBytes)
      } catch {
        state.withLock { state in if state.failure == nil { state.failure = error } }
      }
    }
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.records.compactMap(\.self)
    }
  }
}
