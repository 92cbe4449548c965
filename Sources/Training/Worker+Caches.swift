import Configuration
import KVStore
import Partitions

extension Worker {
  /// How rows that other workers have are kept, by store; `nil`: not at all.
  ///
  /// A share is one of the worker's own rows of each table; bytes are divided among the tables like the bytes of these. Sparse rows are not
  /// kept, and rows of edges by `window` alone: the other policies rank nodes.
  ///
  /// - Parameter spareBytes: Most bytes for rows that are given up while steps under way read them.
  /// - Throws: `InputError` for a policy that asks for more than the parts say.
  func caches(of stores: [RowStore], _ execution: ExecutionConfiguration, spareBytes: Int) throws -> [RowCacheOptions?] {
    guard let policy = CachePolicy(rawValue: execution.cache.rawValue), policy != .none else { return stores.map { _ in nil } }
    let ownRows = stores.map { store in
      let isKept = store.table.layout == .dense && store.table.strideBytes > 0 && (store.table.relation == nil || policy == .window)
      return isKept ? rows(of: store.table) : nil
    }
    let ownBytes = zip(stores, ownRows).map { Double(($1 ?? 0) * $0.table.strideBytes) }
    let allBytes = max(1, ownBytes.reduce(0, +))
    return try stores.indices.map { index in
      guard let own = ownRows[index] else { return nil }
      let (store, part) = (stores[index], ownBytes[index] / allBytes)
      let rows =
        switch execution.cacheMemory {
        case .bytes(let bytes): Int(part * Double(bytes)) / store.table.strideBytes
        case .share(let share): Int(share * Double(own))
        }
      let scores =
        store.table.relation == nil
        ? try RowScores.of(policy, nodeType: store.table.nodeType, parts: parts, isRemote: store.isRemote) : nil
      return RowCacheOptions(
        policy: policy, rows: rows, spareBytes: Int(part * Double(spareBytes)), stepsAhead: execution.prefetchDepth, scores: scores)
    }
  }

  /// Rows of a table in the worker's own parts.
  private func rows(of table: TableDescription) -> Int {
    let book = table.relation == nil ? book : PartitionBook(edgesOf: manifest)
    return parts.reduce(0) { $0 + book.innerRange(of: $1.part, type: table.slot).count }
  }
}
