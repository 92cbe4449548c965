import Graphs
import Loading
import Messaging
import Partitions
import Sampling
import Tensors
import Testing

/// The column of edge ids: read back, held against what the asked nodes may have, refused where anything does not fit.
@Suite struct SampledEdgesMessageTests {
  private let hop = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max], wantsDegrees: true, wantsEdges: true)
  private let nodes: [GlobalID] = [3, 12, 17].map { GlobalID($0) }
  /// Two parts of 10 nodes; 40 and 30 edges of relation 0, 20 and 10 of relation 1: ids 0–39, 40–59 and 60–89, 90–99.
  private let owners = PartitionBook(partCount: 2, typeCount: 1, bounds: [0, 10, 20])
  private let edges = PartitionBook(partCount: 2, typeCount: 2, bounds: [0, 40, 60, 90, 100])

  /// Node 3 has an edge of relation 0, node 17 two of relation 0 and one of relation 1.
  private func neighbors(_ ids: [Int64], degrees: Bool = true) -> SampledNeighbors {
    let neighbors = SampledNeighbors(relationCount: 2)
    neighbors.beginDestinations(3, degrees: degrees, edges: true)
    neighbors.resizeEdges(to: 4)
    for (entry, count) in ([1, 0, 0, 0, 2, 1] as [UInt32]).enumerated() {
      neighbors.counts.pointer[entry] = count
      if degrees { neighbors.degrees.pointer[entry] = count + 2 }
    }
    for edge in 0..<4 {
      neighbors.sources.pointer[edge] = GlobalID(Int64(7 + edge))
      if degrees { neighbors.sourceDegrees.pointer[edge] = UInt32(100 + edge) }
      neighbors.edges.pointer[edge] = ids[edge]
    }
    return neighbors
  }

  private func bytes(_ ids: [Int64], idBytes: Int = 4, edgeIDBytes: Int = 4, degrees: Bool = true) throws -> [UInt8] {
    let buffer = try SamplingMessage.reply(neighbors(ids, degrees: degrees), idBytes: idBytes, edgeIDBytes: edgeIDBytes)
    return withExtendedLifetime(buffer) { Array(buffer.payload) }
  }

  private func request(_ hop: HopSampler, idBytes: Int = 4, edgeIDBytes: Int = 4) -> [UInt8] {
    nodes.withUnsafeBufferPointer {
      let buffer = SamplingMessage.request(hop: hop, nodes: $0, idBytes: idBytes, edgeIDBytes: edgeIDBytes)
      return withExtendedLifetime(buffer) { Array(buffer.payload) }
    }
  }

  /// Parses and checks a reply, as who asked does; edge ids of the checked reply.
  @discardableResult
  private func check(_ bytes: [UInt8], hop: HopSampler? = nil, hasRows: [Bool] = [true, true]) throws -> [Int64?] {
    let ranges = EdgeRanges(nodes: owners, edges: edges, hasRows: hasRows)
    return try bytes.withUnsafeBytes { raw in
      let reply = try SamplingMessage.parseReply(raw, nodeCount: 3, hop: hop ?? self.hop, graphNodes: 20, peer: "worker 1")
      try nodes.withUnsafeBufferPointer { try ranges.check(reply, about: $0, peer: "worker 1") }
      return (0..<reply.edgeCount).map(reply.edge)
    }
  }

  @Test(arguments: [4, 8], [4, 8])
  func edgeIDsTravelWhereTheyAreAskedFor(idBytes: Int, edgeIDBytes: Int) throws {
    let asked = try request(hop, idBytes: idBytes, edgeIDBytes: edgeIDBytes).withUnsafeBytes {
      try SamplingMessage.parseRequest($0, count: 3, relationCount: 2)
    }
    #expect(asked.wantsEdges && asked.edgeIDBytes == edgeIDBytes && asked.idBytes == idBytes && asked.nodes == nodes)
    let plain = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max])
    let without = try request(plain, idBytes: idBytes, edgeIDBytes: 0).withUnsafeBytes {
      try SamplingMessage.parseRequest($0, count: 3, relationCount: 2)
    }
    #expect(!without.wantsEdges && without.edgeIDBytes == 0)
    for degrees in [true, false] {
      let reply = try bytes([39, 60, 89, 90], idBytes: idBytes, edgeIDBytes: edgeIDBytes, degrees: degrees)
      #expect(reply.count == 16 + 24 + 4 * (idBytes + edgeIDBytes) + (degrees ? 24 + 16 : 0))
      let hop = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max], wantsDegrees: degrees, wantsEdges: true)
      #expect(try check(reply, hop: hop) == [39, 60, 89, 90])
      let none = try bytes([39, 60, 89, -1], idBytes: idBytes, edgeIDBytes: edgeIDBytes, degrees: degrees)
      #expect(try check(none, hop: hop, hasRows: [true, false]) == [39, 60, 89, -1])
    }
  }

  /// Ids are their owner's, of their relation, increasing, and none where a relation has none.
  @Test func idsThatAreNotTheNodesAreRefused() throws {
    for (ids, expected) in [
      ([40, 60, 89, 90], "increasing edge ids of 0..<40, found 40"), ([39, 59, 89, 90], "increasing edge ids of 60..<90, found 59"),
      ([39, 60, 90, 90], "increasing edge ids of 60..<90, found 90"), ([39, 61, 60, 90], "increasing edge ids of 60..<90, found 60"),
      ([39, 61, 61, 90], "increasing edge ids of 60..<90, found 61"), ([39, 60, 89, 100], "increasing edge ids of 90..<100, found 100"),
      ([39, 60, 89, 89], "increasing edge ids of 90..<100, found 89"), ([-1, 60, 89, 90], "increasing edge ids of 0..<40, found -1"),
    ] as [([Int64], String)] {
      for width in [4, 8] {
        let error = #expect(throws: InputError.self) { try check(bytes(ids, edgeIDBytes: width)) }
        #expect(error?.description == "sampling reply of worker 1: expected \(expected)", "\(ids)")
      }
    }
    let error = #expect(throws: InputError.self) { try check(bytes([39, 60, 89, 90]), hasRows: [true, false]) }
    #expect(error?.description == "sampling reply of worker 1: expected no edge ids of relation 1, found 90")
    #expect(throws: InputError.self, "negative") { try check(bytes([39, 60, 89, .min], edgeIDBytes: 8)) }
    #expect(throws: InputError.self, "does not fit") { try bytes([39, 60, 89, 1 << 32]) }
    #expect(throws: InputError.self, "is what none is written as") { try bytes([39, 60, 89, Int64(UInt32.max)]) }
  }

  @Test func columnsNobodyAskedForAndCutRepliesAreRefused() throws {
    let good = try bytes([39, 60, 89, 90])
    for (degrees, edges) in [(true, false), (false, true), (false, false)] {
      let other = HopSampler(seed: 1, hop: 2, step: 9, limits: [5, .max], wantsDegrees: degrees, wantsEdges: edges)
      #expect(throws: InputError.self) { try check(good, hop: other) }
    }
    for length in 0..<good.count { #expect(throws: InputError.self) { try check(Array(good.prefix(length))) } }
    #expect(throws: InputError.self) { try check(good + [0, 0, 0, 0]) }
    let asked = request(hop)
    for (place, value) in [(2, 1), (2, 7), (7, 0), (7, 5), (7, 16)] as [(Int, UInt8)] {
      var changed = asked
      changed[place] = value
      #expect(throws: InputError.self, "byte \(place) as \(value)") {
        try changed.withUnsafeBytes { try SamplingMessage.parseRequest($0, count: 3, relationCount: 2) }
      }
    }
  }

  /// Random damage gives an error or ids that the nodes may have, never a trap.
  @Test func damagedRepliesNeverTrap() throws {
    let good = [try bytes([39, 60, 89, 90]), try bytes([39, 60, 89, 90], idBytes: 8, edgeIDBytes: 8)]
    for seed in 0..<6000 {
      let words = RandomKey(seed: UInt64(seed), purpose: .generator).bits(id: 0, step: 0)
      var damaged = good[seed % 2]
      for word in 0..<1 + seed % 3 { damaged[Int(words[word]) % damaged.count] = UInt8(truncatingIfNeeded: words[3] >> (8 * word)) }
      guard let ids = try? check(damaged) else { continue }
      #expect(ids.allSatisfy { $0.map { (0..<100).contains($0) } == true })
    }
  }
}
