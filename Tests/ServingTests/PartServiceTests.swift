import Foundation
import Graphs
import Messaging
import Serving
import Tensors
import Testing

/// A server of one part and clients that ask for what it has not, or ask nonsense.
@Suite(.serialized) struct PartServiceTests {
  /// The answer to a raw message; `nil` when none comes.
  private func answer(_ bytes: [UInt8], from endpoint: String) throws -> (header: FrameHeader, text: String)? {
    let socket = try Socket(.dealer, in: MessagingContext())
    try socket.connect(endpoint)
    let message = Message(size: bytes.count)
    message.bytes.copyBytes(from: bytes)
    _ = try socket.send(message)
    try Poller([socket]).wait(milliseconds: 10_000)
    let reply = Message()
    guard try socket.receive(into: reply, wait: false) else { return nil }
    let content = Array(reply.bytes)
    let token = content.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
    let header = try content.withUnsafeBytes { try FrameHeader(parsing: $0, token: token) }
    return (header, String(decoding: content.dropFirst(FrameHeader.size).prefix(400), as: UTF8.self))
  }

  private func frame(
    _ kind: UInt16, _ payload: [UInt8] = [], count: Int = 0, table: UInt32 = 0, part: UInt32 = 0, token: UInt64 = 0, version: UInt16 = 1
  ) -> [UInt8] {
    var header = FrameHeader(kind: kind, token: token, requestID: 5)
    (header.table, header.part, header.count, header.version) = (table, part, UInt32(count), version)
    header.payloadBytes = UInt64(payload.count)
    var bytes = [UInt8](repeating: 0, count: FrameHeader.size) + payload
    bytes.withUnsafeMutableBytes { header.write(to: $0) }
    return bytes
  }

