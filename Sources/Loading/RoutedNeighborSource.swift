public import Graphs
public import Messaging
public import Partitions
public import Sampling
public import Tensors

/// Samples any node of the graph: nodes of mapped parts here, all others at their owners.
///
/// Nodes asked of one owner are collected over all lists, so each travels once however many parts of this worker want it.
/// Confined to the thread that loads batches.
public final class RoutedNeighborSource: NeighborSource {
  private let book: PartitionBook
  /// In-edges of the parts that are read in place, by part.
  private let mapped: [InEdges?]
  private let worker: [Int]
  private let client: Client?
  private let idBytes: Int
  private var frontiers: [Int: Frontier]
  private let routes: [GrowingBuffer<Route>]
  private let offsets = GrowingBuffer<Int>()
  /// Nodes whose sampling was asked of other workers, without repetitions.
  public private(set) var remoteNodes = 0

  /// - Parameters:
  ///   - mapped: In-edges of every part that this process reads itself, its own parts among them.
  ///   - worker: Owner of each part.
  ///   - client: Connection to the workers of all other parts; may be absent when every part is mapped.
  ///   - listCount: Lists that a call samples at most.
  public init(book: PartitionBook, mapped: [Int: InEdges], worker: [Int], client: Client?, listCount: Int) {
    self.book = book
    self.mapped = (0..<book.partCount).map { mapped[$0] }
    self.worker = worker
    self.client = client
    idBytes = SamplingMessage.idBytes(nodeCount: book.nodeCount)
    frontiers = [:]
    for part in 0..<book.partCount where mapped[part] == nil {
      precondition(client != nil, "part \(part) can be reached neither in place nor over the network")
      if frontiers[worker[part]] == nil { frontiers[worker[part]] = Frontier() }
    }
    routes = (0..<listCount).map { _ in GrowingBuffer() }
  }

  /// Where a node is sampled: an inner node of a mapped part, or an entry of the request to a worker.
  private struct Route: BitwiseCopyable {
    /// A part, or −1 − worker.
    var place: Int32
    /// Local id, or the index in the request.
    var index: UInt32
  }

  /// Nodes asked of one worker in one hop.
  private final class Frontier {
    let nodes = GrowingBuffer<GlobalID>()
    let index = GlobalIDIndex()
    var numbering: GlobalIDIndex.Numbering?
    /// First edge of each node in the reply, shape (nodes).
    let offsets = GrowingBuffer<Int>()
    var reply: SamplingMessage.Reply?
  }

  public func sample(
    _ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads
  ) throws {
    precondition(lists.count <= routes.count && lists.count == neighbors.count, "\(lists.count) lists")
    route(lists)
    let replies = try ask(hop)
    withExtendedLifetime(replies) {
      for (list, nodes) in lists.enumerated() {
        fill(neighbors[list], nodes: nodes, routes: routes[list].readOnly, hop: hop, threads: threads)
      }
    }
  }

  /// Decides for every node where it is sampled, and collects what is asked of each worker.
  private func route(_ lists: [UnsafeBufferPointer<GlobalID>]) {
    let room = lists.reduce(0) { $0 + $1.count }
    for frontier in frontiers.values {
      frontier.nodes.resize(to: room)
      frontier.numbering = frontier.index.begin(room: room, ids: frontier.nodes.pointer)
    }
    for (list, nodes) in lists.enumerated() {
      routes[list].resize(to: nodes.count)
      for (row, node) in nodes.enumerated() {
        let owner = book.owner(of: node)
        if mapped[owner] != nil {
          routes[list].pointer[row] = Route(place: Int32(owner), index: book.innerLocalID(of: node).rawValue)
        } else {
          let number = frontiers[worker[owner]]!.numbering!.number(node)
          routes[list].pointer[row] = Route(place: Int32(-1 - worker[owner]), index: number)
        }
      }
    }
    for frontier in frontiers.values {
      frontier.nodes.resize(to: frontier.numbering!.count)
      remoteNodes += frontier.nodes.count
    }
  }

