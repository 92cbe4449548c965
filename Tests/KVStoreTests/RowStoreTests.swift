import Graphs
import KVStore
import Kernels
import Messaging
import Tensors
import Testing

@Suite(.serialized) struct RowStoreTests {
  /// Four parts, one of them empty, of worker 0 (parts 0 and 1) and worker 1 (parts 2 and 3).
  static let sizes = [[40], [0], [55], [31]]
  static let workers = [0, 0, 1, 1]

  /// Dense tables of every element type a feature table may have, tight and padded; a sparse one.
  static let tables: [(ElementType, columns: Int, stride: Int?)] = [
    (.float32, 3, 12), (.float32, 100, 448), (.float16, 7, 64), (.bfloat16, 33, 66), (.int8, 50, 64), (.int8, 8, 12),
    (.float32, 40, nil),
  ]

  func connect(_ table: TestTable, _ server: Server, limits: Client.Limits = Client.Limits()) throws -> (Client, RowStore) {
    let client = try Client(token: 8, endpoints: [1: server.endpoint], limits: limits)
    return (client, RowStore(shards: table.shards(in: 0..<2), book: table.book, workers: Self.workers, client: client))
  }

  @Test(arguments: tables.indices)
  func mappedAndPulledRowsAreTheSameBits(index: Int) throws {
    let (type, columns, stride) = Self.tables[index]
    let table = TestTable(sizes: Self.sizes, columns: columns, elementType: type, strideBytes: stride, seed: 4)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let (_, remote) = try connect(table, server)
    let mapped = RowStore(shards: table.shards(in: 0..<4), book: table.book, workers: Self.workers, client: nil)
    let arena = RowArena()
    for seed in 0..<20 as Range<UInt64> {
      let lists = [table.sample(Int(seed) * 37 % 150, seed: seed), [], table.sample(90, seed: seed + 100)]
      let expected = lists.map { $0.map { table.rows[Int($0.rawValue)]! } }
      #expect(try remote.read(lists, arena: arena) == expected, "seed \(seed)")
      #expect(try remote.read(lists, arena: arena, threads: 3) == expected, "seed \(seed), three threads")
      #expect(try mapped.read(lists) == expected, "seed \(seed), mapped")
    }
    #expect(mapped.traffic.rowsRemote == 0)
    #expect(remote.traffic.rowsPulled > 0)
    #expect(remote.traffic.rowsAsked == 2 * mapped.traffic.rowsAsked)
  }

  @Test func aRowIsPulledOnceForAllLists() throws {
    let table = TestTable(sizes: Self.sizes, columns: 3, strideBytes: 64, seed: 1)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let (client, store) = try connect(table, server)
    // Part 2 holds ids 40 … 94, part 3 holds 95 … 125.
    let lists = [[3, 95, 60, 125], [60, 39, 95], [95, 60], []].map { $0.map { GlobalID($0) } }
    _ = try store.read(lists)
    let traffic = store.traffic
    #expect(traffic.rowsAsked == 9)
    #expect(traffic.rowsLocal == 2)
    #expect(traffic.rowsRemote == 7)
    #expect(traffic.rowsDeduplicated == 4)
    #expect(traffic.pulled == [1: RowTraffic.Pulled(rows: 3, bytes: 36)])
    #expect(traffic.bytesAsked == 108)
    // One request for each part: header, ids; header, rows of 12 bytes.
    #expect(client.traffic[1]?.requests == 2)
    #expect(client.traffic[1]?.bytesSent == 2 * 56 + 3 * 4)
    #expect(client.traffic[1]?.bytesReceived == 2 * 56 + 3 * 12)
  }

  @Test func localRowsAreReadInPlaceAndPulledOnesInOrderOfAppearance() throws {
    let table = TestTable(sizes: Self.sizes, columns: 3, strideBytes: 64, seed: 1)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let (_, store) = try connect(table, server)
    let ids = Buffer<GlobalID>(copying: [125, 7, 60, 125, 61, 0].map { GlobalID($0) })
    let arena = RowArena()
    let rows = try store.resolve([UnsafeBufferPointer(ids.elements)], step: 0, into: arena, threads: Threads(1))[0]
    guard case .dense(let segments) = rows.segments, case .dense(let own)? = table.shards[0] else {
      Issue.record("not dense")
      return
    }
    #expect(segments.count == 3)
    #expect(segments[0].base == UnsafeRawPointer(own.bytes.pointer))
    #expect(segments[1].rows == 0)
    #expect(segments[2].rows == 3)
    #expect(UInt(bitPattern: segments[2].base) % 64 == 0)
    #expect(rows.columns == 3)
    #expect(rows.references.map(\.segment) == [2, 0, 2, 2, 2, 0])
    #expect(rows.references.map(\.row) == [0, 7, 1, 0, 2, 0])
    #expect(rows.read() == ids.elements.map { table.rows[Int($0.rawValue)]! })
  }