  private func numbers(_ values: [Int64]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
  private func locals(_ values: [UInt32]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  /// A request of one relation's limits and nodes of eight bytes.
  private func sampling(_ limits: [UInt32], _ nodes: [Int64], purpose: UInt8 = 1) -> [UInt8] {
    [0, purpose, 0, 0, UInt8(limits.count), 0, 8, 0] + locals(limits) + numbers(nodes)
  }

  @Test func everyErrorHasAReply() throws {
    let served = try ServedParts(parts: 3, seed: 7) {
      $0.maximumReplyBytes = 2_000
      $0.server.maximumRequestBytes = 100_000
    }
    let service = served.services[1]
    let inner = service.graph.book.innerRange(of: 1)
    let papers = service.graph.book.innerRange(of: 1, type: 0).count
    let feat = try #require(service.graph.tables.firstIndex { $0.name == "feat" && $0.nodeType == 0 })
    let words = try #require(service.graph.tables.firstIndex { $0.name == "words" })
    let cases: [(bytes: [UInt8], reason: String)] = [
      (
        frame(1, locals([0]), count: 1, table: 99, part: 1),
        "pull of table 99, part 1: expected one of the tables [0, 1, 2, 3, 4, 5], found 99"
      ),
      (frame(1, locals([0]), count: 1, table: UInt32(feat), part: 2), "pull of table \(feat), part 2: expected a part of 1..<2, found 2"),
      (
        frame(1, locals([0, UInt32(papers)]), count: 2, table: UInt32(feat), part: 1),
        "pull of table \(feat), part 1: expected local ids of 0..<\(papers), found \(papers)"
      ),
      (
        frame(1, locals([0]), count: 2, table: UInt32(feat), part: 1),
        "pull of table \(feat), part 1: expected 2 ids of 4 bytes, found 4 bytes"
      ),
      (
        frame(1, locals([UInt32](repeating: 0, count: 51)), count: 51, table: UInt32(feat), part: 1),
        "pull of table \(feat), part 1: expected rows of at most 2000 bytes, found 2040"
      ),
      (
        frame(1, locals([0]), count: 1, table: UInt32(words), part: 1),
        "pull of table \(words), part 1: expected a dense table, found a sparse one"
      ),
      (frame(5, numbers([0]), count: 1, table: 2), "search of nodes: expected a node type below 2, found 2"),
      (frame(5, numbers([0, 61]), count: 2), "search of nodes: expected a node of 'paper' below 61, found 61"),
      (frame(5, numbers([.min]), count: 1), "search of nodes: expected a node of 'paper' below 61, found \(Int64.min)"),
      (frame(5, numbers([0]), count: 3), "search of nodes: expected 3 numbers of 8 bytes, found 8 bytes"),
      (frame(6, numbers([84]), count: 1), "numbers of nodes: expected inner nodes of part 1 or its halo, found global id 84"),
      (frame(6, numbers([-1]), count: 1), "numbers of nodes: expected inner nodes of part 1 or its halo, found global id -1"),
      (frame(6, numbers([.min]), count: 1), "numbers of nodes: expected inner nodes of part 1 or its halo, found global id \(Int64.min)"),
      (frame(3, sampling([5, 5], [inner.lowerBound]), count: 1), "sampling request: expected 3 relations, found 2"),
      (frame(3, sampling([5, 5, 5], [0]), count: 1), "sampling request: expected nodes of this worker's parts, found node 0"),
      (
        frame(3, sampling([5, 5, 5], [.min]), count: 1), "sampling request: expected nodes of this worker's parts, found node \(Int64.min)"
      ),
      (
        frame(3, sampling([5, 5, 5], [inner.lowerBound], purpose: 2), count: 1),
        "sampling request: expected a purpose of samples, found number 2"
      ),
      (frame(2, [], table: UInt32(feat), part: 1), "pull of table \(feat), part 1: expected a sparse table, found a dense one"),
      (frame(0x100), "messages of kind 256 are not served here"),
      (frame(9), "messages of kind 9 are not served here"),
      (frame(5, numbers([Int64](repeating: 0, count: 13_000)), count: 13_000), "a request of 104056 bytes is above the limit of 100000"),
      (frame(4, token: 77), "the token is not this server's"),
      (frame(4, version: 2), "message version 2, this worker speaks 1"),
    ]
    for (bytes, reason) in cases {
      let reply = try #require(try answer(bytes, from: service.endpoints[0]), "\(reason)")
      #expect(reply.header.kind == MessageKind.failure.rawValue && reply.header.requestID == 5 && reply.text == reason)
    }
    let many = [Int64](repeating: inner.lowerBound, count: 300)
    let large = try #require(try answer(frame(3, sampling([.max, .max, .max], many), count: 300), from: service.endpoints[0]))
    #expect(large.header.kind == MessageKind.failure.rawValue)
    #expect(large.text.hasPrefix("sampling request: expected answers of at most 2000 bytes, found up to "))
    #expect(service.traffic.refused == cases.count + 1 && service.traffic.served == 0 && service.traffic.dropped == 0)
    #expect(try served.client().rows(of: service.graph.tables[feat], [60, 0]).bytes(of: 1) == served.row(0).withUnsafeBytes { Array($0) })
  }

  /// Rows and ids of edges: what is not there, and what would be too large.
  @Test func everyErrorOfEdgesHasAReply() throws {
    let served = try ServedParts(parts: 3, seed: 7, edgeTables: true) { $0.maximumReplyBytes = 2_000 }
    let service = served.services[1]
    let (graph, book) = (service.graph, try #require(service.graph.edgeBook))
    let tables = graph.tables.count
    #expect(graph.edgeTables?.map(\.name) == ["amount", "tags", "amount"])
    let (all, reads) = (book.innerRange(of: 1), book.innerRange(of: 1, type: 2))
    let first = UInt32(reads.lowerBound - all.lowerBound)
    let node = graph.book.innerRange(of: 1).lowerBound
    func asking(_ columns: UInt8, _ width: UInt8, _ nodes: [Int64]) -> [UInt8] {
      [0, 1, columns, 0, 3, 0, 8, width] + locals([.max, .max, .max]) + numbers(nodes)
    }
    for (bytes, reason) in [
      (
        frame(1, locals([first, 0]), count: 2, table: UInt32(tables + 2), part: 1),
        "pull of table \(tables + 2), part 1: expected local ids of \(first)..<\(first + UInt32(reads.count)), found 0"
      ),
      (
        frame(1, locals([0]), count: 1, table: UInt32(tables + 1), part: 1),
        "pull of table \(tables + 1), part 1: expected a dense table, found a sparse one"
      ),
      (
        frame(1, locals([0]), count: 1, table: UInt32(tables + 3), part: 1),
        "pull of table \(tables + 3), part 1: expected one of the tables \(Array(0..<tables + 3)), found \(tables + 3)"
      ),
      (frame(3, asking(4, 0, [node]), count: 1), "sampling request: expected no columns but degrees and edge ids, found mask 4"),
      (frame(3, asking(2, 0, [node]), count: 1), "sampling request: expected edge ids of 4 or 8 bytes, found 0 bytes"),
      (frame(3, asking(0, 4, [node]), count: 1), "sampling request: expected no edge ids, found 4 bytes"),
    ] as [([UInt8], String)] {
      let reply = try #require(try answer(bytes, from: service.endpoints[0]), "\(reason)")
      #expect(reply.header.kind == MessageKind.failure.rawValue && reply.text == reason)
    }
    // Ids count: some number of nodes is answered without them and refused with them.
    func kind(_ count: Int, ids: Bool) throws -> UInt16? {
      let nodes = [Int64](repeating: node, count: count)
      return try answer(frame(3, asking(ids ? 2 : 0, ids ? 8 : 0, nodes), count: count), from: service.endpoints[0])?.header.kind
    }
    let sampled = MessageKind.sampleNeighbors.rawValue
    let most = try (1..<150).last { try kind($0, ids: false) == sampled } ?? 0
    #expect(try most > 1 && kind(most, ids: true) == MessageKind.failure.rawValue && kind(1, ids: true) == sampled)
  }

  @Test func nonsenseNeverStopsTheServer() throws {
    let served = try ServedParts(parts: 2, seed: 9)
    let service = served.services[0]
    let socket = try Socket(.dealer, in: MessagingContext())
    try socket.connect(service.endpoints[0])
    var sent = 0
    for seed in 0..<3_000 as Range<UInt64> {
      let key = RandomKey(seed: seed, purpose: .generator)
      let bits = key.bits(id: 0, step: 0)
      let count = Int(bits[1] % 40)
      var payload = (0..<Int(bits[2] % 200)).map { UInt8(truncatingIfNeeded: key.bits(id: UInt64($0), step: 1)[0]) }
      switch bits[3] % 4 {
      case 0: payload = numbers((0..<count).map { Int64(key.bits(id: UInt64($0), step: 2)[0] % 100) })
      case 1: payload = locals((0..<count).map { key.bits(id: UInt64($0), step: 2)[0] % 50 })
      case 2: payload = sampling([3, .max, 2], (0..<count).map { Int64(key.bits(id: UInt64($0), step: 2)[0] % 100) }, purpose: 10)
      default: break
      }
      let bytes = frame(UInt16(1 + bits[0] % 6), payload, count: count, table: bits[0] >> 8 & 7, part: bits[0] >> 16 & 1)
      let message = Message(size: bytes.count)
      message.bytes.copyBytes(from: bytes)
      _ = try socket.send(message)
      sent += 1
    }
    // Every one of them is a request of this server, so every one has an answer.
    let reply = Message()
    for _ in 0..<sent {
      try Poller([socket]).wait(milliseconds: 20_000)
      guard try socket.receive(into: reply, wait: false) else { break }
    }
    #expect(service.traffic.served + service.traffic.refused == sent && service.traffic.served > 400 && service.traffic.refused > 400)
    #expect(try served.client().parts == [0, 1])
  }

  @Test func aDescriptionReadsBackAndDamageNeverTraps() throws {
    let served = try ServedParts(parts: 3, seed: 1)
    let graph = served.services[2].graph
    let buffer = try graph.message()
    let bytes = withExtendedLifetime(buffer) { Array(buffer.payload) }
    #expect(try bytes.withUnsafeBytes { try ServedGraph(parsing: $0, place: "x") } == graph)
    #expect(graph.part == 2 && graph.nodeCount(ofType: 0) == 61 && graph.nodeCount(ofType: 1) == 23)
    for seed in 0..<3_000 as Range<UInt64> {
      let bits = RandomKey(seed: seed, purpose: .generator).bits(id: 0, step: 0)
      var damaged = bytes
      // Digits become other digits, so that much of it still is JSON.
      let place = Int(bits[0]) % damaged.count
      damaged[place] = (0x30...0x39).contains(damaged[place]) ? UInt8(0x30 + bits[1] % 10) : UInt8(truncatingIfNeeded: bits[1])
      if bits[2] % 2 == 0 { damaged.insert(UInt8(0x30 + bits[3] % 10), at: place) }
      if let parsed = try? damaged.withUnsafeBytes({ try ServedGraph(parsing: $0, place: "x") }) {
        #expect(parsed.book.nodeCount >= 0 && parsed.part < parsed.partCount)
      }
    }
  }

  @Test func severalThreadsServeTheSamePart() throws {
    let served = try ServedParts(parts: 1, seed: 3) { ($0.server.threads, $0.server.ioThreads) = (3, 2) }
    #expect(served.services[0].endpoints.count == 3)
    for endpoint in served.services[0].endpoints {
      let client = try PartClient(peers: [endpoint])
      let table = try client.table(named: "feat", nodeType: "paper")
      #expect(try client.rows(of: table, [4]).bytes(of: 0) == served.row(4).withUnsafeBytes { Array($0) })
    }
  }

  @Test func aPartThatIsNotThereIsRefused() throws {
    let served = try ServedParts(parts: 2, seed: 3)
    let error = #expect(throws: InputError.self) {
      try PartService(directory: served.directory, part: 2, options: PartService.Options())
    }
    #expect(error?.description == "\(served.directory): expected a part below 2, found part 2")
  }
}
