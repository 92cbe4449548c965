public import Graphs
public import Kernels
public import Messaging
public import Partitions
import Telemetry
public import Tensors

/// Finds the rows of one table for any nodes: in place where this process can read them or replicas of them, from a cache where they are
/// still there, else pulled from their owner.
///
/// Rows are the same bits whichever way they come. Used by one thread at a time, but that dense rows may travel (`pull`) while another thread
/// locates rows of later steps.
public final class RowStore {
  let shards: TableShards
  let client: Client?
  let book: PartitionBook
  /// Rank of the worker that owns each part.
  let workers: [Int]
  let lookup: OwnerLookup
  /// Replicas of rows that must otherwise be pulled; their segments follow those of the parts.
  let replicas: ReplicaIndex
  private let denseSegments: [RowSegment]
  private let sparseSegments: [SparseSegment]
  let counters: RowCounters
  let deduplicator = RowDeduplicator()
  /// What is to be pulled from each part.
  let pulls: [PartPull]
  private let cacheOptions: RowCacheOptions?
  /// Most bytes of messages under way in one fetch so far.
  var messageBytes = 0
  /// Largest share of a step's remote rows that the cache did not take so far.
  var passingShare = 0.0
  /// Made when the first step shows how many rows it needs.
  private(set) var cache: RowCache?

  /// - Parameters:
  ///   - shards: The table, and the parts of it that are read in place.
  ///   - book: Numbers the table's rows: nodes, or for a table of edges `PartitionBook(edgesOf:)`.
  ///   - workers: Rank of the worker that owns each part, shape (k).
  ///   - client: Connections to the owners of all other parts; `nil` when there are none.
  ///   - cache: Keeps pulled rows for later steps; rows of sparse tables are never kept.
  public init(shards: TableShards, book: PartitionBook, workers: [Int], client: Client?, cache: RowCacheOptions? = nil) {
    precondition(workers.count == book.partCount, "\(workers.count) owners for \(book.partCount) parts")
    precondition(
      book.partCount + shards.replicas.count + 1 < RowReference.segmentLimit, "\(book.partCount) parts do not fit into row references")
    self.shards = shards
    self.book = book
    self.workers = workers
    self.client = client
    cacheOptions = shards.description.layout == .dense && cache?.keepsRows == true ? cache : nil
    var segments: [Int: Int] = [:]
    var dense: [RowSegment] = []
    var sparse: [SparseSegment] = []
    for (part, shard) in shards.shards.sorted(by: { $0.key < $1.key }) {
      let rows = book.innerRange(of: part, type: shards.description.slot).count
      precondition(shard.rows == rows, "\(shard.rows) rows of \(shards.description.name) for \(rows) nodes of part \(part)")
      segments[part] = segments.count
      Self.append(shard, to: &dense, &sparse)
    }
    for replica in shards.replicas { Self.append(replica.rows, to: &dense, &sparse) }
    replicas = ReplicaIndex(shards.replicas.map(\.nodes), book: book, mapped: Set(segments.keys))
    denseSegments = dense
    sparseSegments = sparse
    lookup = OwnerLookup(book: book, slot: shards.description.slot, segments: segments)
    pulls = (0..<book.partCount).map { PartPull(part: $0, worker: workers[$0]) }
    counters = RowCounters(peers: Set((0..<book.partCount).filter { segments[$0] == nil }.map { workers[$0] }))
  }

  /// Another store of the same rows, for another thread.
  ///
  /// - Parameter client: The other thread's connections.
  public func twin(client: Client?, cache: RowCacheOptions?) -> RowStore {
    RowStore(shards: shards, book: book, workers: workers, client: client, cache: cache)
  }

  /// The table that the rows are of.
  package var table: TableDescription { shards.description }

  /// Whether the row of a node must come from its owner.
  package func isRemote(_ id: Int64) -> Bool {
    lookup.places[lookup.part(of: id)].segment < 0 && replicas.place(of: id) == nil
  }

  private static func append(_ table: FeatureTable, to dense: inout [RowSegment], _ sparse: inout [SparseSegment]) {
    switch table {
    case .dense(let rows): dense.append(RowSegment(rows))
    case .sparse(let rows): sparse.append(SparseSegment(rows))
    }
  }

  /// What was fetched so far; any thread may ask.
  public var traffic: RowTraffic {
    counters.traffic(rowBytes: shards.description.layout == .dense ? shards.description.rowBytes : nil)
  }

  /// Bytes that the cache holds for rows it keeps, and for all else: rows on their way out and its books.
  public var cacheBytes: (kept: Int, other: Int) { cache.map { ($0.keptBytes, $0.otherBytes) } ?? (0, 0) }

  /// Whether pulled rows are kept for later steps.
  var hasCache: Bool { cacheOptions != nil }

  /// Segment of the rows that an arena holds, the last.
  var arenaSegment: Int { shards.shards.count + shards.replicas.count + (hasCache ? 1 : 0) }

  /// Finds the rows of every list of nodes; a row that several lists need is pulled once.
  ///
  /// - Parameters:
  ///   - nodes: Global ids of the table's node type, one list per part of this worker.
  ///   - step: Step of the run, for tables whose rows change.
  ///   - arena: Takes the references and the pulled rows; its previous contents are gone.
  /// - Returns: One `InputRows` per list, row for row; valid until the arena's next use.
  /// - Precondition: The store has no cache: its steps are located and fetched one by one.
  /// - Throws: `InputError` for an id that is not one of the table's or a malformed answer; `MessagingError` when an owner
  ///   refuses or does not answer.
  /// - Complexity: O(rows · log k), parallel over rows but for the remote ones.
  public func resolve(
    _ nodes: [UnsafeBufferPointer<GlobalID>], step: UInt32, into arena: RowArena, threads: Threads
  ) throws -> [InputRows] {
    precondition(!hasCache, "a cache needs to know when a step is over")
    try locate(nodes, in: arena, threads: threads)
    try fetch([arena], step: step, finished: 0)
    return rows(of: arena)
  }

  /// The rows of a step that was fetched, one `InputRows` per list; valid until the arena's next use and, where rows are cached, until the
  /// step is finished.
  public func rows(of arena: RowArena) -> [InputRows] {
    let table = shards.description
    let segments: InputRows.Segments
    switch table.layout {
    case .dense:
      let kept = cache.map { [$0.segment(table.elementType)] } ?? []
      segments = .dense(denseSegments + kept + [arena.segment(strideBytes: table.strideBytes, elementType: table.elementType)])
    case .sparse:
      segments = .sparse(sparseSegments + [arena.sparseSegment(columns: table.columns)])
    }
    return (0..<arena.listCount).map {
      InputRows(segments: segments, references: arena.references[$0].readOnly, columns: table.columns)
    }
  }

  /// Tells the cache, where there is one, which rows the next step needs.
  func announce(_ arena: RowArena) {
    guard let options = cacheOptions else { return }
    let begin = ProcessorClock.thread()
    let cache = self.cache ?? makeCache(options, rowsOfAStep: arena.remoteCount)
    cache.plan.announce(arena.remoteIDs.readOnly)
    arena.remotePlaces.reset(to: arena.remoteCount)
    counters.planNanoseconds.add(Int(ProcessorClock.thread() - begin))
  }

  /// Made once, before the first rows travel.
  private func makeCache(_ options: RowCacheOptions, rowsOfAStep: Int) -> RowCache {
    let made = RowCache(options, strideBytes: shards.description.strideBytes, rowsOfAStep: rowsOfAStep)
    cache = made
    return made
  }
}
