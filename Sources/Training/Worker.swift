public import Collectives
public import Configuration
import Foundation
import Graphs
import KVStore
import Loading
import Messaging
public import Partitions
import Sampling
import Tensors

/// One worker of a job: the parts it owns, the parts it reads in place, and its connections to the other workers.
public final class Worker {
  public let group: any ProcessGroup
  public let manifest: Manifest
  public let book: PartitionBook
  public let assignment: PartAssignment
  /// Own parts, increasing.
  public let parts: [LocalPartition]
  /// Every part that this process maps, own parts among them, by part.
  public let mapped: [Int: LocalPartition]
  /// Every table, with the rows of the mapped parts; the position in `manifest.tables` names a table.
  private let tables: [TableShards]
  /// The tables of rows of edges that the run reads, by relation, with the rows of the mapped parts.
  private let edgeTables: [TableShards]
  private let served: ServedTables
  /// Parts whose rows are copied, once.
  private let resident: Set<Int>
  let client: Client?
  private let server: Server?
  private let monitor: HeartbeatMonitor?
  private let token: UInt64
  /// Where each worker's server listens, by rank; empty where there is none.
  private let endpoints: [String]
  /// Workers whose parts this one does not map.
  private let remote: Set<Int>

  /// Opens the worker's parts, starts its server and connects it with the others; a collective call.
  ///
  /// - Parameters:
  ///   - directory: The partition directory.
  ///   - seed: Seed of the run, part of every sampling key that the server answers with.
  ///   - edgeFeatures: Table of rows of edges that the run reads; `nil`: none.
  ///   - watched: Starts the heartbeat monitor, which ends the process when a worker falls silent; off for workers that share a
  ///     process.
  /// - Throws: The same error on every worker when any of them fails; see `ProcessGroup.agree`.
  public init(
    directory: String, group: any ProcessGroup, seed: UInt64, edgeFeatures: String? = nil, execution: ExecutionConfiguration, watched: Bool
  ) throws {
    self.group = group
    let manifest = try group.agree { try Manifest.load(directory) }
    self.manifest = manifest
    book = PartitionBook(manifest)
    let assignment = try group.agree { try PartAssignment(parts: manifest.partCount, workers: group.size) }
    self.assignment = assignment
    let readable = execution.mapPeers ? group.hostRanks : [group.rank]
    let mapped = try group.agree {
      let numbers = readable.flatMap { Array(assignment.parts(of: $0)) }
      return try Dictionary(
        uniqueKeysWithValues: numbers.map { ($0, try LocalPartition(directory: directory, manifest: manifest, part: $0)) })
    }
    self.mapped = mapped
    parts = assignment.parts(of: group.rank).map { mapped[$0]! }
    let own = Dictionary(uniqueKeysWithValues: parts.map { ($0.part, $0) })
    let resident = execution.residency == .resident ? Set(own.keys) : []
    let tables = manifest.tables.indices.map {
      TableShards(number: $0, of: manifest, in: Array(mapped.values), resident: resident)
    }
    self.tables = tables
    self.resident = resident
    let edgeTables = manifest.edgeTables.indices.filter { manifest.edgeTables[$0].name == edgeFeatures }.map {
      TableShards(edgeTable: $0, of: manifest, in: Array(mapped.values), resident: resident)
    }
    self.edgeTables = edgeTables
    let served = ServedTables(tables + edgeTables, serving: assignment.parts(of: group.rank))
    self.served = served
    let token = try JobToken.agree(in: group)
    self.token = token
    let needsServer = group.size > 1
    let book = book
    let server = try group.agree { () throws -> Server? in
      guard needsServer else { return nil }
      let rows = rowHandlers(book: book, edges: PartitionBook(edgesOf: manifest), tables: served)
      var handlers = rows.merging(gradientHandlers(tables: served)) { first, _ in first }
      handlers[.sampleNeighbors] = SamplingService.handler(
        book: book, own: own.mapValues(\.inEdges), relationCount: manifest.schema.relations.count, seed: seed)
      return try Server(token: token, handlers: handlers, host: nil)
    }
    self.server = server
    let endpoints = try group.allGather(Array((server?.endpoint ?? "").utf8)).map { String(decoding: $0, as: UTF8.self) }
    self.endpoints = endpoints
    let remote = Set((0..<manifest.partCount).filter { mapped[$0] == nil }.map { assignment.worker(of: $0) })
    self.remote = remote
    client = try group.agree { try Self.connect(to: remote, at: endpoints, token: token) }
    monitor = watched && needsServer ? try HeartbeatMonitor.watch(group, token: token, silence: execution.silenceLimit) : nil
  }

