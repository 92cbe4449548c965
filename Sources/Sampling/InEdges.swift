import CKernels
public import Tensors

/// The in-edges of some nodes as a sampler needs them: CSC in canonical order, and the ids around it. The nodes are one part's inner nodes,
/// or replicas of others' nodes, whose sources all stand in the halo's lists.
public struct InEdges: Sendable {
  /// Shape (inner + 1).
  public let indptr: ArrayView<Int64>
  /// Local id of each edge's source.
  public let indices: ArrayView<UInt32>
  /// Relation of each edge, increasing inside a destination; `nil` with one relation.
  public let relations: ArrayView<UInt16>?
  /// The user's number of each node with in-edges, and of each halo node.
  public let original: ArrayView<Int64>
  public let haloOriginal: ArrayView<Int64>
  /// Global id of the first inner node.
  public let firstGlobalID: Int64
  /// Global ids of the halo nodes.
  public let halo: ArrayView<Int64>
  /// In-edges in the whole graph, all relations together, of each inner and of each halo node.
  public let degrees: ArrayView<UInt32>
  public let haloDegrees: ArrayView<UInt32>
  /// Global ids of the edges; `nil`: they cannot be asked for.
  public let edgeIDs: EdgeIDs?

  public init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, original: ArrayView<Int64>,
    haloOriginal: ArrayView<Int64>, firstGlobalID: Int64, halo: ArrayView<Int64>, degrees: ArrayView<UInt32>,
    haloDegrees: ArrayView<UInt32>, edgeIDs: EdgeIDs? = nil
  ) {
    precondition(degrees.count == original.count, "one degree per node")
    self.init(
      indptr: indptr, indices: indices, relations: relations, original: original, haloOriginal: haloOriginal,
      firstGlobalID: firstGlobalID, halo: halo, degrees: degrees, haloDegrees: haloDegrees, edgeIDs: edgeIDs,
      innerCount: original.count)
  }

  /// In-edges whose sources are places in a list of nodes of their own.
  ///
  /// - Parameters:
  ///   - indices: Place of each edge's source in `sources`.
  ///   - original: The user's number of each node with in-edges.
  ///   - sources: Global ids, with the user's numbers and degrees beside them.
  public init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, original: ArrayView<Int64>,
    sources: ArrayView<Int64>, sourceOriginal: ArrayView<Int64>, sourceDegrees: ArrayView<UInt32>
  ) {
    self.init(
      indptr: indptr, indices: indices, relations: relations, original: original, haloOriginal: sourceOriginal, firstGlobalID: 0,
      halo: sources, degrees: ArrayView(), haloDegrees: sourceDegrees, edgeIDs: nil, innerCount: 0)
  }

  private init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, original: ArrayView<Int64>,
    haloOriginal: ArrayView<Int64>, firstGlobalID: Int64, halo: ArrayView<Int64>, degrees: ArrayView<UInt32>,
    haloDegrees: ArrayView<UInt32>, edgeIDs: EdgeIDs?, innerCount: Int
  ) {
    precondition(haloDegrees.count == halo.count, "one degree per halo node")
    precondition(haloOriginal.count == halo.count, "one number of the user per halo node")
    precondition(indptr.count == original.count + 1, "one offset per node and one more")
    self.innerCount = innerCount
    self.indptr = indptr
    self.indices = indices
    self.relations = relations
    self.original = original
    self.haloOriginal = haloOriginal
    self.firstGlobalID = firstGlobalID
    self.halo = halo
    self.degrees = degrees
    self.haloDegrees = haloDegrees
    self.edgeIDs = edgeIDs
  }

  /// Local ids from here on are halo nodes.
  public let innerCount: Int
  /// Nodes with in-edges.
  public var nodeCount: Int { original.count }

  /// In-edges of node `local` that belong to `relation`. O(1) with one relation, else O(log degree).
  public func edges(of local: Int, relation: Int) -> Range<Int> {
    precondition(local >= 0 && local < nodeCount, "node \(local) of \(nodeCount)")
    return native.edges(of: local, relation: relation)
  }

  /// Global id of the source of an edge.
  public func source(of edge: Int) -> Int64 {
    let source = Int(indices[edge])
    return source < innerCount ? firstGlobalID + Int64(source) : halo[source - innerCount]
  }

  /// The user's number of the source of an edge.
  public func originalSource(of edge: Int) -> Int64 {
    let source = Int(indices[edge])
    return source < innerCount ? original[source] : haloOriginal[source - innerCount]
  }

  /// The arrays as the kernels read them; valid while the value lives.
  var native: halo_adjacency {
    halo_adjacency(
      indptr: indptr.pointer, relations: relations?.pointer, indices: indices.pointer, ids: halo.pointer, degrees: degrees.pointer,
      halo_degrees: haloDegrees.pointer, original: original.pointer, halo_original: haloOriginal.pointer, first: firstGlobalID,
      inner_count: UInt32(innerCount), halo_count: UInt32(halo.count))
  }
}

extension halo_adjacency {
  /// In-edges of inner node `local` that belong to `relation`.
  @inline(__always)
  func edges(of local: Int, relation: Int) -> Range<Int> {
    let (begin, end) = (Int(indptr[local]), Int(indptr[local &+ 1]))
    guard let relations else { return Range(uncheckedBounds: (begin, end)) }
    let lower = Self.lowerBound(relations, begin, end, relation)
    return Range(uncheckedBounds: (lower, Self.lowerBound(relations, lower, end, relation &+ 1)))
  }

  private static func lowerBound(_ relations: UnsafePointer<UInt16>, _ begin: Int, _ end: Int, _ relation: Int) -> Int {
    var (low, high) = (begin, end)
    while low < high {
      let middle = (low &+ high) / 2
      if Int(relations[middle]) < relation { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
