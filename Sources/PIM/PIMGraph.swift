public import Kernels
public import Tensors

/// A graph on a machine, with its edges in both directions: what whole-graph inference and training of layers need.
public final class PIMGraph: Sendable {
  /// Aggregates over in-edges.
  public let forward: PIMAggregator
  /// Aggregates over out-edges: the way back of gradients.
  public let backward: PIMAggregator
  public let nodeCount: Int
  let threads: Threads
  private let transposed: TransposedEdges
  /// `1 / √(in-degree + 1)` of each node: its factor on both sides of a GCN's edges, the edge to itself counted.
  let symmetric: [Float]
  /// `1 / in-degree`; 0 without in-edges.
  let inverseDegrees: [Float]

  /// - Parameter edges: In-edges of all nodes, offsets beginning at 0; kept by the caller while this is used.
  /// - Throws: `InputError` where strategy and machine do not go together.
  public init(_ edges: Neighborhood, topology: PIMTopology, strategy: PIMStrategy, threads: Threads) throws {
    let aggregation = try PIMAggregation(topology, strategy)
    let nodes = edges.destinationCount
    nodeCount = nodes
    self.threads = threads
    transposed = TransposedEdges()
    transposed.fill(
      edges.withoutFactors, edgeCount: nodes == 0 ? 0 : Int(edges.end[nodes - 1]), sourceCount: nodes, threads: threads)
    forward = PIMAggregator(aggregation, edges, sourceCount: nodes, threads: threads)
    backward = PIMAggregator(aggregation, transposed.neighborhood(), sourceCount: nodes, threads: threads)
    let degrees = (0..<nodes).map { Float(edges.end[$0] - edges.begin[$0]) }
    symmetric = degrees.map { 1 / ($0 + 1).squareRoot() }
    inverseDegrees = degrees.map { $0 == 0 ? 0 : 1 / $0 }
  }
}
