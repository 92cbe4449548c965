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
  public private(set) var hasDegrees = false

  public init(relationCount: Int) { self.relationCount = relationCount }

  /// Makes room for `destinations` nodes, with degrees or without.
  public func beginDestinations(_ destinations: Int, degrees wantsDegrees: Bool) {
    hasDegrees = wantsDegrees
    counts.resize(to: destinations * relationCount)
    degrees.resize(to: wantsDegrees ? destinations * relationCount : 0)
  }

  /// Makes room for `edges` sampled edges.
  public func resizeEdges(to edges: Int) {
    sources.resize(to: edges)
    sourceDegrees.resize(to: hasDegrees ? edges : 0)
  }

  /// Where the degrees of destination `row` go; `nil` where they are not wanted.
  public func degrees(ofRow row: Int) -> UnsafeMutablePointer<UInt32>? {
    hasDegrees ? degrees.pointer + row &* relationCount : nil
  }

  /// Where the degree of the source of `edge` goes; `nil` where they are not wanted.
  public func sourceDegrees(at edge: Int) -> UnsafeMutablePointer<UInt32>? { hasDegrees ? sourceDegrees.pointer + edge : nil }
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
  private let offsets = GrowingBuffer<Int>()

  public init(_ edges: InEdges) { self.edges = edges }

  /// - Precondition: Every node is an inner node of the part.
  public func sample(
    _ lists: [UnsafeBufferPointer<GlobalID>], hop: HopSampler, into neighbors: [SampledNeighbors], threads: Threads
  ) {
    for (nodes, neighbors) in zip(lists, neighbors) { sample(nodes, hop: hop, into: neighbors, threads: threads) }
  }

  private func sample(_ nodes: UnsafeBufferPointer<GlobalID>, hop: HopSampler, into neighbors: SampledNeighbors, threads: Threads) {
    let relationCount = hop.relationCount
    offsets.resize(to: nodes.count)
    neighbors.beginDestinations(nodes.count, degrees: hop.wantsDegrees)
    var total = 0
    for (row, node) in nodes.enumerated() {
      let local = Int(node.rawValue - edges.firstGlobalID)
      precondition(local >= 0 && local < edges.innerCount, "node \(node.rawValue) is not an inner node of the part")
      offsets.pointer[row] = total
      total += hop.count(
        local, in: edges, into: neighbors.counts.pointer + row * relationCount, degrees: neighbors.degrees(ofRow: row))
    }
    neighbors.resizeEdges(to: total)
    nonisolated(unsafe) let output = neighbors.sources.pointer  // Safe: each row writes its own range.
    nonisolated(unsafe) let rows = nodes
    let offsets = offsets
    let edges = edges
    threads.forEachChunk(of: nodes.count, by: HopSampler.chunk) { chunk in
      for row in chunk {
        let place = offsets.pointer[row]
        hop.sample(
          Int(rows[row].rawValue - edges.firstGlobalID), in: edges, into: output + place, degrees: neighbors.sourceDegrees(at: place))
      }
    }
  }
}
