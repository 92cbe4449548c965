public import Graphs
import Kernels
import Synchronization
public import Tensors

/// Where the rows of a step lie, and which of them other workers have.
extension RowStore {
  private static var chunk: Int { 4_096 }
  /// Rows whose memory is asked for before they are numbered.
  private static var ahead: Int { 16 }

  /// Finds out which rows of every list are in this process's memory, numbers the different ones that are not, and announces them to the
  /// cache: the first half of `resolve`, which a pipeline calls steps before the second, in their order.
  ///
  /// - Parameters:
  ///   - nodes: Global ids of the table's node type, one list per part of this worker.
  ///   - arena: Takes the references; its previous contents are gone.
  /// - Throws: `InputError` for an id that is not one of the table's.
  /// - Complexity: O(rows · log k), parallel over rows but for the remote ones.
  public func locate(_ nodes: [UnsafeBufferPointer<GlobalID>], in arena: RowArena, threads: Threads) throws {
    arena.prepare(nodes.lazy.map(\.count))
    deduplicator.removeAll()
    for (list, ids) in nodes.enumerated() {
      let (remote, replicated) = try locate(ids, into: arena.references[list].pointer, threads: threads)
      arena.asked += ids.count
      arena.local += ids.count - remote
      arena.replicated += replicated
      if remote > 0 { number(ids, remote: remote, list: list, in: arena) }
    }
    announce(arena)
  }

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

  /// Numbers the remote rows in order of first appearance; their references name the number as a row of the arena.
  private func number(_ ids: UnsafeBufferPointer<GlobalID>, remote: Int, list: Int, in arena: RowArena) {
    let (arenaSegment, known) = (arenaSegment, arena.remoteCount)
    deduplicator.reserve(remote)
    arena.remoteIDs.reserve(known + remote)
    arena.remoteParts.reserve(known + remote)
    note(arena.references[list].readOnly, remote: remote, in: arena.remotePositions[list])
    let (references, positions) = (arena.references[list].pointer, arena.remotePositions[list].pointer)
    let (numbered, parts) = (arena.remoteIDs.pointer, arena.remoteParts.pointer)
    let count = deduplicator.numbering { table in
      for next in 0..<remote {
        if next &+ Self.ahead < remote { table.ask(for: ids[Int(positions[next &+ Self.ahead])].rawValue) }
        let index = Int(positions[next])
        let (id, part) = (ids[index].rawValue, references[index].row >> 32)
        let (row, isNew) = table.number(of: id)
        references[index] = RowReference(segment: arenaSegment, row: Int(row))
        guard isNew else { continue }
        numbered[Int(row)] = id
        parts[Int(row)] = UInt32(truncatingIfNeeded: part)
      }
      return table.count
    }
    arena.remoteIDs.resize(to: count)
    arena.remoteParts.resize(to: count)
  }

  /// Notes the positions of a list's remote rows.
  private func note(_ references: UnsafeBufferPointer<RowReference>, remote: Int, in positions: GrowingBuffer<UInt32>) {
    positions.reset(to: references.count + 1)
    let (output, arenaSegment) = (positions.pointer, arenaSegment)
    var count = 0
    // Whether a row is remote is hard to foresee: every position is written, and only those of remote rows stay.
    for index in 0..<references.count {
      output[count] = UInt32(truncatingIfNeeded: index)
      count &+= references[index].segment == arenaSegment ? 1 : 0
    }
    positions.resize(to: remote)
  }
}
