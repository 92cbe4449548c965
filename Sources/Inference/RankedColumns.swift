public import Collectives
public import Tensors

/// Ranks the columns of a set over all parts: each worker takes its share of the columns, all learn the result.
///
/// Memory: eight bytes per node and column sent, and as many for the columns taken.
public struct RankedColumns {
  /// Entries of this worker's nodes, by column; see `Ranking.entry`.
  private var entries: [[UInt64]]

  public init(columns: Int) { entries = [[UInt64]](repeating: [], count: columns) }

  /// Adds a node to a column.
  public mutating func add(score: Float, isPositive: Bool, column: Int) {
    entries[column].append(Ranking.entry(score: score, isPositive: isPositive))
  }

  /// The ranking of each column, `nil` where it has not both positive and negative nodes; a collective call, the same on every
  /// worker.
  ///
  /// - Throws: `CollectiveError`.
  public func rank(in group: any ProcessGroup, threads: Threads) throws -> [Ranking?] {
    let columns = entries.count
    let messages = (0..<group.size).map { peer in
      Self.columns(of: peer, group.size, columns).reduce(into: [UInt8]()) { bytes, column in
        withUnsafeBytes(of: entries[column].count) { bytes.append(contentsOf: $0) }
        entries[column].withUnsafeBytes { bytes.append(contentsOf: $0) }
      }
    }
    let mine = Self.columns(of: group.rank, group.size, columns)
    var lists = [[UInt64]](repeating: [], count: mine.count)
    for (peer, bytes) in try group.exchange(messages).enumerated() {
      guard Self.append(bytes, to: &lists) else {
        throw CollectiveError.malformed(operation: "ranking", rank: group.rank, peer: peer, reason: "not \(mine.count) lists of scores")
      }
    }
    var values = [Double](repeating: .nan, count: 2 * mine.count)
    values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let values = values  // Safe: every column writes its own two elements.
      let lists = lists
      threads.forEach(lists.count) { index in
        var list = lists[index]
        guard let ranking = Ranking(entries: &list) else { return }
        values[2 * index] = ranking.auc
        values[2 * index + 1] = ranking.averagePrecision
      }
    }
    return try Self.gather(values, columns: columns, in: group)
  }

  /// The columns that a worker ranks.
  private static func columns(of worker: Int, _ workers: Int, _ count: Int) -> [Int] {
    Array(stride(from: worker, to: count, by: workers))
  }

  private static func append(_ bytes: [UInt8], to lists: inout [[UInt64]]) -> Bool {
    bytes.withUnsafeBytes { raw in
      var offset = 0
      for index in lists.indices {
        guard raw.count - offset >= 8 else { return false }
        let count = raw.loadUnaligned(fromByteOffset: offset, as: Int.self)
        offset += 8
        guard count >= 0, count <= (raw.count - offset) / 8 else { return false }
        lists[index].reserveCapacity(lists[index].count + count)
        for entry in 0..<count { lists[index].append(raw.loadUnaligned(fromByteOffset: offset + 8 * entry, as: UInt64.self)) }
        offset += 8 * count
      }
      return offset == raw.count
    }
  }

  private static func gather(_ values: [Double], columns: Int, in group: any ProcessGroup) throws -> [Ranking?] {
    var rankings = [Ranking?](repeating: nil, count: columns)
    for (peer, bytes) in try group.allGather(values.withUnsafeBytes { Array($0) }).enumerated() {
      let theirs = Self.columns(of: peer, group.size, columns)
      guard bytes.count == 16 * theirs.count else {
        throw CollectiveError.sizeMismatch(
          operation: "ranking", rank: group.rank, peer: peer, expected: 16 * theirs.count, found: bytes.count)
      }
      bytes.withUnsafeBytes { raw in
        for (index, column) in theirs.enumerated() {
          let auc = raw.loadUnaligned(fromByteOffset: 16 * index, as: Double.self)
          let precision = raw.loadUnaligned(fromByteOffset: 16 * index + 8, as: Double.self)
          if !auc.isNaN { rankings[column] = Ranking(auc: auc, averagePrecision: precision) }
        }
      }
    }
    return rankings
  }
}
