import Kernels
import Sampling
import Tensors

/// The edges that a layer walks: of a sampled block, or, in exact inference, of a range of a part's inner nodes.
///
/// Destination `i` is source row `firstDestination + i`.
struct LayerEdges: @unchecked Sendable {
  // Sendable: read-only; its maker keeps the arrays valid while it is used.
  let destinationCount: Int
  let sourceCount: Int
  let firstDestination: Int
  /// By relation; sources are source rows.
  let relations: [Neighborhood]
  /// In-edges of each source in the whole graph, all relations together; `nil` where no layer asks for them.
  let sourceDegrees: UnsafePointer<UInt32>?
  /// In-edges of each destination in the whole graph, by relation; `nil`: those that are here are all.
  let degrees: [UnsafePointer<UInt32>]?
  /// Global id of each source; in inference `nil`.
  let ids: UnsafePointer<Int64>?
  /// Rows of the edges themselves, of the relations that have some, in their order.
  let features: [EdgeFeatures]

  init(_ block: Block, features: [EdgeFeatures] = []) {
    self.features = features
    destinationCount = block.destinationCount
    sourceCount = block.sourceCount
    firstDestination = 0
    relations = block.relations.map { edges in
      Neighborhood(destinationCount: block.destinationCount, indptr: edges.indptr.pointer, sources: edges.sources.pointer)
    }
    let hasDegrees = block.hasDegrees
    sourceDegrees = hasDegrees ? UnsafePointer(block.sourceDegrees.pointer) : nil
    degrees = hasDegrees ? block.relations.map { UnsafePointer($0.degrees.pointer) } : nil
    ids = block.dropoutKeys
  }

  /// All in-edges of the inner nodes `destinations` of a part.
  ///
  /// - Parameter bounds: Holds the offsets while the edges are used.
  init(
    _ edges: InferenceEdges, destinations: Range<Int>, relationCount: Int, bounds: GrowingBuffer<UInt32>,
    features: [EdgeFeatures] = []
  ) {
    self.features = features
    destinationCount = destinations.count
    sourceCount = edges.sourceCount
    firstDestination = destinations.lowerBound
    bounds.resize(to: 2 * relationCount * destinations.count)
    edges.writeBounds(of: destinations, relationCount: relationCount, to: bounds.pointer)
    let first = Int(edges.indptr[destinations.lowerBound])
    relations = (0..<relationCount).map { relation in
      let begin = bounds.pointer + 2 * relation * destinations.count
      return Neighborhood(
        destinationCount: destinations.count, begin: begin, end: begin + destinations.count, sources: edges.indices.pointer + first)
    }
    sourceDegrees = edges.degrees.map { UnsafePointer($0.pointer) }
    degrees = nil
    ids = nil
  }

  /// No edges: `count` rows that are their own destinations.
  ///
  /// - Parameter ids: Global id of each.
  init(rows count: Int, ids: UnsafePointer<Int64>) {
    (destinationCount, sourceCount, firstDestination) = (count, count, 0)
    relations = []
    features = []
    sourceDegrees = nil
    degrees = nil
    self.ids = ids
  }

  /// The edges of `relation`, each source row counted `scales` times.
  func neighborhood(_ relation: Int, scales: UnsafePointer<Float>? = nil) -> Neighborhood {
    let edges = relations[relation]
    return Neighborhood(
      destinationCount: edges.destinationCount, begin: edges.begin, end: edges.end, sources: edges.sources, scales: scales)
  }

  /// Edges of a sampled block's relation: its offsets begin at 0.
  func edgeCount(_ relation: Int) -> Int {
    destinationCount == 0 ? 0 : Int(relations[relation].end[destinationCount - 1])
  }

  /// Source rows of destinations `rows`.
  func own(_ rows: Range<Int>) -> Range<Int> { firstDestination + rows.lowerBound..<firstDestination + rows.upperBound }

  /// In-edges of a destination and relation in the whole graph.
  func degree(_ destination: Int, relation: Int) -> UInt32 {
    if let degrees { return degrees[relation][destination] }
    return relations[relation].end[destination] - relations[relation].begin[destination]
  }
}

extension Block {
  /// Global id of every row: what keys its dropout.
  var dropoutKeys: UnsafePointer<Int64> { UnsafeRawPointer(sourceIDs.pointer).assumingMemoryBound(to: Int64.self) }
}