  /// Asks every worker that has something to answer, and checks what comes back.
  private func ask(_ hop: HopSampler) throws -> [Reply] {
    let asked = frontiers.filter { !$0.value.nodes.readOnly.isEmpty }.sorted { $0.key < $1.key }
    guard !asked.isEmpty, let client else { return [] }
    let replies = try client.call(
      asked.map { worker, frontier in
        OutgoingRequest(
          to: worker, .sampleNeighbors, step: hop.step, count: frontier.nodes.count,
          expectedReplyBytes: expectedReplyBytes(frontier.nodes.count, hop),
          buffer: SamplingMessage.request(hop: hop, nodes: frontier.nodes.readOnly, idBytes: idBytes))
      })
    for ((worker, frontier), reply) in zip(asked, replies) {
      let parsed = try SamplingMessage.parseReply(
        reply.payload, nodeCount: frontier.nodes.count, limits: hop.limits, wantsDegrees: hop.wantsDegrees, graphNodes: book.nodeCount,
        peer: "worker \(worker)")
      frontier.reply = parsed
      frontier.offsets.resize(to: frontier.nodes.count)
      var total = 0
      for node in 0..<frontier.nodes.count {
        frontier.offsets.pointer[node] = total
        for relation in 0..<hop.relationCount { total += Int(parsed.count(node * hop.relationCount + relation)) }
      }
    }
    return replies
  }

  /// About what an answer takes; a hop that takes all edges is reckoned at 32 a relation.
  private func expectedReplyBytes(_ nodes: Int, _ hop: HopSampler) -> Int {
    hop.limits.reduce(SamplingMessage.replyHeaderBytes) {
      $0 + nodes * ((hop.wantsDegrees ? 8 : 4) + (idBytes + (hop.wantsDegrees ? 4 : 0)) * min($1, 32))
    }
  }

  /// Lays the samples of one list out in its order.
  private func fill(
    _ neighbors: SampledNeighbors, nodes: UnsafeBufferPointer<GlobalID>, routes: UnsafeBufferPointer<Route>, hop: HopSampler,
    threads: Threads
  ) {
    let relationCount = hop.relationCount
    neighbors.beginDestinations(nodes.count, degrees: hop.wantsDegrees)
    offsets.resize(to: nodes.count)
    var total = 0
    for (row, route) in routes.enumerated() {
      offsets.pointer[row] = total
      let counts = neighbors.counts.pointer + row * relationCount
      let degrees = neighbors.degrees(ofRow: row)
      if route.place >= 0 {
        total += hop.count(Int(route.index), in: mapped[Int(route.place)]!, into: counts, degrees: degrees)
      } else {
        let reply = frontiers[Int(-1 - route.place)]!.reply!
        for relation in 0..<relationCount {
          let entry = Int(route.index) * relationCount + relation
          counts[relation] = reply.count(entry)
          if let degree = reply.degree(entry) { degrees?[relation] = degree }
          total += Int(counts[relation])
        }
      }
    }
    neighbors.resizeEdges(to: total)
    // Safe: every row writes its own range of the output, all else is only read.
    nonisolated(unsafe) let (rows, output, counts) = (routes, neighbors.sources.pointer, neighbors.counts.pointer)
    nonisolated(unsafe) let frontiers = frontiers
    let (offsets, mapped) = (offsets, mapped)
    threads.forEachChunk(of: nodes.count, by: HopSampler.chunk) { chunk in
      for row in chunk {
        let route = rows[row]
        let target = output + offsets.pointer[row]
        let degrees = neighbors.sourceDegrees(at: offsets.pointer[row])
        if route.place >= 0 {
          hop.sample(Int(route.index), in: mapped[Int(route.place)]!, into: target, degrees: degrees)
        } else {
          let frontier = frontiers[Int(-1 - route.place)]!
          let first = frontier.offsets.pointer[Int(route.index)]
          let taken = (0..<relationCount).reduce(0) { $0 + Int(counts[row * relationCount + $1]) }
          for edge in 0..<taken {
            target[edge] = frontier.reply!.source(first + edge)
            if let degree = frontier.reply!.sourceDegree(first + edge) { degrees?[edge] = degree }
          }
        }
      }
    }
  }
}
