import Glibc
import Graphs
import KVStore
import Kernels
import Messaging
import Partitions
import Tensors

/// Measures pulling random rows over the loopback interface beside ZeroMQ alone, both in this process: first moving the same rows without a
/// store, then messages of the same sizes without rows; each with the send buffers that ZeroMQ has by default, then with the store's.
public enum PullBenchmark {
  /// What is measured, and how often.
  public struct Request: Sendable {
    /// Rows of the table, all served.
    public var tableRows = 500_000
    /// Float32 elements of a row.
    public var columns = 100
    /// Different rows asked for at a time.
    public var rows = 10_000
    /// Threads of the server, I/O threads and connections of both sides.
    public var serverThreads = 1
    public var ioThreads = 1
    public var connections = 1
    /// Timed rounds, after one to warm up.
    public var trials = 20

    public init() {}
  }

  /// Times of one body are those of so many pulls.
  private static let pullsPerRound = 16

  /// Compares what comes with the table, then times all in turn.
  ///
  /// - Throws: `InputError` for more rows than there are, `WrongResult` for a wrong row, `MessagingError`, `SystemError`.
  public static func run(_ request: Request) throws -> PullReport {
    guard request.rows <= request.tableRows else {
      throw InputError("--rows", expected: "at most the \(request.tableRows) rows of the table", found: "\(request.rows)")
    }
    let table = try BenchTable(
      rows: request.tableRows, columns: request.columns, elementType: .float32, placement: .resident, threads: Threads(2))
    let lists = (0..<pullsPerRound).map { differentRows(request, seed: UInt64($0)) }
    let store = try StorePull(table, request)
    let (gather, bare) = (try RawPull(table, request, movesRows: true), try RawPull(table, request, movesRows: false))
    let buffers = Server.defaultSendBufferBytes
    let tunedGather = try RawPull(table, request, movesRows: true, sendBufferBytes: buffers)
    let tunedBare = try RawPull(table, request, movesRows: false, sendBufferBytes: buffers)
    try store.pull(lists[0])
    try gather.pull(lists[0])
    for (index, row) in lists[0].enumerated() {
      try check(store.row(index), table, row, kernel: "pulled rows", columns: request.columns)
      try check(gather.row(index), table, row, kernel: "rows over ZeroMQ", columns: request.columns)
    }
    var failure: (any Error)?
    func body(_ pull: @escaping ([UInt32]) throws -> Void) -> (amount: Double, run: () -> Void) {
      (
        Double(pullsPerRound * request.rows * table.rowBytes),
        { do { for list in lists { try pull(list) } } catch { failure = failure ?? error } }
      )
    }
    let rounds = Interleaved.rounds(
      trials: request.trials, [store.pull, gather.pull, bare.pull, tunedGather.pull, tunedBare.pull].map(body))
    if let failure { throw failure }
    return PullReport(request, rowBytes: table.rowBytes, rates: rounds)
  }

  /// Numbers of different rows, in random order.
  private static func differentRows(_ request: Request, seed: UInt64) -> [UInt32] {
    let key = RandomKey(seed: seed, purpose: .generator)
    var (seen, rows, draw): (Set<UInt32>, [UInt32], UInt64) = ([], [], 0)
    while rows.count < request.rows {
      let row = boundedIndex(key.bits(id: draw, step: 0)[0], below: UInt32(request.tableRows))
      draw += 1
      if seen.insert(row).inserted { rows.append(row) }
    }
    return rows
  }

  private static func check(_ row: UnsafeRawPointer, _ table: BenchTable, _ number: UInt32, kernel: String, columns: Int) throws {
    for column in 0..<columns {
      let (expected, found) = (BenchTable.value(Int(number), column), row.loadUnaligned(fromByteOffset: 4 * column, as: Float.self))
      guard found == expected else {
        throw WrongResult(kernel: kernel, place: "row \(number), column \(column)", expected: Double(expected), found: Double(found))
      }
    }
  }
}

/// Pulls through a store, as training does.
private final class StorePull {
  private let server: Server
  private let store: RowStore
  private let arena = RowArena()
  private let ids = GrowingBuffer<GlobalID>()
  private var pulled: InputRows?

