import Glibc
public import Graphs
public import Messaging
import Synchronization
public import Tensors

/// Brings the gradients of learned rows to their owners: every own part adds its own once a step, then all are sent together.
///
/// Used by one thread at a time, the one that uses its client.
public final class GradientPush {
  private let table: LearnedTable
  private let client: Client?
  private let rank: Int
  /// Rank of the worker that owns each part.
  private let workers: [Int]
  /// First global id of each worker's parts.
  private let firsts: [Int64]
  /// Rows for each worker: id from its first one, above the row's place in the batch.
  private let keys: [GrowingBuffer<UInt64>]
  private let sorter = KeySort()
  private var requests: [OutgoingRequest] = []
  private static let requestBytes = 1 << 20

  /// - Parameters:
  ///   - workers: Rank of the worker that owns each part, shape (k); each owns a range of parts.
  ///   - rank: Of this worker, which owns the table's parts.
  ///   - client: Connections to all other workers; `nil` where there are none.
  public init(_ table: LearnedTable, workers: [Int], rank: Int, client: Client?) {
    precondition(workers.count == table.book.partCount, "\(workers.count) owners for \(table.book.partCount) parts")
    self.table = table
    self.client = client
    self.rank = rank
    self.workers = workers
    let size = (workers.max() ?? 0) + 1
    firsts = (0..<size).map { worker in
      guard let first = workers.firstIndex(of: worker), let last = workers.lastIndex(of: worker) else { return 0 }
      let range = table.book.innerRange(of: first).lowerBound..<table.book.innerRange(of: last).upperBound
      precondition(range.count < 1 << 32, "\(range.count) nodes of one worker")
      return range.lowerBound
    }
    keys = firsts.map { _ in GrowingBuffer() }
  }

  /// Takes the gradients that an own part has for this step.
  ///
  /// - Parameters:
  ///   - nodes: Distinct global ids of nodes that have rows.
  ///   - gradient: Shape (nodes, columns of the table); copied.
  /// - Returns: False where they are not all finite: no row may be moved by them, and the part pushes none for this step.
  /// - Throws: `InputError` when the part has pushed for this step already.
  public func add(part: Int, nodes: UnsafeBufferPointer<GlobalID>, gradient: MatrixView, threads: Threads) throws -> Bool {
    precondition(gradient.rows == nodes.count && gradient.columns == table.options.columns, "gradients of other rows")
    sort(nodes)
    if try push(part: part, gradient, threads) { return true }
    for list in keys { list.removeAll() }
    _ = try push(part: part, gradient, threads)
    return false
  }

  /// Takes the sorted rows, all of them or, where they are not all finite, none.
  private func push(part: Int, _ gradient: MatrixView, _ threads: Threads) throws -> Bool {
    let (step, own, others) = (table.appliedSteps, keys[rank], requests.count)
    let slot = try table.inbox.claim(part: part, step: step, range: 0..<own.count, total: own.count) { self.table.place }
    var isFinite = copy(0..<own.count, of: rank, gradient, ids: slot.ids.pointer, values: slot.values.pointer, threads)
    for worker in keys.indices where worker != rank && isFinite {
      isFinite = enqueue(worker, part: part, step: step, gradient, threads)
    }
    guard isFinite else {
      requests.removeSubrange(others...)
      table.inbox.refuse(slot)
      return false
    }
    if table.inbox.arrived(own.count, in: slot) { table.inbox.complete(slot, step: step) }
    return true
  }

  /// Sends what was added, and returns when every owner has it.
  ///
  /// - Throws: `MessagingError` when an owner refuses or does not answer.
  public func send() throws {
    defer { requests.removeAll(keepingCapacity: true) }
    guard let client, !requests.isEmpty else { return }
    try client.call(requests) { _, _ in }
  }

  /// Rows by owner; those that travel increasing, which is how their owner sees that none is there twice.
  private func sort(_ nodes: UnsafeBufferPointer<GlobalID>) {
    for list in keys { list.removeAll() }
    for row in 0..<nodes.count {
      let id = nodes[row].rawValue
      let worker = workers[table.lookup.part(of: id)]
      keys[worker].append(UInt64(truncatingIfNeeded: id &- firsts[worker]) << 32 | UInt64(truncatingIfNeeded: row))
    }
    for worker in keys.indices where worker != rank { sorter.sort(keys[worker], by: 32..<64) }
  }

  /// Makes the messages to another worker; returns whether all numbers in them are finite.
  private func enqueue(_ worker: Int, part: Int, step: Int, _ gradient: MatrixView, _ threads: Threads) -> Bool {
    let columns = table.options.columns
    let total = keys[worker].count
    var isFinite = true
    let rowsPerRequest = max(1, Self.requestBytes / (8 + 4 * columns))
    for first in stride(from: 0, to: max(1, total), by: rowsPerRequest) {
      let range = first..<min(total, first + rowsPerRequest)
      let buffer = MessageBuffer(payloadBytes: range.count * (8 + 4 * columns))
      if let payload = buffer.payload.baseAddress, !range.isEmpty {
        // A payload begins at a multiple of 8 bytes.
        isFinite =
          copy(
            range, of: worker, gradient, ids: payload.assumingMemoryBound(to: Int64.self),
            values: (payload + 8 * range.count).assumingMemoryBound(to: Float.self), threads) && isFinite
      }
      requests.append(
        OutgoingRequest(
          to: worker, .pushGradients, table: table.shards.number, part: part, step: UInt32(step), count: range.count,
          detail: first << 32 | total, expectedReplyBytes: 0, buffer: buffer))
    }
    return isFinite
  }

  /// Writes the ids and gradients of rows `range` of a worker's list; returns whether all numbers are finite.
  private func copy(
    _ range: Range<Int>, of worker: Int, _ gradient: MatrixView, ids: UnsafeMutablePointer<Int64>, values: UnsafeMutablePointer<Float>,
    _ threads: Threads
  ) -> Bool {
    let isFinite = Atomic<Bool>(true)
    nonisolated(unsafe) let (ids, values) = (ids, values)  // Safe: each chunk writes its own rows.
    let (keys, first, columns) = (keys[worker], firsts[worker], gradient.columns)
    threads.forEachChunk(of: range.count, by: 2_048) { chunk in
      for index in chunk {
        let key = keys.pointer[range.lowerBound &+ index]
        ids[index] = first &+ Int64(key >> 32)
        (values + index &* columns).update(from: gradient.row(Int(key & 0xffff_ffff)), count: columns)
      }
      if !areFinite(values + chunk.lowerBound &* columns, count: chunk.count &* columns) { isFinite.store(false, ordering: .relaxed) }
    }
    return isFinite.load(ordering: .relaxed)
  }
}
