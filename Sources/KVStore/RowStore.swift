public import Graphs
public import Kernels
public import Messaging
public import Partitions
import Synchronization
public import Tensors

/// Finds the rows of one table for any nodes: in place where this process can read them or replicas of them, else pulled from their
/// owner.
///
/// Rows are the same bits whichever way they come. Used by one thread at a time, the one that uses its client.
public final class RowStore {
  let shards: TableShards
  let client: Client?
  /// Rank of the worker that owns each part.
  let workers: [Int]
  private let lookup: OwnerLookup
  /// Replicas of rows that must otherwise be pulled; their segments follow those of the parts.
  private let replicas: ReplicaIndex
  private let denseSegments: [RowSegment]
  private let sparseSegments: [SparseSegment]
  private let counters: RowCounters
  private let deduplicator = RowDeduplicator()
  /// What is to be pulled from each part.
  private let pulls: [PartPull]
  private static let chunk = 4_096

  /// - Parameters:
  ///   - shards: The table, and the parts of it that are read in place.
  ///   - workers: Rank of the worker that owns each part, shape (k).
  ///   - client: Connections to the owners of all other parts; `nil` when there are none.
  public init(shards: TableShards, book: PartitionBook, workers: [Int], client: Client?) {
    precondition(workers.count == book.partCount, "\(workers.count) owners for \(book.partCount) parts")
    precondition(
      book.partCount + shards.replicas.count < RowReference.segmentLimit, "\(book.partCount) parts do not fit into row references")
    self.shards = shards
    self.workers = workers
    self.client = client
    var segments: [Int: Int] = [:]
    var dense: [RowSegment] = []
    var sparse: [SparseSegment] = []
    for (part, shard) in shards.shards.sorted(by: { $0.key < $1.key }) {
      let rows = book.innerRange(of: part, type: shards.description.nodeType).count
      precondition(shard.rows == rows, "\(shard.rows) rows of \(shards.description.name) for \(rows) nodes of part \(part)")
      segments[part] = segments.count
      Self.append(shard, to: &dense, &sparse)
    }
    for replica in shards.replicas { Self.append(replica.rows, to: &dense, &sparse) }
    replicas = ReplicaIndex(shards.replicas.map(\.nodes), book: book, mapped: Set(segments.keys))
    denseSegments = dense
    sparseSegments = sparse
    lookup = OwnerLookup(book: book, nodeType: shards.description.nodeType, segments: segments)
    pulls = (0..<book.partCount).map { PartPull(part: $0, worker: workers[$0]) }
    counters = RowCounters(peers: Set((0..<book.partCount).filter { segments[$0] == nil }.map { workers[$0] }))
  }

  private static func append(_ table: FeatureTable, to dense: inout [RowSegment], _ sparse: inout [SparseSegment]) {
    switch table {
    case .dense(let rows): dense.append(RowSegment(rows))
    case .sparse(let rows): sparse.append(SparseSegment(rows))
    }
  }

  /// What was resolved so far; any thread may ask.
  public var traffic: RowTraffic {
    counters.traffic(rowBytes: shards.description.layout == .dense ? shards.description.rowBytes : nil)
  }

  /// Finds the rows of every list of nodes; a row that several lists need is pulled once.
  ///
  /// - Parameters:
  ///   - nodes: Global ids of the table's node type, one list per part of this worker.
  ///   - step: Step of the run, for tables whose rows change.
  ///   - arena: Takes the references and the pulled rows; its previous contents are gone.
  /// - Returns: One `InputRows` per list, row for row; valid until the arena's next use.
  /// - Throws: `InputError` for an id that is not one of the table's or a malformed answer; `MessagingError` when an owner
  ///   refuses or does not answer.
  /// - Complexity: O(rows · log k), parallel over rows but for the remote ones.
  public func resolve(
    _ nodes: [UnsafeBufferPointer<GlobalID>], step: UInt32, into arena: RowArena, threads: Threads
  ) throws -> [InputRows] {
    arena.prepare(nodes.lazy.map(\.count))
    deduplicator.removeAll()
    for pull in pulls { pull.removeAll() }
    for (list, ids) in nodes.enumerated() {
      let references = arena.references[list].pointer
      let (remote, replicated) = try locate(ids, into: references, threads: threads)
      counters.asked.add(ids.count)
      counters.local.add(ids.count - remote)
      counters.replicated.add(replicated)
      if remote > 0 { number(ids, remote: remote, in: references) }
    }
    let segments: InputRows.Segments
    switch shards.description.layout {
    case .dense:
      try pullDense(step: step, into: arena)
      let stride = shards.description.strideBytes
      let type = shards.description.elementType
      segments = .dense(denseSegments + [arena.segment(rows: deduplicator.count, strideBytes: stride, elementType: type)])
    case .sparse:
      try pullSparse(step: step, into: arena)
      segments = .sparse(sparseSegments + [arena.sparseSegment(columns: shards.description.columns)])
    }
    return nodes.indices.map { list in
      InputRows(segments: segments, references: arena.references[list].readOnly, columns: shards.description.columns)
    }
  }