  /// More connections to the workers whose parts this one does not map, for another thread; `nil` where it maps all.
  ///
  /// - Parameter answerBytes: Most bytes of answers on their way, all workers together, but for a mebibyte of each that always may.
  func connect(answerBytes: Int) throws -> Client? {
    var limits = Client.Limits()
    limits.creditBytes = min(limits.creditBytes, max(1 << 20, answerBytes / max(1, remote.count)))
    return try Self.connect(to: remote, at: endpoints, token: token, limits: limits)
  }

  private static func connect(
    to ranks: Set<Int>, at endpoints: [String], token: UInt64, limits: Client.Limits = Client.Limits()
  ) throws -> Client? {
    guard !ranks.isEmpty else { return nil }
    return try Client(token: token, endpoints: Dictionary(uniqueKeysWithValues: ranks.map { ($0, endpoints[$0]) }), limits: limits)
  }

  /// The rows of `table`: in place where this worker maps the part, pulled from the owner elsewhere.
  func store(of table: TableDescription) -> RowStore {
    store(of: tables.first { $0.description == table }!)  // One of ours.
  }

  /// The rows of the edges of every relation that has some which the run reads, in the order of the relations.
  func edgeStores() -> [RowStore] {
    let book = PartitionBook(edgesOf: manifest)
    return edgeTables.sorted { $0.description.slot < $1.description.slot }.map {
      RowStore(shards: $0, book: book, workers: workerOfPart, client: client)
    }
  }

  /// Opens the rows of `derived` in every mapped part and serves those of own parts; a collective call, after which every worker can ask.
  ///
  /// - Parameter directory: The partition directory.
  /// - Throws: The same error on every worker when a part's rows cannot be opened.
  func open(_ derived: DerivedTable, in directory: String) throws -> RowStore {
    let (mapped, type) = (mapped, derived.table.nodeType)
    let shards = try group.agree {
      let rows = try mapped.mapValues { part in
        try derived.rows(part: part.part, directory: directory, rows: book.innerRange(of: part.part, type: type).count)
      }
      return TableShards(number: freeTableNumber - 1, description: derived.table, shards: rows, resident: resident)
    }
    served.add(shards)
    try group.barrier()
    return store(of: shards)
  }

  private func store(of shards: TableShards) -> RowStore {
    RowStore(shards: shards, book: book, workers: workerOfPart, client: client)
  }

  /// Numbers from here on no other table has; the one before is that of a derived table.
  var freeTableNumber: Int { manifest.tables.count + manifest.edgeTables.count + 1 }

  /// Serves learned rows and takes gradients of them; a collective call, after which every worker can ask.
  ///
  /// - Returns: Connections to all other workers, whose learned rows are always pulled, for one thread; `nil` where there are none.
  func open(_ table: LearnedTable) throws -> Client? {
    served.add(table)
    table.whenApplied { [weak server = server] in server?.wakeUp() }
    try group.barrier()
    return try group.agree { try Self.connect(to: Set(endpoints.indices).subtracting([group.rank]), at: endpoints, token: token) }
  }

  /// In-edges that the parts read in place keep of other parts' nodes.
  var replicatedInEdges: [ReplicatedInEdges] { mapped.sorted { $0.key < $1.key }.compactMap(\.value.replicatedInEdges) }

  /// Workers of every part.
  var workerOfPart: [Int] { (0..<manifest.partCount).map { assignment.worker(of: $0) } }

  /// Ends the server and the monitor once every worker has finished; a collective call.
  public func finish() throws {
    try group.barrier()
    monitor?.close()
    server?.close()
  }
}
