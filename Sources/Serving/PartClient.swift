public import Graphs
import KVStore
import Messaging
public import Partitions
import Tensors

/// Asks the servers of some parts for rows and sampled neighbours of nodes that are named by the user's numbers.
///
/// The parts must be of one partition directory. Used by one thread at a time.
public final class PartClient {
  /// What is the same for all peers, as the first one describes it.
  public let graph: ServedGraph
  /// The parts that can be reached, increasing.
  public var parts: [Int] { peerOfPart.keys.sorted() }
  let book: PartitionBook
  let client: Client
  private let peers: [String]
  private let peerOfPart: [Int: Int]
  /// Peer of every part; for parts that nobody serves the number of peers, of which nothing is ever asked.
  let workers: [Int]
  private static let numbersPerRequest = 32_768

  /// Connects to servers and asks what they serve.
  ///
  /// - Parameters:
  ///   - peers: Endpoints, `tcp://10.0.0.7:4000` or `10.0.0.7:4000`; of several that serve one part the first is used.
  ///   - token: Number that the servers expect.
  ///   - timeoutSeconds: A peer that owes an answer and sends nothing for so long is given up.
  /// - Throws: `MessagingError` when a peer does not answer or refuses, `InputError` when peers are of different graphs.
  public init(peers: [String], token: UInt64 = 0, timeoutSeconds: Double = 10) throws {
    precondition(!peers.isEmpty, "a client of nobody")
    let endpoints = peers.map { $0.contains("://") ? $0 : "tcp://\($0)" }
    var limits = Client.Limits()
    limits.timeoutSeconds = timeoutSeconds
    let client = try Client(token: token, endpoints: Dictionary(uniqueKeysWithValues: zip(endpoints.indices, endpoints)), limits: limits)
    let requests = endpoints.indices.map {
      OutgoingRequest(to: $0, .describe, expectedReplyBytes: 65_536, buffer: MessageBuffer(payloadBytes: 0))
    }
    let graphs = try zip(endpoints, client.call(requests)).map { endpoint, reply in
      try withExtendedLifetime(reply) { try ServedGraph(parsing: reply.payload, place: endpoint) }
    }
    var peerOfPart: [Int: Int] = [:]
    for (peer, other) in graphs.enumerated() {
      guard other.isOfSameParts(as: graphs[0]) else {
        throw InputError(
          endpoints[peer], expected: "a part of \(graphs[0].name), partition \(graphs[0].partition), as \(endpoints[0]) has",
          found: "\(other.name), partition \(other.partition)")
      }
      if peerOfPart[other.part] == nil { peerOfPart[other.part] = peer }
    }
    graph = graphs[0]
    book = graphs[0].book
    self.client = client
    self.peers = endpoints
    self.peerOfPart = peerOfPart
    workers = (0..<graphs[0].partCount).map { peerOfPart[$0] ?? endpoints.count }
  }

  /// Bytes that came from all peers so far, headers included.
  public var bytesReceived: Int { client.traffic.values.reduce(0) { $0 + $1.bytesReceived } }

  /// Position of the node type called `name`; the only one where `name` is `nil`.
  ///
  /// - Throws: `InputError` for another name, or none where there are several.
  public func nodeType(named name: String?) throws -> Int {
    let known = graph.nodeTypes.joined(separator: ", ")
    if let name {
      guard let type = graph.nodeTypes.firstIndex(of: name) else { throw InputError("node type", expected: known, found: "'\(name)'") }
      return type
    }
    guard graph.nodeTypes.count == 1 else { throw InputError("node type", expected: "one of \(known)", found: "none") }
    return 0
  }

  /// The table called `name`; of several node types that have one, `type` tells.
  ///
  /// - Throws: `InputError` when there is none, or there are several.
  public func table(named name: String, nodeType type: String?) throws -> TableDescription {
    let wanted = try type.map { try nodeType(named: $0) }
    let found = graph.tables.filter { $0.name == name && (wanted == nil || $0.nodeType == wanted) }
    guard let table = found.first else {
      let known = graph.tables.map(\.name).joined(separator: ", ")
      throw InputError("table", expected: known.isEmpty ? "none: the graph has no tables" : known, found: "'\(name)'")
    }
    guard found.count == 1 else {
      let types = found.map { graph.nodeTypes[$0.nodeType] }.joined(separator: ", ")
      throw InputError("table '\(name)'", expected: "a node type, one of \(types)", found: "none")
    }
    return table
  }

