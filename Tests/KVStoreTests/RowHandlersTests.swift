import KVStore
import Messaging
import Tensors
import Testing

@Suite(.serialized) struct RowHandlersTests {
  /// Two parts of two types; the table holds type 1, whose local ids are 2 … 4 in part 0 and 1 … 4 in part 1.
  static func table(stride: Int?) -> TestTable {
    TestTable(sizes: [[2, 3], [1, 4]], nodeType: 1, columns: 6, strideBytes: stride, seed: 3)
  }

  func pull(
    _ kind: MessageKind = .pullRows, table: Int = 7, part: Int, _ ids: [UInt32], count: Int? = nil, extra: Int = 0
  ) -> OutgoingRequest {
    let buffer = MessageBuffer(payloadBytes: ids.count * 4 + extra)
    ids.withUnsafeBytes { buffer.payload.copyMemory(from: $0) }
    return OutgoingRequest(to: 0, kind, table: table, part: part, count: count ?? ids.count, expectedReplyBytes: 0, buffer: buffer)
  }

  @Test func denseRowsTravelAsStoredWithoutPadding() throws {
    let table = Self.table(stride: 64)
    let server = try table.server(of: 0..<2, number: 7)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [0: server.endpoint])
    let replies = try client.call([pull(part: 1, [4, 1, 4]), pull(part: 0, []), pull(part: 0, [2])])
    #expect(replies.map(\.count) == [3, 0, 1])
    #expect(replies.map(\.detail) == [24, 24, 24])
    // Part 1 begins at global id 5, part 0 at 0.
    #expect(replies[0].bytes == table.rows[9]!.bytes + table.rows[6]!.bytes + table.rows[9]!.bytes)
    #expect(replies[1].payload.isEmpty)
    #expect(replies[2].bytes == table.rows[2]!.bytes)
  }

  @Test func aTableIsServedFromWhenItIsAdded() throws {
    let table = Self.table(stride: 64)
    let served = ServedTables([], serving: 0..<2)
    let server = try Server(token: 8, handlers: rowHandlers(book: table.book, tables: served), host: "127.0.0.1")
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [0: server.endpoint])
    #expect(throws: MessagingError.self) { try client.call([pull(part: 0, [2])]) }
    served.add(table.shards(in: 0..<2, number: 7))
    #expect(try client.call([pull(part: 0, [2])])[0].bytes == table.rows[2]!.bytes)
  }

  @Test func sparseRowsTravelAsLengthsColumnsAndValues() throws {
    let table = Self.table(stride: nil)
    let server = try table.server(of: 0..<2, number: 7)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [0: server.endpoint])
    let reply = try client.call([pull(.pullSparseRows, part: 1, [3, 1, 2])])[0]
    let rows = [8, 6, 7].map { table.rows[$0]! }
    let words = rows.map { UInt32($0.columns.count) } + rows.flatMap(\.columns) + rows.flatMap(\.values)
    #expect(reply.bytes == words.withUnsafeBytes { Array($0) })
    #expect(reply.count == 3)
    #expect(reply.detail == rows.reduce(0) { $0 + $1.columns.count })
    #expect(reply.detail > 0)
  }

  @Test(arguments: [64, nil] as [Int?])
  func whatIsAskedWronglyIsRefusedWithAReason(stride: Int?) throws {
    let table = Self.table(stride: stride)
    let server = try table.server(of: 0..<1, number: 7, maximumReplyBytes: 72)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [0: server.endpoint])
    let kind: MessageKind = stride == nil ? .pullSparseRows : .pullRows
    let other: MessageKind = stride == nil ? .pullRows : .pullSparseRows
    let cases: [(OutgoingRequest, String)] = [
      (pull(kind, table: 6, part: 0, [2]), "pull of table 6, part 0: expected one of the tables [7], found 6"),
      (pull(kind, part: 1, [1]), "pull of table 7, part 1: expected a part of 0..<1, found 1"),
      (pull(kind, part: 0, [1]), "pull of table 7, part 0: expected local ids of 2..<5, found 1"),
      (pull(kind, part: 0, [2, 5]), "pull of table 7, part 0: expected local ids of 2..<5, found 5"),
      (pull(kind, part: 0, [.max]), "pull of table 7, part 0: expected local ids of 2..<5, found 4294967295"),
      (pull(kind, part: 0, [2], count: 2), "pull of table 7, part 0: expected 2 ids of 4 bytes, found 4 bytes"),
      (pull(kind, part: 0, [2], extra: 3), "pull of table 7, part 0: expected 1 ids of 4 bytes, found 7 bytes"),
      (pull(kind, part: 0, [2], count: 4_294_967_295), "pull of table 7, part 0: expected 4294967295 ids of 4 bytes, found 4 bytes"),
      (
        pull(other, part: 0, [2]),
        "pull of table 7, part 0: expected a \(stride == nil ? "dense" : "sparse") table, found a \(stride == nil ? "sparse" : "dense") one"
      ),
    ]
    for (request, reason) in cases {
      #expect(throws: MessagingError.refused(peer: 0, endpoint: server.endpoint, reason: reason)) { try client.call([request]) }
    }
    let tooMuch = #expect(throws: MessagingError.self) { try client.call([pull(kind, part: 0, [UInt32](repeating: 3, count: 30))]) }
    #expect(tooMuch?.description.contains("expected rows of at most 72 bytes") == true)
    #expect(server.traffic.served == 0)
    _ = try client.call([pull(kind, part: 0, [2, 4])])
  }

  @Test func manyRandomRequestsNeverStopTheServer() throws {
    for stride in [64, nil] as [Int?] {
      let table = Self.table(stride: stride)
      let server = try table.server(of: 0..<2, number: 7)
      defer { server.close() }
      let client = try Client(token: 8, endpoints: [0: server.endpoint])
      var served = 0
      for seed in 0..<1_500 as Range<UInt64> {
        let bits = RandomKey(seed: seed, purpose: .generator).bits(id: 0, step: 0)
        let more = RandomKey(seed: seed, purpose: .generator).bits(id: 1, step: 0)
        let ids = (0..<bits[0] % 5).map { $0 &* bits[1] % 6 }
        let request = pull(
          more[0] % 2 == 0 ? .pullRows : .pullSparseRows, table: Int(more[1] % 3 == 0 ? more[1] : 7), part: Int(more[2] % 3), ids,
          count: more[3] % 4 == 0 ? Int(more[3]) : nil, extra: more[3] % 7 == 0 ? 2 : 0)
        do {
          let reply = try client.call([request])[0]
          #expect(reply.count == ids.count, "seed \(seed)")
          served += 1
        } catch MessagingError.refused {}
      }
      #expect(served > 25)
      #expect(server.traffic.served == served)
      #expect(server.traffic.refused == 1_500 - served)
    }
  }
}
