public import Graphs
public import Messaging
public import Partitions
public import Sampling
import Telemetry
public import Tensors

/// Samples any node of the graph: nodes of mapped parts and replicated nodes here, all others at their owners.
///
/// Nodes asked of one owner are collected over all lists, so each travels once however many parts of this worker want it.
/// Confined to the thread that loads batches; others may read its counter.
public final class RoutedNeighborSource: NeighborSource {
  private let book: PartitionBook
  private let mapped: [Int: InEdges]
  private let replicatedEdges: [ReplicatedInEdges]
  private let workerOfPart: [Int]
  let nodeCount: Int64
  /// First global id of each part, and one past the last.
  private let bounds: Buffer<Int64>
  /// Where a part's nodes are sampled: the part itself where it is mapped, else number of local places + its worker.
  private let placeOfPart: Buffer<UInt32>
  private let partCount: Int
  /// Replicas of other workers' nodes; their places follow those of the parts.
  private let replicas: ReplicaIndex
  /// For hops that want edge ids, which replicas do not know.
  private let noReplicas: ReplicaIndex
  /// Places that are read here: every part, then every list of replicas.
  let localPlaces: Int
  let client: Client?
  let idBytes: Int
  /// What edge ids in answers are held against; `nil`: they cannot be asked for.
  let edges: EdgeRanges?
  /// By worker; `nil` for workers that nothing is asked of.
  let frontiers: [SamplingFrontier?]
  private let reachesAll: Bool
  /// Of each list, for each step that is sampled at once.
  private(set) var routes: [[GrowingBuffer<SamplingPass.Route>]]
  let pass: SamplingPass
  private static let chunk = 4_096
  let askedNodes = Counter()
  /// Most bytes of requests and answers of one hop so far.
  var messageBytes = 0

  /// - Parameters:
  ///   - mapped: In-edges of every part that this process reads itself, its own parts among them.
  ///   - replicas: In-edges of nodes of other parts that this process has as well.
  ///   - worker: Owner of each part.
  ///   - client: Connection to the workers of all other parts; may be absent when every part is mapped.
  ///   - listCount: Lists that a call samples at most.
  ///   - edges: Global ids that edges have, where a hop may want them.
  public init(
    book: PartitionBook, mapped: [Int: InEdges], replicas: [ReplicatedInEdges] = [], worker: [Int], client: Client?, listCount: Int,
    edges: EdgeRanges? = nil
  ) {
    precondition(edges == nil || mapped.values.allSatisfy { $0.edgeIDs != nil }, "edges without numbers in a mapped part")
    self.edges = edges
    let partCount = book.partCount
    self.book = book
    self.mapped = mapped
    replicatedEdges = replicas
    workerOfPart = worker
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
    noReplicas = ReplicaIndex([], book: book, mapped: [])
    let localPlaces = partCount + replicas.count
    self.localPlaces = localPlaces
    placeOfPart = Buffer(copying: (0..<partCount).map { UInt32(mapped[$0] == nil ? localPlaces + worker[$0] : $0) })
    routes = [(0..<listCount).map { _ in GrowingBuffer() }]
    pass = SamplingPass(parts: (0..<partCount).map { mapped[$0] } + replicas.map(\.edges), workers: frontiers.count)
  }

  /// Another source over the same parts, for another thread.
  ///
  /// - Parameter client: The other thread's connections.
  public func twin(client: Client?) -> RoutedNeighborSource {
    RoutedNeighborSource(
      book: book, mapped: mapped, replicas: replicatedEdges, worker: workerOfPart, client: client, listCount: routes[0].count,
      edges: edges)
  }

  /// Nodes whose sampling was asked of other workers, without repetitions within a step; any thread may ask.
  public var remoteNodes: Int { askedNodes.value }

  public func sample(
    _ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads
  ) throws {
    precondition(lists.count <= routes[0].count && lists.count == neighbors.count, "\(lists.count) lists")
    for frontier in frontiers { frontier?.beginHop() }
    for list in lists.indices { route(lists[list], hop: hop, into: routes[0][list], threads: threads) }
    if !reachesAll { try receive(try ask([requests(lists, step: 0, hop: hop)]), step: 0) }
    for list in lists.indices { pass.sample(routes[0][list].readOnly, hop: hop, into: neighbors[list], threads: threads) }
  }

  /// What one step asks in a hop.
  struct HopLists {
    var lists: [UnsafeBufferPointer<GlobalID>]
    var hop: HopSampler
  }

  /// Samples a hop of several steps, whose questions leave together.
  ///
  /// - Parameter taken: Told the number of each step in turn, when `neighbors` holds its samples.
  func sample(_ steps: [HopLists], into neighbors: [SampledNeighbors], threads: Threads, taken: (Int) -> Void) throws {
    while routes.count < steps.count { routes.append(routes[0].map { _ in GrowingBuffer() }) }
    for frontier in frontiers { frontier?.beginHop() }
    var asked: [[NodeRequest]] = []
    for (number, step) in steps.enumerated() {
      for list in step.lists.indices { route(step.lists[list], hop: step.hop, into: routes[number][list], threads: threads) }
      if !reachesAll { asked.append(requests(step.lists, step: number, hop: step.hop)) }
    }
    let answers = reachesAll ? [] : try ask(asked)
    for (number, step) in steps.enumerated() {
      try receive(answers, step: number)
      for list in step.lists.indices {
        pass.sample(routes[number][list].readOnly, hop: step.hop, into: neighbors[list], threads: threads)
      }
      taken(number)
    }
  }

  /// Decides for every node where it is sampled. O(log k) a node. Replicas do not know their edges' ids: a hop that wants them asks the owner.
  private func route(
    _ nodes: UnsafeBufferPointer<GlobalID>, hop: HopSampler, into routes: GrowingBuffer<SamplingPass.Route>, threads: Threads
  ) {
    precondition(!hop.wantsEdges || edges != nil, "edge ids of a source that has none")
    routes.reset(to: nodes.count)
    // Safe: every chunk writes its own routes.
    nonisolated(unsafe) let (output, bounds, places) = (routes.pointer, UnsafePointer(bounds.pointer), placeOfPart.pointer)
    nonisolated(unsafe) let nodes = nodes
    let (partCount, localPlaces, nodeCount) = (partCount, localPlaces, nodeCount)
    let replicas = hop.wantsEdges ? noReplicas : replicas
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
}