  /// Global ids of nodes, in order.
  ///
  /// - Throws: `InputError` for a number that no node of the type has, or whose part none of the peers serves.
  public func find(_ numbers: [Int64], type: Int) throws -> [GlobalID] {
    var ids = [Int64](repeating: -1, count: numbers.count)
    var requests: [OutgoingRequest] = []
    var chunks: [(peer: Int, part: Int, range: Range<Int>)] = []
    for start in stride(from: 0, to: numbers.count, by: Self.numbersPerRequest) {
      let range = start..<min(numbers.count, start + Self.numbersPerRequest)
      for (part, peer) in peerOfPart.sorted(by: { $0.key < $1.key }) {
        chunks.append((peer, part, range))
        requests.append(request(to: peer, .findNodes, table: type, numbers[range]))
      }
    }
    try client.call(requests) { index, reply in
      let chunk = chunks[index]
      let inner = book.innerRange(of: chunk.part, type: type)
      for (position, id) in try self.numbers(in: reply, count: chunk.range.count, peer: chunk.peer).enumerated() where id != -1 {
        guard inner.contains(id) else { throw malformed(chunk.peer, "nodes of part \(chunk.part)", "global id \(id)") }
        ids[chunk.range.lowerBound + position] = id
      }
    }
    if let missing = ids.firstIndex(of: -1) {
      throw InputError(
        "node \(numbers[missing])", expected: "a node of the parts \(parts) that are served", found: "one of another part")
    }
    return ids.map { GlobalID($0) }
  }

  /// Pulls the rows of nodes, as they are stored.
  ///
  /// - Parameters:
  ///   - table: One of `graph.tables`.
  ///   - numbers: The user's numbers of nodes of the table's type, repetitions allowed.
  /// - Throws: What `find` throws; `MessagingError` when a peer refuses or does not answer.
  public func rows(of table: TableDescription, _ numbers: [Int64]) throws -> PulledRows {
    guard let number = graph.tables.firstIndex(of: table) else { preconditionFailure("no table of this graph") }
    return try pull(find(numbers, type: table.nodeType), of: table, number: number, book: book, .nodes(numbers))
  }

  /// Pulls rows by global ids of nodes, or of edges.
  func pull(
    _ ids: [GlobalID], of table: TableDescription, number: Int, book: PartitionBook, _ subjects: PulledRows.Subjects
  ) throws -> PulledRows {
    let store = RowStore(shards: TableShards(number: number, description: table, shards: [:]), book: book, workers: workers, client: client)
    let arena = RowArena()
    let rows = try ids.withUnsafeBufferPointer { try store.resolve([$0], step: 0, into: arena, threads: Threads(1))[0] }
    return PulledRows(subjects, table: table, rows: rows, arena: arena)
  }

  /// The user's numbers of inner and halo nodes of a part.
  func originalNumbers(_ ids: [Int64], part: Int) throws -> [Int64: Int64] {
    guard let peer = peerOfPart[part] else { preconditionFailure("a part that nobody serves was asked") }
    let ranges = stride(from: 0, to: ids.count, by: Self.numbersPerRequest).map { $0..<min(ids.count, $0 + Self.numbersPerRequest) }
    var numbers: [Int64: Int64] = [:]
    try client.call(ranges.map { request(to: peer, .originalNumbers, ids[$0]) }) { index, reply in
      for (id, number) in zip(ids[ranges[index]], try self.numbers(in: reply, count: ranges[index].count, peer: peer)) {
        guard number >= 0, number < nodeCount else { throw malformed(peer, "numbers below \(nodeCount)", "\(number)") }
        numbers[id] = number
      }
    }
    return numbers
  }

  private var nodeCount: Int64 { book.nodeCount }

  private func request(to peer: Int, _ kind: MessageKind, table: Int = 0, _ numbers: ArraySlice<Int64>) -> OutgoingRequest {
    let buffer = numbers.withUnsafeBufferPointer { MessageBuffer($0) }
    return OutgoingRequest(to: peer, kind, table: table, count: numbers.count, expectedReplyBytes: 8 * numbers.count, buffer: buffer)
  }

  /// The numbers of an answer, as many as were asked.
  private func numbers(in reply: Reply, count: Int, peer: Int) throws -> [Int64] {
    try withExtendedLifetime(reply) {
      let payload = reply.payload
      guard reply.count == count, payload.count == 8 * count else {
        throw malformed(peer, "\(count) numbers", "\(reply.count) in \(payload.count) bytes")
      }
      return (0..<count).map { Int64(littleEndian: payload.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) }
    }
  }

  private func malformed(_ peer: Int, _ expected: String, _ found: String) -> InputError {
    InputError("answer of \(peers[peer])", expected: expected, found: found)
  }
}

extension ServedGraph {
  /// Whether both describe parts of one partition directory, in the same words.
  fileprivate func isOfSameParts(as other: ServedGraph) -> Bool {
    var copy = self
    copy.part = other.part
    (copy.maximumRequestBytes, copy.maximumReplyBytes) = (other.maximumRequestBytes, other.maximumReplyBytes)
    return copy == other
  }
}
