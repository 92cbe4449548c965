import Glibc
import Graphs
import Kernels
public import Messaging
public import Partitions
import Tensors

/// The serving side of the tables: handlers of `pullRows` and `pullSparseRows` for this worker's own parts.
///
/// A request names table and part; its payload is `count` part-local ids of inner nodes (uint32), for a table of edges their places among
/// all in-edges of the part in the book of edges. Every id is checked.
/// ```
/// answer of pullRows                       answer of pullSparseRows
/// ┌──────────────────────────────────┐     ┌─────────────────┬──────────────────┬──────────────────┐
/// │ count rows of detail bytes each  │     │ uint32 lengths  │  uint32 columns  │  float32 values  │
/// └──────────────────────────────────┘     │     (count)     │     (detail)     │     (detail)     │
///  rows as stored, without padding;        └─────────────────┴──────────────────┴──────────────────┘
/// ```
/// - Parameters:
///   - edges: Numbers the rows of tables of edges; needed where one is served.
///   - tables: What is served; a table's number names it in requests. Tables may be added while requests are answered.
///   - maximumReplyBytes: A request for more gets a failure reply.
public func rowHandlers(
  book: PartitionBook, edges: PartitionBook? = nil, tables: ServedTables, maximumReplyBytes: Int = 256 << 20
) -> [MessageKind: RequestHandler] {
  let server = RowServer(book: book, edges: edges, tables: tables, maximumReplyBytes: maximumReplyBytes)
  return [.pullRows: { try server.denseRows($0) }, .pullSparseRows: { try server.sparseRows($0) }]
}

/// Answers pulls from tables in memory.
struct RowServer: Sendable {
  private let book: PartitionBook
  private let edges: PartitionBook?
  private let tables: ServedTables
  private let maximumReplyBytes: Int

  init(book: PartitionBook, edges: PartitionBook? = nil, tables: ServedTables, maximumReplyBytes: Int) {
    self.book = book
    self.edges = edges
    self.tables = tables
    self.maximumReplyBytes = maximumReplyBytes
  }

  func denseRows(_ request: Request) throws -> ReplyBuffer {
    let (shard, description) = try shard(request)
    guard case .dense(let table) = shard else { throw refusal(request, expected: "a dense table", found: "a sparse one") }
    let ids = try RequestedRows(request, of: description, in: self)
    let rowBytes = table.rowBytes
    try checkSize(ids.count * rowBytes, of: request)
    let buffer = MessageBuffer(payloadBytes: ids.count * rowBytes)
    guard rowBytes > 0, ids.count > 0, let output = buffer.payload.baseAddress else {
      return ReplyBuffer(count: ids.count, detail: rowBytes, buffer: buffer)
    }
    try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: ids.count) { rows in
      for index in 0..<ids.count { rows[index] = UInt32(truncatingIfNeeded: try ids.row(index)) }
      RowMoves.gather(
        from: UnsafeRawPointer(table.bytes.pointer), strideBytes: table.strideBytes, rowBytes: rowBytes,
        rows: UnsafeBufferPointer(rows), to: output)
    }
    return ReplyBuffer(count: ids.count, detail: rowBytes, buffer: buffer)
  }

  func sparseRows(_ request: Request) throws -> ReplyBuffer {
    let (shard, description) = try shard(request)
    guard case .sparse(let table) = shard else { throw refusal(request, expected: "a sparse table", found: "a dense one") }
    let ids = try RequestedRows(request, of: description, in: self)
    var entries = 0
    for index in 0..<ids.count { entries += table.range(of: try ids.row(index)).count }
    try checkSize(ids.count * 4 + entries * 8, of: request)
    let buffer = MessageBuffer(payloadBytes: ids.count * 4 + entries * 8)
    guard ids.count > 0, var lengths = buffer.payload.baseAddress else { return ReplyBuffer(count: 0, buffer: buffer) }
    var columns = lengths + ids.count * 4
    var values = columns + entries * 4
    for index in 0..<ids.count {
      let range = table.range(of: try ids.row(index))
      lengths.storeBytes(of: UInt32(range.count), as: UInt32.self)
      lengths += 4
      memcpy(columns, table.indices.pointer + range.lowerBound, range.count * 4)
      columns += range.count * 4
      memcpy(values, table.values.pointer + range.lowerBound, range.count * 4)
      values += range.count * 4
    }
    return ReplyBuffer(count: ids.count, detail: entries, buffer: buffer)
  }

  /// The rows of the table and part asked for; rows of a learned table are as of the request's step.
  private func shard(_ request: Request) throws -> (FeatureTable, TableDescription) {
    guard let table = tables[request.table] else {
      throw refusal(request, expected: "one of the tables \(tables.numbers)", found: "\(request.table)")
    }
    let part = Int(request.part)
    guard tables.serving.contains(part), let shard = table.shards.shards[part] else {
      throw refusal(request, expected: "a part of \(tables.serving)", found: "\(part)")
    }
    try table.learned?.admit(step: request.step)
    return (shard, table.shards.description)
  }

  private func checkSize(_ bytes: Int, of request: Request) throws {
    guard bytes <= maximumReplyBytes else {
      throw refusal(request, expected: "rows of at most \(maximumReplyBytes) bytes", found: "\(bytes)")
    }
  }

  /// Rows of the request's table that hold the request's nodes; local ids checked one by one.
  private struct RequestedRows {
    let count: Int
    private let ids: UnsafeRawBufferPointer
    private let first: Int
    private let rows: Int
    private let refusal: (Int) -> InputError

    /// - Precondition: The request's part is served.
    init(_ request: Request, of table: TableDescription, in server: RowServer) throws {
      guard let book = table.relation == nil ? server.book : server.edges else {
        preconditionFailure("edge table \(table.name) is served without a book of edges")
      }
      count = Int(request.count)
      ids = request.payload
      guard ids.count == count * 4 else {
        throw server.refusal(request, expected: "\(count) ids of 4 bytes", found: "\(ids.count) bytes")
      }
      let range = book.innerRange(of: Int(request.part), type: table.slot)
      first = Int(range.lowerBound - book.innerRange(of: Int(request.part)).lowerBound)
      rows = range.count
      let expected = "local ids of \(first)..<\(first + rows)"
      refusal = { server.refusal(request, expected: expected, found: "\($0)") }
    }

    func row(_ index: Int) throws -> Int {
      let id = Int(UInt32(littleEndian: ids.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)))
      let row = id &- first
      guard row >= 0, row < rows else { throw refusal(id) }
      return row
    }
  }

  fileprivate func refusal(_ request: Request, expected: String, found: String) -> InputError {
    InputError("pull of table \(request.table), part \(request.part)", expected: expected, found: found)
  }
}

extension SparseRows {
  /// Entries of row `row`.
  fileprivate func range(of row: Int) -> Range<Int> { Int(indptr[row])..<Int(indptr[row + 1]) }
}
