public import Graphs
public import Messaging
public import Partitions
public import Sampling
public import Tensors

/// Samples any node of the graph: nodes of mapped parts and replicated nodes here, all others at their owners.
///
/// Nodes asked of one owner are collected over all lists, so each travels once however many parts of this worker want it.
/// Confined to the thread that loads batches.
public final class RoutedNeighborSource: NeighborSource {
  private let nodeCount: Int64
  /// First global id of each part, and one past the last.
  private let bounds: Buffer<Int64>
  /// Where a part's nodes are sampled: the part itself where it is mapped, else number of local places + its worker.
  private let placeOfPart: Buffer<UInt32>
  private let partCount: Int
  /// Replicas of other workers' nodes; their places follow those of the parts.
  private let replicas: ReplicaIndex
  /// Places that are read here: every part, then every list of replicas.
  private let localPlaces: Int
  private let client: Client?
  private let idBytes: Int
  /// By worker; `nil` for workers that nothing is asked of.
  private let frontiers: [SamplingFrontier?]
  private let reachesAll: Bool
  private let routes: [GrowingBuffer<SamplingPass.Route>]
  private let pass: SamplingPass
  private static let chunk = 4_096
  /// Nodes whose sampling was asked of other workers, without repetitions.
  public private(set) var remoteNodes = 0

  /// - Parameters:
  ///   - mapped: In-edges of every part that this process reads itself, its own parts among them.
  ///   - replicas: In-edges of nodes of other parts that this process has as well.
  ///   - worker: Owner of each part.
  ///   - client: Connection to the workers of all other parts; may be absent when every part is mapped.
  ///   - listCount: Lists that a call samples at most.
  public init(
    book: PartitionBook, mapped: [Int: InEdges], replicas: [ReplicatedInEdges] = [], worker: [Int], client: Client?, listCount: Int
  ) {
    let partCount = book.partCount
    self.partCount = partCount
    nodeCount = book.nodeCount
    bounds = Buffer(copying: (0...partCount).map { book.bounds[$0 * book.typeCount] })
    self.client = client
    idBytes = SamplingMessage.idBytes(nodeCount: book.nodeCount)
    var frontiers = [SamplingFrontier?](repeating: nil, count: (worker.max() ?? -1) + 1)
    for part in 0..<partCount where mapped[part] == nil {
      precondition(client != nil, "part \(part) can be reached neither in place nor over the network")
      if frontiers[worker[part]] == nil { frontiers[worker[part]] = SamplingFrontier(worker: worker[part]) }
    }
    self.frontiers = frontiers
    reachesAll = frontiers.allSatisfy { $0 == nil }
    self.replicas = ReplicaIndex(replicas.map(\.nodes), book: book, mapped: Set(mapped.keys))
    let localPlaces = partCount + replicas.count
    self.localPlaces = localPlaces
    placeOfPart = Buffer(copying: (0..<partCount).map { UInt32(mapped[$0] == nil ? localPlaces + worker[$0] : $0) })
    routes = (0..<listCount).map { _ in GrowingBuffer() }
    pass = SamplingPass(parts: (0..<partCount).map { mapped[$0] } + replicas.map(\.edges), workers: frontiers.count)
  }

  public func sample(
    _ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads
  ) throws {
    precondition(lists.count <= routes.count && lists.count == neighbors.count, "\(lists.count) lists")
    for list in lists.indices { route(lists[list], into: routes[list], threads: threads) }
    if !reachesAll {
      collect(lists)
      try ask(hop)
    }
    for list in lists.indices { pass.sample(routes[list].readOnly, hop: hop, into: neighbors[list], threads: threads) }
  }

  /// Decides for every node where it is sampled. O(log k) a node.
  private func route(_ nodes: UnsafeBufferPointer<GlobalID>, into routes: GrowingBuffer<SamplingPass.Route>, threads: Threads) {
    routes.resize(to: nodes.count)
    // Safe: every chunk writes its own routes.
    nonisolated(unsafe) let (output, bounds, places) = (routes.pointer, UnsafePointer(bounds.pointer), placeOfPart.pointer)
    nonisolated(unsafe) let nodes = nodes
    let (partCount, localPlaces, nodeCount, replicas) = (partCount, localPlaces, nodeCount, replicas)
    threads.forEachChunk(of: nodes.count, by: Self.chunk) { rows in
      for row in rows {
        let id = nodes[row].rawValue
        precondition(id >= 0 && id < nodeCount, "global id outside the graph")
        var (low, high) = (0, partCount)
        while high &- low > 1 {
          let middle = (low &+ high) / 2
          if bounds[middle] <= id { low = middle } else { high = middle }
        }
        let place = Int(places[low])
        if place >= localPlaces, let replica = replicas.place(of: id) {
          output[row] = SamplingPass.Route(place: partCount &+ replica.list, index: UInt32(truncatingIfNeeded: replica.position))
        } else {
          output[row] = SamplingPass.Route(place: place, index: UInt32(truncatingIfNeeded: id &- bounds[low]))
        }
      }
    }
  }

  /// Collects what is asked of each worker.
  private func collect(_ lists: [UnsafeBufferPointer<GlobalID>]) {
    let room = lists.reduce(0) { $0 + $1.count }
    for frontier in frontiers { frontier?.begin(room: room) }
    for (list, nodes) in lists.enumerated() {
      let routes = routes[list].pointer
      for (row, node) in nodes.enumerated() {
        let worker = Int(routes[row].place) - localPlaces
        if worker >= 0, let frontier = frontiers[worker] { routes[row].index = frontier.number(node) }
      }
    }
    for frontier in frontiers { remoteNodes += frontier?.asked.count ?? 0 }
  }

  /// Asks every worker that has something to answer, and checks what comes back.
  private func ask(_ hop: HopSampler) throws {
    let asked = frontiers.compactMap { $0 }.filter { !$0.asked.isEmpty }
    guard !asked.isEmpty, let client else { return }
    let replies = try client.call(
      asked.map { frontier in
        OutgoingRequest(
          to: frontier.worker, .sampleNeighbors, step: hop.step, count: frontier.asked.count,
          expectedReplyBytes: expectedReplyBytes(frontier.asked.count, hop),
          buffer: SamplingMessage.request(hop: hop, nodes: frontier.asked, idBytes: idBytes))
      })
    for (frontier, reply) in zip(asked, replies) {
      try withExtendedLifetime(reply) {
        let parsed = try SamplingMessage.parseReply(
          reply.payload, nodeCount: frontier.asked.count, hop: hop, graphNodes: nodeCount, peer: "worker \(frontier.worker)")
        pass.setAnswer(frontier.read(parsed, relationCount: hop.relationCount), of: frontier.worker)
      }
    }
  }

  /// About what an answer takes; a hop that takes all edges is reckoned at 32 a relation.
  private func expectedReplyBytes(_ nodes: Int, _ hop: HopSampler) -> Int {
    hop.limits.reduce(SamplingMessage.replyHeaderBytes) {
      $0 + nodes * ((hop.wantsDegrees ? 8 : 4) + (idBytes + (hop.wantsDegrees ? 4 : 0)) * min($1, 32))
    }
  }
}
