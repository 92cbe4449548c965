import Kernels
import Messaging
import Telemetry
import Tensors

/// Brings the rows of located steps here.
extension RowStore {
  /// Decides where the remote rows of some steps come from, and pulls those that are not here, all steps' rows together: the second half of
  /// `resolve`.
  ///
  /// - Parameters:
  ///   - arenas: The oldest located steps that have not been fetched, in their order.
  ///   - step: Step of the run, for tables whose rows change.
  ///   - finished: Steps, counted from the first that was located, whose rows nobody reads any more; used where rows are cached.
  /// - Throws: `InputError` for a malformed answer; `MessagingError` when an owner refuses or does not answer.
  public func fetch(_ arenas: [RowArena], step: UInt32, finished: Int) throws {
    decide(arenas, finished: finished)
    try pull(arenas, step: step)
  }

  /// Decides where the remote rows of some steps come from: the part of `fetch` that asks nobody.
  ///
  /// - Precondition: What was decided before is pulled.
  package func decide(_ arenas: [RowArena], finished: Int) {
    for arena in arenas {
      counters.asked.add(arena.asked)
      counters.local.add(arena.local)
      counters.replicated.add(arena.replicated)
    }
    guard shards.description.layout == .dense else { return }
    for pull in pulls { pull.removeAll() }
    cache?.plan.finished(before: finished)
    for arena in arenas { if let cache { place(arena, in: cache) } else { place(arena) } }
    noteMessages(bytesPerRow: shards.description.rowBytes)
  }

  /// Whether the bytes of rows are known as soon as it is decided where they come from; those of sparse rows come with them.
  package var sizesAreDecided: Bool { shards.description.layout == .dense }

  /// Pulls what was decided last: the part of `fetch` that asks owners.
  ///
  /// Where sizes are decided another thread may do this while steps are located: it uses the client, the arenas of its own steps, and what
  /// is to be pulled, and changes the size of nothing.
  package func pull(_ arenas: [RowArena], step: UInt32) throws {
    switch shards.description.layout {
    case .dense: try pullDense(step: step)
    case .sparse: for arena in arenas { try fetchSparse(arena, step: step) }
    }
  }

  private func pullDense(step: UInt32) throws {
    guard pulls.contains(where: { $0.ids.count > 0 }) else { return }
    let table = shards.description
    let pull = RowPull(.pullRows, of: shards, pulls, step: step, bytesPerRow: table.rowBytes)
    try pull.run(client) { chunk, reply in
      try chunk.scatterDense(reply, table: table)
      counters.addPulled(rows: chunk.count, bytes: reply.payload.count, from: chunk.pull.worker)
    }
  }

  /// All remote rows go to the arena, in the order of their numbers.
  private func place(_ arena: RowArena) {
    let stride = shards.description.strideBytes
    arena.pulledRows = arena.remoteCount
    arena.denseRows.reset(to: arena.remoteCount * stride)
    let rows = arena.denseRow(0, strideBytes: stride)
    ask(for: arena, where: { _ in true }, to: { rows + $0 &* stride })
  }

  /// The plan says which remote rows are in the cache, which come into it, and which go to the arena.
  private func place(_ arena: RowArena, in cache: RowCache) {
    let begin = ProcessorClock.thread()
    defer { counters.planNanoseconds.add(Int(ProcessorClock.thread() - begin)) }
    let (stride, arenaSegment) = (shards.description.strideBytes, arenaSegment)
    let count = arena.remoteCount
    cache.plan.decide(into: cache.decisions)
    precondition(cache.decisions.count == count, "\(cache.decisions.count) places for \(count) rows")
    arena.remotePlaces.reset(to: count)
    let (decisions, places) = (cache.decisions.pointer, arena.remotePlaces.pointer)
    var (passed, kept) = (0, 0)
    for row in 0..<count {
      if let slot = decisions[row].slot {
        places[row] = RowReference(segment: arenaSegment &- 1, row: slot)
        if !decisions[row].isPulled { kept += 1 }
      } else {
        places[row] = RowReference(segment: arenaSegment, row: passed)
        passed += 1
      }
    }
    counters.cached.add(kept)
    passingShare = max(passingShare, Double(passed) / Double(max(1, count)))
    arena.pulledRows = passed
    arena.denseRows.reset(to: passed * stride)
    let (slots, rows) = (cache.row(0), arena.denseRow(0, strideBytes: stride))
    ask(for: arena, where: { decisions[$0].isPulled }, to: { (decisions[$0].slot == nil ? rows : slots) + places[$0].row &* stride })
    for list in 0..<arena.listCount {
      let references = arena.references[list].pointer
      for position in arena.remotePositions[list].readOnly {
        references[Int(position)] = places[references[Int(position)].row]
      }
    }
  }

  /// Notes remote rows of a step, behind those of steps before, among what is to be pulled from their parts.
  ///
  /// - Parameters:
  ///   - isPulled: Whether the row of a number must come from its owner.
  ///   - target: Where that row is wanted.
  @inline(__always)
  private func ask(for arena: RowArena, where isPulled: (Int) -> Bool, to target: (Int) -> UnsafeMutableRawPointer) {
    let (ids, parts, places) = (arena.remoteIDs.pointer, arena.remoteParts.pointer, lookup.places.pointer)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: pulls.count) { counts in
      counts.initialize(repeating: 0)
      for row in 0..<arena.remoteCount where isPulled(row) { counts[Int(parts[row])] += 1 }
      withUnsafeTemporaryAllocation(of: PartPull.Cursor.self, capacity: pulls.count) { cursors in
        for (part, pull) in pulls.enumerated() { cursors.initializeElement(at: part, to: pull.append(counts[part])) }
        for row in 0..<arena.remoteCount where isPulled(row) {
          let part = Int(parts[row])
          let id = UInt32(truncatingIfNeeded: ids[row] &- places[part].first) &+ places[part].firstLocal
          cursors[part].note(id, to: target(row))
        }
      }
    }
  }

  private func fetchSparse(_ arena: RowArena, step: UInt32) throws {
    for pull in pulls { pull.removeAll() }
    arena.pulledRows = arena.remoteCount
    arena.indptr.resize(to: arena.remoteCount + 1)
    let indptr = UnsafeMutableRawPointer(arena.indptr.pointer)
    arena.indptr.pointer[0] = 0
    ask(for: arena, where: { _ in true }, to: { indptr + 8 &* ($0 &+ 1) })
    arena.indices.removeAll()
    arena.values.removeAll()
    guard arena.remoteCount > 0 else { return }
    let pull = RowPull(.pullSparseRows, of: shards, pulls, step: step, bytesPerRow: RowPull.assumedSparseRowBytes)
    var replies: [(RowPull.Chunk, Reply)] = []
    try pull.run(client) { chunk, reply in
      try chunk.noteLengths(reply, columns: shards.description.columns)
      replies.append((chunk, reply))
      counters.addPulled(rows: chunk.count, bytes: reply.payload.count, from: chunk.pull.worker)
    }
    messageBytes = max(messageBytes, replies.reduce(4 * arena.remoteCount) { $0 + $1.1.payload.count })
    arena.sumLengths(rows: arena.remoteCount)
    for (chunk, reply) in replies { chunk.scatterSparse(reply, into: arena) }
  }
}
