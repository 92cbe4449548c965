public import Graphs
public import Kernels
public import Tensors

/// The input rows of models that learn some or all of their columns: fixed columns first, learned ones after them.
///
/// Rows that are learned alone are read where they lie. Joined rows are copied into one matrix, each table's in one pass.
public final class LearnedInput {
  public let table: LearnedTable
  /// Finds learned rows: in place in own parts, pulled from all others, whose memory is another process's.
  private let store: RowStore
  private let arena = RowArena()
  private var learned: [InputRows] = []
  private let joined = JoinedRows()

  /// - Parameter store: Of the table's shards, with a client that nobody else uses.
  public init(_ table: LearnedTable, store: RowStore) {
    (self.table, self.store) = (table, store)
  }

  /// Finds the learned rows of every list of nodes as of the step at hand; owners that are not so far yet answer when they are.
  ///
  /// - Parameter nodes: Global ids, one list per part of this worker.
  /// - Throws: What `RowStore.resolve` throws.
  public func resolve(_ nodes: [UnsafeBufferPointer<GlobalID>], threads: Threads) throws {
    learned = try store.resolve(nodes, step: UInt32(table.appliedSteps), into: arena, threads: threads)
  }

  /// Input rows of list `index`; valid until the next call, or `resolve`.
  ///
  /// - Parameter fixed: Dense rows of the fixed columns, row for row; `nil`: there are none.
  public func rows(_ index: Int, after fixed: InputRows?, threads: Threads) -> InputRows {
    rows(index, after: fixed, in: joined, threads: threads)
  }

  /// Input rows of every list, all valid until the next `resolve`.
  public func rows(after fixed: [InputRows]?, in memory: inout [JoinedRows], threads: Threads) -> [InputRows] {
    while memory.count < learned.count { memory.append(JoinedRows()) }
    return learned.indices.map { rows($0, after: fixed?[$0], in: memory[$0], threads: threads) }
  }

  private func rows(_ index: Int, after fixed: InputRows?, in memory: JoinedRows, threads: Threads) -> InputRows {
    guard let fixed else { return learned[index] }
    let joined = memory.join(fixed, learned[index], threads: threads)
    store.counters.copiedBytes.add(4 * joined.count * joined.columns)
    return joined
  }

  /// Rows that were pulled so far, and their bytes.
  public var traffic: RowTraffic { store.traffic }
}

/// One matrix of rows that lie in two tables.
public final class JoinedRows {
  private let matrix = GrowingBuffer<Float>()
  private let references = GrowingBuffer<RowReference>()
  private let tables = (SegmentTable(), SegmentTable())

  public init() {}

  /// Copies both tables' rows, side by side; valid until the next call.
  public func join(_ left: InputRows, _ right: InputRows, threads: Threads) -> InputRows {
    precondition(left.count == right.count, "\(left.count) and \(right.count) rows")
    let columns = left.columns + right.columns
    matrix.reset(to: left.count * columns)
    references.reset(to: left.count)
    let target = MatrixView(base: matrix.pointer, rows: left.count, columns: columns, stride: columns)
    let (first, second) = (RowSource(left, segments: tables.0), RowSource(right, segments: tables.1))
    let references = references
    threads.forEachChunk(of: left.count, by: Tiles.height) { rows in
      let tile = target.rows(rows)
      Gather.copy(from: rows.lowerBound, of: first, into: tile.columns(0..<left.columns))
      Gather.copy(from: rows.lowerBound, of: second, into: tile.columns(left.columns..<columns))
      for row in rows { references.pointer[row] = RowReference(segment: 0, row: row) }
    }
    return InputRows(segments: .dense([RowSegment(target, owner: matrix)]), references: references.readOnly, columns: columns)
  }
}
