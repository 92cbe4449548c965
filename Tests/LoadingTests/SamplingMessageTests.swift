import Graphs
import Loading
import Messaging
import Sampling
import Tensors
import Testing

@Suite struct SamplingMessageTests {
  private let hop = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max])
  private let nodes: [GlobalID] = [3, 1_000_000, 17].map { GlobalID($0) }

  private func neighbors(_ counts: [UInt32], _ sources: [Int64]) -> SampledNeighbors {
    let neighbors = SampledNeighbors(relationCount: 2)
    for count in counts { neighbors.counts.append(count) }
    for source in sources { neighbors.sources.append(GlobalID(source)) }
    return neighbors
  }

  /// A copy of a message, which is gone afterwards.
  private func copy(of buffer: MessageBuffer) -> [UInt8] { withExtendedLifetime(buffer) { Array(buffer.payload) } }

  @Test(arguments: [4, 8])
  func requestIsReadBack(idBytes: Int) throws {
    let bytes = nodes.withUnsafeBufferPointer { copy(of: SamplingMessage.request(hop: hop, nodes: $0, idBytes: idBytes)) }
    #expect(bytes.count == 8 + 8 + 3 * idBytes)
    let request = try bytes.withUnsafeBytes { try SamplingMessage.parseRequest($0, count: 3, relationCount: 2) }
    #expect(
      request.hop == 2 && request.purpose == .sample && request.limits == [5, .max] && request.idBytes == idBytes && request.nodes == nodes)
  }

  @Test func requestsSayWhatTheSamplesAreFor() throws {
    let evaluating = HopSampler(seed: 1, purpose: .evaluation, hop: 2, step: 0, limits: [5, .max])
    var bytes = nodes.withUnsafeBufferPointer { copy(of: SamplingMessage.request(hop: evaluating, nodes: $0, idBytes: 4)) }
    let request = try bytes.withUnsafeBytes { try SamplingMessage.parseRequest($0, count: 3, relationCount: 2) }
    #expect(request.purpose == .evaluation && request.hop == 2)
    bytes[1] = UInt8(RandomPurpose.dropout.rawValue)
    #expect(throws: InputError.self) { try bytes.withUnsafeBytes { try SamplingMessage.parseRequest($0, count: 3, relationCount: 2) } }
  }

  @Test(arguments: [4, 8])
  func replyIsReadBack(idBytes: Int) throws {
    let bytes = try copy(of: SamplingMessage.reply(neighbors([1, 0, 0, 0, 2, 1], [7, 8, 9, 10]), idBytes: idBytes))
    try bytes.withUnsafeBytes { raw in
      let reply = try SamplingMessage.parseReply(raw, nodeCount: 3, hop: hop, graphNodes: 11, peer: "worker 1")
      #expect(reply.edgeCount == 4)
      #expect((0..<6).map(reply.count) == [1, 0, 0, 0, 2, 1])
      #expect((0..<4).map { reply.source($0).rawValue } == [7, 8, 9, 10])
    }
  }

  @Test(arguments: [4, 8])
  func degreesTravelWhereTheyAreAskedFor(idBytes: Int) throws {
    let asking = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max], wantsDegrees: true)
    let request = nodes.withUnsafeBufferPointer { copy(of: SamplingMessage.request(hop: asking, nodes: $0, idBytes: idBytes)) }
    #expect(try request.withUnsafeBytes { try SamplingMessage.parseRequest($0, count: 3, relationCount: 2) }.wantsDegrees)
    let neighbors = SampledNeighbors(relationCount: 2)
    neighbors.beginDestinations(3, degrees: true)
    neighbors.resizeEdges(to: 4)
    for (entry, (count, degree)) in zip([1, 0, 0, 0, 2, 1] as [UInt32], [8, 0, 1, 0, 2, 3] as [UInt32]).enumerated() {
      neighbors.counts.pointer[entry] = count
      neighbors.degrees.pointer[entry] = degree
    }
    for edge in 0..<4 {
      neighbors.sources.pointer[edge] = GlobalID(Int64(7 + edge))
      neighbors.sourceDegrees.pointer[edge] = UInt32(100 + edge)
    }
    let bytes = try copy(of: SamplingMessage.reply(neighbors, idBytes: idBytes))
    func parse(_ bytes: [UInt8], wantsDegrees: Bool = true, _ check: (SamplingMessage.Reply) -> Void = { _ in }) throws {
      try bytes.withUnsafeBytes { raw in
        check(
          try SamplingMessage.parseReply(raw, nodeCount: 3, hop: wantsDegrees ? asking : hop, graphNodes: 11, peer: "worker 1"))
      }
    }
    try parse(bytes) { reply in
      #expect((0..<6).map(reply.degree) == [8, 0, 1, 0, 2, 3])
      #expect((0..<4).map(reply.sourceDegree) == [100, 101, 102, 103])
      #expect((0..<4).map { reply.source($0).rawValue } == [7, 8, 9, 10])
    }
    #expect(throws: InputError.self, "columns nobody asked for") { try parse(bytes, wantsDegrees: false) }
    for length in 0..<bytes.count { #expect(throws: InputError.self) { try parse(Array(bytes.prefix(length))) } }
    var fewer = bytes
    fewer[16 + 24 + 4 * idBytes + 4 * 5] = 0
    #expect(throws: InputError.self, "more edges than the node has") { try parse(fewer) }
  }

  @Test func repliesThatDoNotFitAreRefused() throws {
    func parse(_ bytes: [UInt8], nodeCount: Int = 3, limits: [Int] = [5, .max], graphNodes: Int64 = 11, purpose: RandomPurpose = .sample)
      throws
    {
      _ = try bytes.withUnsafeBytes {
        try SamplingMessage.parseReply(
          $0, nodeCount: nodeCount, hop: HopSampler(seed: 1, purpose: purpose, hop: 2, step: 9, limits: limits), graphNodes: graphNodes,
          peer: "worker 1")
      }
    }
    let good = try copy(of: SamplingMessage.reply(neighbors([1, 0, 0, 0, 2, 1], [7, 8, 9, 10]), idBytes: 4))
    #expect(throws: Never.self) { try parse(good) }
    #expect(throws: InputError.self, "another list of nodes") { try parse(good, nodeCount: 4) }
    #expect(throws: InputError.self, "more than was asked") { try parse(good, limits: [1, .max]) }
    #expect(throws: Never.self, "LABOR's limits hold on average") { try parse(good, limits: [1, .max], purpose: .labor) }
    #expect(throws: InputError.self, "an id outside the graph") { try parse(good, graphNodes: 10) }
    for length in 0..<good.count { #expect(throws: InputError.self) { try parse(Array(good.prefix(length))) } }
  }

  /// Random damage gives an error or a message that is consistent in itself, never a trap.
  @Test func damagedMessagesNeverTrap() throws {
    let request = nodes.withUnsafeBufferPointer { copy(of: SamplingMessage.request(hop: hop, nodes: $0, idBytes: 8)) }
    let reply = try copy(of: SamplingMessage.reply(neighbors([1, 0, 0, 0, 2, 1], [7, 8, 9, 10]), idBytes: 8))
    for seed in 0..<4000 {
      let words = RandomKey(seed: UInt64(seed), purpose: .generator).bits(id: 0, step: 0)
      var damaged = seed % 2 == 0 ? request : reply
      for word in 0..<1 + seed % 3 { damaged[Int(words[word]) % damaged.count] = UInt8(truncatingIfNeeded: words[3] >> (8 * word)) }
      damaged.withUnsafeBytes { raw in
        if let parsed = try? SamplingMessage.parseRequest(raw, count: 3, relationCount: 2) { #expect(parsed.nodes.count == 3) }
        if let parsed = try? SamplingMessage.parseReply(raw, nodeCount: 3, hop: hop, graphNodes: 11, peer: "worker 1") {
          #expect((0..<parsed.edgeCount).allSatisfy { parsed.source($0).rawValue < 11 })
        }
      }
    }
  }
}
