import Graphs
import KVStore
import Messaging
import Tensors
import Testing

/// Rows that are kept past their step are the same rows, and fewer are pulled.
@Suite(.serialized) struct CachedRowsTests {
  /// What a pipeline does with a store: `ahead` steps are located before the oldest of them is fetched, and `depth` steps are fetched
  /// before the oldest of them is read for the last time.
  struct Pipeline {
    var ahead: Int
    var depth: Int
    /// Steps fetched at once.
    var together: Int
  }

  /// Lists of two parts for each of 40 steps; most ids come again.
  private func steps(_ table: TestTable, seed: UInt64) -> [[[GlobalID]]] {
    (0..<40).map { step in [table.sample(30, seed: seed + UInt64(step % 7)), table.sample(25, seed: seed + 100 + UInt64(step))] }
  }

  /// Reads every step through the cache, the last time when its rows must still be there, and compares with the table.
  private func run(
    _ steps: [[[GlobalID]]], of table: TestTable, _ store: RowStore, _ pipeline: Pipeline
  ) throws {
    let copies = steps.map { $0.map { Buffer(copying: $0) } }
    let arenas = steps.map { _ in RowArena() }
    var (located, fetched, finished) = (0, 0, 0)
    while fetched < steps.count {
      let next = min(steps.count, fetched + pipeline.together)
      while located < min(steps.count, next + pipeline.ahead) {
        try store.locate(copies[located].map { UnsafeBufferPointer($0.elements) }, in: arenas[located], threads: Threads(1))
        located += 1
      }
      // The oldest steps are computed before the new ones may take their places.
      while finished < next - 1 - pipeline.depth {
        let rows = store.rows(of: arenas[finished]).map { $0.read() }
        #expect(rows == steps[finished].map { $0.map { table.rows[Int($0.rawValue)]! } }, "step \(finished), \(pipeline)")
        finished += 1
      }
      try store.fetch(Array(arenas[fetched..<next]), step: UInt32(fetched), finished: finished)
      fetched = next
    }
    for step in finished..<steps.count {
      let rows = store.rows(of: arenas[step]).map { $0.read() }
      #expect(rows == steps[step].map { $0.map { table.rows[Int($0.rawValue)]! } }, "step \(step), \(pipeline)")
    }
    withExtendedLifetime(copies) {}
  }

  private func remote(_ step: [[GlobalID]]) -> Set<Int64> { Set(step.joined().map(\.rawValue).filter { $0 >= 40 }) }

  /// Scores of all remote ids, the highest first.
  private var scores: RowScores {
    let ids = (40..<126).map { Int64($0) }
    return RowScores(ids: ArrayView(ids), values: ArrayView(ids.map { Float(200 - $0) }))
  }

  @Test(arguments: RowStoreTests.tables.indices, CachePolicy.allCases)
  func everyPolicyGivesTheRowsOfTheTable(index: Int, policy: CachePolicy) throws {
    let (type, columns, stride) = RowStoreTests.tables[index]
    let table = TestTable(sizes: RowStoreTests.sizes, columns: columns, elementType: type, strideBytes: stride, seed: 4)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    let steps = steps(table, seed: 3)
    let distinct = steps.reduce(0) { $0 + remote($1).count }
    for (capacity, spare, pipeline) in [
      (0, 0, Pipeline(ahead: 0, depth: 0, together: 1)), (5, 3, Pipeline(ahead: 2, depth: 1, together: 1)),
      (30, 100, Pipeline(ahead: 5, depth: 4, together: 2)), (86, 0, Pipeline(ahead: 3, depth: 3, together: 3)),
      (20, 7, Pipeline(ahead: 60, depth: 2, together: 1)),
    ] {
      let options = RowCacheOptions(
        policy: policy, rows: capacity, spareBytes: spare * max(1, stride ?? 0), stepsAhead: pipeline.depth, scores: scores)
      let store = RowStore(
        shards: table.shards(in: 0..<2), book: table.book, workers: RowStoreTests.workers, client: client, cache: options)
      try run(steps, of: table, store, pipeline)
      let traffic = store.traffic
      #expect(traffic.rowsAsked == 40 * 55)
      #expect(traffic.rowsCached + traffic.rowsPulled == distinct, "every different row of a step is cached or pulled")
      if policy == .none || stride == nil { #expect(traffic.rowsCached == 0) }
      if capacity == 86, policy != .none, stride != nil {
        let needed = steps.reduce(into: Set()) { $0.formUnion(remote($1)) }
        #expect(traffic.rowsPulled == needed.count, "room for all: each is pulled once, \(policy)")
      }
    }
  }

  /// Literal steps: what two steps need is pulled once, in the same request, where the plan keeps it.
  @Test func stepsFetchedTogetherShareTheirRequests() throws {
    let table = TestTable(sizes: RowStoreTests.sizes, columns: 3, strideBytes: 64, seed: 1)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let steps = [[[41, 3, 42]], [[42, 43]], [[41, 44]]].map { $0.map { $0.map { GlobalID(Int64($0)) } } }
    for (policy, pulled, requests) in [(CachePolicy.none, 6, 1), (.window, 4, 1)] {
      let client = try Client(token: 8, endpoints: [1: server.endpoint])
      let store = RowStore(
        shards: table.shards(in: 0..<2), book: table.book, workers: RowStoreTests.workers, client: client,
        cache: RowCacheOptions(policy: policy, rows: 10, spareBytes: 0, stepsAhead: 3))
      try run(steps, of: table, store, Pipeline(ahead: 0, depth: 3, together: 3))
      #expect(store.traffic.pulled == [1: .init(rows: pulled, bytes: 12 * pulled)], "\(policy)")
      #expect(client.traffic[1]?.requests == requests, "\(policy)")
      #expect(store.traffic.rowsDeduplicated == 0)
    }
  }

  @Test func memoryIsCountedAsKeptAndOther() throws {
    let table = TestTable(sizes: RowStoreTests.sizes, columns: 3, strideBytes: 64, seed: 1)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    let store = RowStore(
      shards: table.shards(in: 0..<2), book: table.book, workers: RowStoreTests.workers, client: client,
      cache: RowCacheOptions(policy: .window, rows: 10, spareBytes: 64 * 4, stepsAhead: 3))
    #expect(store.cacheBytes.kept == 0 && store.cacheBytes.other == 0)
    try run([[[41, 42, 43].map { GlobalID($0) }]], of: table, store, Pipeline(ahead: 0, depth: 0, together: 1))
    #expect(store.cacheBytes.kept == 640)
    #expect(store.cacheBytes.other > 256)
  }
}