  /// Segment of the pulled rows.
  private var arenaSegment: Int { shards.shards.count + shards.replicas.count }

  /// Writes the reference of every row in memory, and (arena, part · 2³²) for every remote one; returns how many are remote, and how many
  /// are replicas.
  private func locate(
    _ ids: UnsafeBufferPointer<GlobalID>, into references: UnsafeMutablePointer<RowReference>, threads: Threads
  ) throws -> (remote: Int, replicated: Int) {
    let remote = Atomic<Int>(0)
    let replicated = Atomic<Int>(0)
    let stranger = Atomic<Int>(.max)
    let arenaSegment = arenaSegment
    let (lookup, replicas, firstReplica) = (lookup, replicas, shards.shards.count)
    nonisolated(unsafe) let output = references  // Safe: each chunk writes its own rows.
    nonisolated(unsafe) let input = ids
    threads.forEachChunk(of: ids.count, by: Self.chunk) { chunk in
      let places = lookup.places.pointer
      var (remoteRows, replicatedRows) = (0, 0)
      for index in chunk {
        let id = input[index].rawValue
        let part = lookup.part(of: id)
        let place = places[part]
        let row = id &- place.first
        guard row >= 0, row < place.rows else {
          stranger.min(index, ordering: .relaxed)
          return
        }
        if place.segment >= 0 {
          output[index] = RowReference(segment: Int(place.segment), row: Int(row))
        } else if let replica = replicas.place(of: id) {
          output[index] = RowReference(segment: firstReplica &+ replica.list, row: replica.position)
          replicatedRows += 1
        } else {
          output[index] = RowReference(segment: arenaSegment, row: part << 32)
          remoteRows += 1
        }
      }
      remote.wrappingAdd(remoteRows, ordering: .relaxed)
      replicated.wrappingAdd(replicatedRows, ordering: .relaxed)
    }
    let first = stranger.load(ordering: .relaxed)
    guard first == .max else {
      throw InputError(
        "row \(first) of a batch", expected: "a node that has a row in table \(shards.description.name)",
        found: "global id \(ids[first].rawValue)")
    }
    return (remote.load(ordering: .relaxed), replicated.load(ordering: .relaxed))
  }

  /// Numbers the remote rows in order of first appearance, which is their order in the arena, and notes whom to ask.
  private func number(_ ids: UnsafeBufferPointer<GlobalID>, remote: Int, in references: UnsafeMutablePointer<RowReference>) {
    deduplicator.reserve(remote)
    let arenaSegment = arenaSegment
    let places = lookup.places.pointer
    for index in 0..<ids.count where references[index].segment == arenaSegment {
      let part = references[index].row >> 32
      let id = ids[index].rawValue
      let (row, isNew) = deduplicator.number(of: id)
      references[index] = RowReference(segment: arenaSegment, row: Int(row))
      if isNew {
        pulls[part].ids.append(UInt32(truncatingIfNeeded: id &- places[part].first) &+ places[part].firstLocal)
        pulls[part].rows.append(row)
      }
    }
  }

  private func pullDense(step: UInt32, into arena: RowArena) throws {
    let table = shards.description
    arena.denseRows.resize(to: deduplicator.count * table.strideBytes)
    guard deduplicator.count > 0 else { return }
    let pull = RowPull(.pullRows, of: shards, pulls, step: step, bytesPerRow: table.rowBytes)
    try pull.run(client) { chunk, reply in
      try chunk.scatterDense(reply, table: table, into: arena)
      counters.addPulled(rows: chunk.count, bytes: reply.payload.count, from: chunk.pull.worker)
    }
  }

  private func pullSparse(step: UInt32, into arena: RowArena) throws {
    arena.indptr.resize(to: deduplicator.count + 1)
    arena.indptr.pointer[0] = 0
    arena.indices.removeAll()
    arena.values.removeAll()
    guard deduplicator.count > 0 else { return }
    let pull = RowPull(.pullSparseRows, of: shards, pulls, step: step, bytesPerRow: RowPull.assumedSparseRowBytes)
    var replies: [(RowPull.Chunk, Reply)] = []
    try pull.run(client) { chunk, reply in
      try chunk.noteLengths(reply, columns: shards.description.columns, in: arena)
      replies.append((chunk, reply))
      counters.addPulled(rows: chunk.count, bytes: reply.payload.count, from: chunk.pull.worker)
    }
    arena.sumLengths(rows: deduplicator.count)
    for (chunk, reply) in replies { chunk.scatterSparse(reply, into: arena) }
  }
}
