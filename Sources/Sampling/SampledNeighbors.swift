public import Graphs
public import Tensors

/// Sampled in-neighbours of a list of destinations.
public final class SampledNeighbors: @unchecked Sendable {
  // Sendable: filled by one caller at a time, then only read.
  public let relationCount: Int
  /// Sampled edges of each (destination, relation), shape (destinations, relations).
  public let counts = GrowingBuffer<UInt32>()
  /// Sources of all edges: by destination, then relation, then canonical order.
  public let sources = GrowingBuffer<GlobalID>()
  /// In-edges of each (destination, relation) in the whole graph, and of each source over all relations; empty where they were
  /// not asked for.
  public let degrees = GrowingBuffer<UInt32>()
  public let sourceDegrees = GrowingBuffer<UInt32>()
  /// Global id of each edge, beside `sources`; −1 for one of a relation whose edges have no rows. Empty where they were not asked for.
  public let edges = GrowingBuffer<Int64>()
  public private(set) var hasDegrees = false
  public private(set) var hasEdges = false

  public init(relationCount: Int) { self.relationCount = relationCount }

  /// Bytes that it holds on to.
  package var capacityBytes: Int {
    4 * (counts.capacity + degrees.capacity + sourceDegrees.capacity) + 8 * (sources.capacity + edges.capacity)
  }

  /// Makes room for `destinations` nodes, with degrees and edge ids or without.
  public func beginDestinations(_ destinations: Int, degrees wantsDegrees: Bool, edges wantsEdges: Bool = false) {
    hasDegrees = wantsDegrees
    hasEdges = wantsEdges
    counts.resize(to: destinations * relationCount)
    degrees.resize(to: wantsDegrees ? destinations * relationCount : 0)
  }

  /// Makes room for `edges` sampled edges.
  public func resizeEdges(to edges: Int) {
    sources.reset(to: edges)
    sourceDegrees.reset(to: hasDegrees ? edges : 0)
    self.edges.reset(to: hasEdges ? edges : 0)
  }
}

/// Gives the sampled in-neighbours of any nodes it can reach.
///
/// The answer is a pure function of the nodes, the hop and the step, whoever gives it.
public protocol NeighborSource: AnyObject {
  /// Replaces each of `neighbors` by the sampled in-neighbours of the list of nodes beside it, in the list's order.
  ///
  /// A list holds distinct nodes; lists may share nodes.
  func sample(_ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads) throws
}

/// Samples inner nodes of one part from its own in-edges.
public final class LocalNeighborSource: NeighborSource {
  private let edges: InEdges
  private let pass: SamplingPass
  private let routes = GrowingBuffer<SamplingPass.Route>()

  public convenience init(_ edges: InEdges) { self.init(edges, instructions: .max) }

  /// - Parameter instructions: At most this instruction set; see `SamplingPass`.
  package init(_ edges: InEdges, instructions: UInt32) {
    self.edges = edges
    pass = SamplingPass(parts: [edges], instructions: instructions)
  }

  /// - Precondition: Every node is an inner node of the part.
  public func sample(
    _ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads
  ) {
    precondition(!hop.wantsEdges || edges.edgeIDs != nil, "ids of edges that have none")
    for (nodes, neighbors) in zip(lists, neighbors) {
      routes.resize(to: nodes.count)
      let output = routes.pointer
      for (row, node) in nodes.enumerated() {
        let local = node.rawValue - edges.firstGlobalID
        precondition(local >= 0 && local < edges.innerCount, "node \(node.rawValue) is not an inner node of the part")
        output[row] = SamplingPass.Route(place: 0, index: UInt32(local))
      }
      pass.sample(routes.readOnly, hop: hop, into: neighbors, threads: threads)
    }
  }
}
