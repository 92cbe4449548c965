/// What a store holds on to beside arenas and the rows that its cache keeps.
extension RowStore {
  /// Bytes of numbering, of what is to be pulled, and of messages under way.
  package var capacityBytes: Int { pulls.reduce(deduplicator.capacityBytes + messageBytes) { $0 + $1.capacityBytes } }

  /// The same once so many rows are fetched together, at most: lists that are too short grow, and answers come as far as there is credit.
  package func capacityBytes(fetching rows: Int) -> Int {
    let lists = pulls.reduce(0) { $0 + $1.capacityBytes }
    let needed = rows * PartPull.bytesOfRow
    let messages = messageBytes(rows: rows, bytesPerRow: shards.description.strideBytes)
    return deduplicator.capacityBytes + (needed > lists ? max(needed, 2 * lists) : lists) + max(messageBytes, messages)
  }

  /// Bytes that the pulled rows of a located arena will take, at most; a guess for sparse rows, and where rows are cached.
  package func rowBytes(of arena: RowArena) -> Int {
    switch shards.description.layout {
    case .sparse: return arena.remoteCount * RowPull.assumedSparseRowBytes
    case .dense:
      let share = cache == nil || passingShare == 0 ? 1 : passingShare
      let bytes = Int(share * Double(arena.remoteCount)) * shards.description.strideBytes
      // What memory that is used again takes more: see `GrowingBuffer.reset`.
      return bytes + bytes / 8 + RowMemory.leastBytes
    }
  }

  /// Takes note of the messages of a fetch: all requests exist at once, of the answers as many as have credit.
  func noteMessages(bytesPerRow: Int) {
    let rows = pulls.reduce(0) { $0 + $1.ids.count }
    messageBytes = max(messageBytes, messageBytes(rows: rows, bytesPerRow: bytesPerRow))
  }

  private func messageBytes(rows: Int, bytesPerRow: Int) -> Int { 4 * rows + min(rows * bytesPerRow, client?.creditBytes ?? 0) }
}