  init(_ table: BenchTable, _ request: PullBenchmark.Request) throws {
    let book = PartitionBook(partCount: 1, typeCount: 1, bounds: [0, Int64(table.rows)])
    let description = TableDescription(dense: "feat", nodeType: 0, columns: table.columns, elementType: table.elementType)
    let served = ServedTables(
      [TableShards(number: 0, description: description, shards: [0: table.shard(0..<table.rows)])], serving: 0..<1)
    var options = Server.Options()
    (options.host, options.threads, options.ioThreads) = ("127.0.0.1", request.serverThreads, request.ioThreads)
    server = try Server(token: 1, handlers: rowHandlers(book: book, tables: served), options: options)
    var limits = Client.Limits()
    (limits.connections, limits.ioThreads) = (request.connections, request.ioThreads)
    let client = try Client(token: 1, endpoints: [0: server.endpoint], limits: limits)
    store = RowStore(
      shards: TableShards(number: 0, description: description, shards: [:]), book: book, workers: [0], client: client)
  }

  deinit { server.close() }

  func pull(_ rows: [UInt32]) throws {
    ids.resize(to: rows.count)
    for (index, row) in rows.enumerated() { ids.pointer[index] = GlobalID(Int64(row)) }
    pulled = try store.resolve([ids.readOnly], step: 0, into: arena, threads: Threads(1))[0]
  }

  /// Where the `index`-th row of the last pull lies.
  func row(_ index: Int) -> UnsafeRawPointer {
    guard let pulled, case .dense(let segments) = pulled.segments else { preconditionFailure("rows before a pull") }
    let reference = pulled.references[index]
    return segments[reference.segment].base + reference.row * segments[reference.segment].strideBytes
  }
}

/// One request, one answer, by ZeroMQ's sockets alone: the row numbers go there, and the rows come back in one message.
private final class RawPull {
  private let context: MessagingContext
  private let socket: Socket
  private let answer = Message()
  private let rowBytes: Int
  private let movesRows: Bool
  /// Where the rows are copied to.
  private let rows: Buffer<UInt8>
  private let server: RawServer

  /// - Parameters:
  ///   - movesRows: Whether the server gathers rows and the client copies them, or both leave the memory as it is.
  ///   - sendBufferBytes: The system's send buffers; `nil`: as it decides.
  init(_ table: BenchTable, _ request: PullBenchmark.Request, movesRows: Bool, sendBufferBytes: Int? = nil) throws {
    rowBytes = table.rowBytes
    self.movesRows = movesRows
    rows = Buffer(count: request.rows * rowBytes)
    server = try RawServer(table, movesRows: movesRows, sendBufferBytes: sendBufferBytes)
    context = try MessagingContext()
    socket = try Socket(.dealer, in: context)
    try socket.setSendBuffer(bytes: sendBufferBytes)
    try socket.connect(server.endpoint)
  }

  func pull(_ rows: [UInt32]) throws {
    let request = Message(size: 4 * rows.count)
    rows.withUnsafeBytes { request.bytes.copyMemory(from: $0) }
    _ = try socket.send(request)
    _ = try socket.receive(into: answer, wait: true)
    guard movesRows, let source = answer.bytes.baseAddress else { return }
    for row in 0..<rows.count { memcpy(self.rows.pointer + row &* rowBytes, source + row &* rowBytes, rowBytes) }
  }

  func row(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(rows.pointer + index * rowBytes) }
}

/// A thread that answers row numbers with rows, or with as many bytes.
private final class RawServer: Sendable {
  let endpoint: String
  private let context: MessagingContext
  private let thread: NativeThread

  init(_ table: BenchTable, movesRows: Bool, sendBufferBytes: Int?) throws {
    let context = try MessagingContext()
    let socket = try Socket(.router, in: context)
    try socket.setSendBuffer(bytes: sendBufferBytes)
    endpoint = try socket.bind(host: "127.0.0.1")
    nonisolated(unsafe) let (owned, source) = (socket, table)  // Safe: only the thread uses the socket, and nobody writes the table.
    thread = try NativeThread(name: "halo-bench") { Self.serve(owned, source, movesRows: movesRows) }
    self.context = context
  }

  deinit {
    context.shutDown()
    thread.join()
  }

  private static func serve(_ socket: Socket, _ table: BenchTable, movesRows: Bool) {
    let (sender, request) = (Message(), Message())
    do {
      while true {
        _ = try socket.receive(into: sender, wait: true)
        _ = try socket.receive(into: request, wait: true)
        let count = request.bytes.count / 4
        let answer = Message(size: count * table.rowBytes)
        if movesRows, let numbers = request.bytes.baseAddress, let output = answer.bytes.baseAddress {
          for index in 0..<count {
            let row = Int(numbers.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self))
            memcpy(output + index &* table.rowBytes, table.base + row &* table.strideBytes, table.rowBytes)
          }
        }
        _ = try socket.send(sender, more: true)
        _ = try socket.send(answer)
      }
    } catch {}  // The context is shut down.
  }
}
