public import Partitions
public import Sampling
public import Tensors

extension LocalPartition {
  /// The part's in-edges as a sampler reads them, in place.
  public var inEdges: InEdges {
    InEdges(
      indptr: indptr, indices: indices, relations: relations, original: original, haloOriginal: haloOriginal,
      firstGlobalID: firstGlobalID, halo: halo, degrees: degrees, haloDegrees: haloDegrees, edgeIDs: edgeIDs)
  }

  /// Global ids of the part's in-edges.
  private var edgeIDs: EdgeIDs {
    EdgeIDs(bases: edgeTables.indices.map(edgeRows.base), firsts: edgeTables.indices.map(edgeRows.firsts(_:)))
  }

  /// The in-edges that the part keeps of other parts' nodes; `nil`: none.
  public var replicatedInEdges: ReplicatedInEdges? {
    replicas.map { replicas in
      ReplicatedInEdges(
        nodes: replicas.nodes,
        edges: InEdges(
          indptr: replicas.indptr, indices: replicas.indices, relations: replicas.relations, original: replicas.original,
          sources: replicas.sources, sourceOriginal: replicas.sourceOriginal, sourceDegrees: replicas.sourceDegrees))
    }
  }
}

/// In-edges of nodes that other workers own.
public struct ReplicatedInEdges: Sendable {
  /// Global ids, increasing.
  public let nodes: ArrayView<Int64>
  public let edges: InEdges

  public init(nodes: ArrayView<Int64>, edges: InEdges) {
    precondition(nodes.count == edges.nodeCount, "in-edges of each node")
    self.nodes = nodes
    self.edges = edges
  }
}
