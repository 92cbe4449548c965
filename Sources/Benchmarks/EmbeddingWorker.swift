import Collectives
import KVStore
import Messaging
import Partitions
import Tensors
import Training

/// One worker's share of a learned table of four parts, served as in training.
final class EmbeddingWorker {
  let group: any ProcessGroup
  let assignment: PartAssignment
  let book: PartitionBook
  /// The rows of own parts.
  let table: LearnedTable
  /// Finds rows: in place in own parts, pulled from all others.
  let store: RowStore
  let push: GradientPush
  let threads: Threads
  private let server: Server?

  /// Makes the rows of own parts, serves them and connects with all other workers; a collective call.
  init(_ request: EmbeddingBenchmark.Request, group: any ProcessGroup) throws {
    self.group = group
    threads = Threads(request.threads)
    let parts = EmbeddingBenchmark.partCount
    let assignment = try PartAssignment(parts: parts, workers: group.size)
    self.assignment = assignment
    let bounds = (0...parts).map { Int64($0 * request.rows / parts) }
    book = PartitionBook(partCount: parts, typeCount: 1, bounds: bounds)
    var options = LearnedTable.Options(columns: request.columns)
    options.optimizer = request.optimizer
    let own = assignment.parts(of: group.rank)
    let table = LearnedTable(
      number: 0, name: "learned", nodeType: 0, options: options, book: book,
      original: Dictionary(uniqueKeysWithValues: own.map { ($0, ArrayView(bounds[$0]..<bounds[$0 + 1])) }), threads: threads)
    self.table = table
    let token = try JobToken.agree(in: group)
    let book = book
    let server = try group.agree { () throws -> Server? in
      guard group.size > 1 else { return nil }
      let served = ServedTables([], serving: own)
      served.add(table)
      let handlers = rowHandlers(book: book, tables: served).merging(gradientHandlers(tables: served)) { first, _ in first }
      return try Server(token: token, handlers: handlers)
    }
    self.server = server
    table.whenApplied { [weak server] in server?.wakeUp() }
    let endpoints = try group.allGather(Array((server?.endpoint ?? "").utf8)).map { String(decoding: $0, as: UTF8.self) }
    let client = try group.agree { () throws -> Client? in
      let others = endpoints.indices.filter { $0 != group.rank }
      return others.isEmpty
        ? nil : try Client(token: token, endpoints: Dictionary(uniqueKeysWithValues: others.map { ($0, endpoints[$0]) }))
    }
    let workers = (0..<parts).map { assignment.worker(of: $0) }
    store = RowStore(shards: table.shards, book: book, workers: workers, client: client)
    push = GradientPush(table, workers: workers, rank: group.rank, client: client)
  }

  var ownParts: Range<Int> { assignment.parts(of: group.rank) }

  /// Ends the server once nobody asks any more; a collective call.
  func finish() throws {
    try group.barrier()
    server?.close()
  }
}