  /// Local rows of every type are read where the table lies, mapped or resident, with a cache or without: nothing is copied.
  @Test(arguments: tables.indices, [false, true])
  func localRowsOfEveryTypeAreReadInPlace(index: Int, keepsRows: Bool) throws {
    let (type, columns, stride) = Self.tables[index]
    let table = TestTable(sizes: Self.sizes, columns: columns, elementType: type, strideBytes: stride, seed: 6)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    let cache = RowCacheOptions(policy: .window, rows: 7, spareBytes: 1 << 10, stepsAhead: 1)
    for resident in [[], [0]] as [Set<Int>] {
      let shards = TableShards(number: 0, description: table.description, shards: table.shards.filter { $0.key < 2 }, resident: resident)
      let store = RowStore(shards: shards, book: table.book, workers: Self.workers, client: client, cache: keepsRows ? cache : nil)
      let arena = RowArena()
      for seed in 0..<4 as Range<UInt64> {
        let ids = Buffer<GlobalID>(copying: table.sample(60, seed: seed))
        try store.locate([UnsafeBufferPointer(ids.elements)], in: arena, threads: Threads(1))
        try store.fetch([arena], step: UInt32(seed), finished: Int(seed))
        let rows = store.rows(of: arena)[0]
        for (id, reference) in zip(ids.elements, rows.references) where id.rawValue < 40 {
          #expect(reference.row == Int(id.rawValue))
          #expect(address(reference, in: rows.segments) == address(reference.row, in: shards.shards[0]!), "row \(id)")
        }
        #expect(rows.read() == ids.elements.map { table.rows[Int($0.rawValue)]! })
      }
      #expect(store.traffic.rowsLocal > 0 && store.traffic.rowsPulled > 0 && store.traffic.bytesCopied == 0)
    }
  }

  private func address(_ reference: RowReference, in segments: InputRows.Segments) -> UnsafeRawPointer {
    switch segments {
    case .dense(let segments):
      let segment = segments[reference.segment]
      return segment.base + reference.row * segment.strideBytes
    case .sparse(let segments):
      let segment = segments[reference.segment]
      return UnsafeRawPointer(segment.values.pointer + Int(segment.indptr[reference.row]))
    }
  }

  private func address(_ row: Int, in table: FeatureTable) -> UnsafeRawPointer {
    switch table {
    case .dense(let rows): UnsafeRawPointer(rows.bytes.pointer) + row * rows.strideBytes
    case .sparse(let rows): UnsafeRawPointer(rows.values.pointer + Int(rows.indptr[row]))
    }
  }

  @Test func severalTypesKeepTheirOwnRows() throws {
    // Parts with 4 + 9, 0 + 5 and 6 + 0 nodes of two types; the table is of the second.
    let table = TestTable(sizes: [[4, 9], [0, 5], [6, 0]], nodeType: 1, columns: 5, strideBytes: 20, seed: 2)
    let server = try table.server(of: 1..<3)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    let store = RowStore(shards: table.shards(in: [0]), book: table.book, workers: [0, 1, 1], client: client)
    let ids = table.ids.map { GlobalID($0) }
    #expect(ids.map(\.rawValue) == [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17])
    #expect(try store.read([ids])[0] == ids.map { table.rows[Int($0.rawValue)]! })
    for stranger in [-1, 0, 3, 18, 23, 24, .max, .min] as [Int64] {
      let expected = InputError("row 1 of a batch", expected: "a node that has a row in table x", found: "global id \(stranger)")
      #expect(throws: expected) { try store.read([[GlobalID(4), GlobalID(stranger)]]) }
    }
  }

  @Test(arguments: [64, nil] as [Int?])
  func largePullsAreCutIntoRequestsWithinTheCredit(stride: Int?) throws {
    let table = TestTable(sizes: [[1], [0], [9_000], [12_000]], columns: 16, strideBytes: stride, seed: 5)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    var limits = Client.Limits()
    limits.creditBytes = 1_500_000
    let (client, store) = try connect(table, server, limits: limits)
    let arena = RowArena()
    let lists = [table.sample(60_000, seed: 9), table.ids.reversed().map { GlobalID($0) }]
    for _ in 0..<2 {
      #expect(try store.read(lists, arena: arena, threads: 2) == lists.map { $0.map { table.rows[Int($0.rawValue)]! } })
    }
    #expect(store.traffic.rowsPulled == 2 * 21_000)
    #expect(client.traffic[1]!.requests > (stride == nil ? 18 : 2))
    // A small batch after a large one leaves nothing behind.
    #expect(try store.read([[GlobalID(5), GlobalID(0)]], arena: arena) == [[table.rows[5]!, table.rows[0]!]])
  }

  @Test func anArenaThatIsWarmDoesNotGrow() throws {
    let table = TestTable(sizes: Self.sizes, columns: 40, strideBytes: nil, seed: 5)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let (_, store) = try connect(table, server)
    let arena = RowArena()
    _ = try store.read([table.ids.map { GlobalID($0) }, table.sample(300, seed: 0)], arena: arena)
    let warm = arena.capacityBytes
    for seed in 1..<10 as Range<UInt64> {
      _ = try store.read([table.sample(100, seed: seed), table.sample(300, seed: seed)], arena: arena)
    }
    #expect(arena.capacityBytes == warm)
  }

  @Test func aPartThatNobodyServesIsAnError() throws {
    let table = TestTable(sizes: Self.sizes, columns: 3, strideBytes: 12, seed: 1)
    let alone = RowStore(shards: table.shards(in: 0..<2), book: table.book, workers: Self.workers, client: nil)
    #expect(try alone.read([[GlobalID(0)]]) == [[table.rows[0]!]])
    #expect(throws: MessagingError.unknownPeer(1)) { try alone.read([[GlobalID(0), GlobalID(40)]]) }
    // Its server has only part 3.
    let server = try table.server(of: 3..<4)
    defer { server.close() }
    let (_, store) = try connect(table, server)
    #expect(
      throws: MessagingError.refused(
        peer: 1, endpoint: server.endpoint, reason: "pull of table 0, part 2: expected a part of 3..<4, found 2")
    ) { try store.read([[GlobalID(40), GlobalID(95)]]) }
    #expect(try store.read([[GlobalID(95)]]) == [[table.rows[95]!]])
  }
}
