public import Graphs
public import Tensors

/// The sampled edges of one relation in a block: CSR over the destinations, in canonical order.
public final class BlockRelation: Sendable {
  /// Index of the relation in the schema.
  public let relation: Int
  /// Row offsets, shape (destinations + 1).
  public let indptr = GrowingBuffer<UInt32>()
  /// Block row of each edge's source, shape (edges).
  public let sources = GrowingBuffer<UInt32>()
  /// In-edges of each destination in the whole graph, sampled or not, shape (destinations); empty where they were not asked for.
  public let degrees = GrowingBuffer<UInt32>()
  /// Global id of each edge, shape (edges); −1 where the relation's edges have no rows. Empty where they were not asked for.
  public let edges = GrowingBuffer<Int64>()

  public init(relation: Int) { self.relation = relation }

  /// Sampled edges of this relation.
  public var edgeCount: Int { sources.count }

  /// Bytes that the relation holds on to.
  package var capacityBytes: Int { 4 * (indptr.capacity + sources.capacity + degrees.capacity) + 8 * edges.capacity }
}

/// One bipartite layer of a sampled computation: messages flow from `sourceCount` rows to the first `destinationCount` of
/// them.
///
/// Rows are canonical: destinations first, then sources by first appearance walking the edges destination by destination. They
/// are a pure function of the block, never of the order in which answers arrived. A block is filled again every step and keeps
/// its memory.
public final class Block: @unchecked Sendable {
  // Sendable: filled by the sampling stage, then only read.
  public internal(set) var destinationCount = 0
  public var sourceCount: Int { sourceIDs.count }
  /// One entry per relation of the schema, in its order.
  public let relations: [BlockRelation]
  /// Global id of every row, destinations first; dropout is keyed by it.
  public let sourceIDs = GrowingBuffer<GlobalID>()
  /// In-edges of every row in the whole graph, all relations together, shape (sources); empty where they were not asked for.
  public let sourceDegrees = GrowingBuffer<UInt32>()
  /// Whether degrees were asked for.
  public internal(set) var hasDegrees = false
  /// Whether edge ids were asked for.
  public internal(set) var hasEdges = false

  public init(relationCount: Int) {
    relations = (0..<relationCount).map(BlockRelation.init(relation:))
  }

  /// Sampled edges of all relations.
  public var edgeCount: Int { relations.reduce(0) { $0 + $1.edgeCount } }

  /// Bytes that the block holds on to.
  package var capacityBytes: Int {
    relations.reduce(0) { $0 + $1.capacityBytes } + 8 * sourceIDs.capacity + 4 * sourceDegrees.capacity
  }
}

extension Block {
  /// A block from literal rows, for tests and for callers that sample elsewhere.
  ///
  /// - Parameters:
  ///   - sourceIDs: Global id of every row, the `destinationCount` destinations first.
  ///   - edges: For each relation and each destination, the block rows of its sampled sources.
  ///   - degrees: For each relation and each destination, its in-edges in the whole graph.
  ///   - sourceDegrees: For each row, its in-edges in the whole graph, all relations together.
  public convenience init(
    destinationCount: Int, sourceIDs: [GlobalID], edges: [[[UInt32]]], degrees: [[UInt32]]? = nil, sourceDegrees: [UInt32] = []
  ) {
    self.init(relationCount: edges.count)
    precondition(destinationCount <= sourceIDs.count, "destinations are the first of the sources")
    self.destinationCount = destinationCount
    for id in sourceIDs { self.sourceIDs.append(id) }
    hasDegrees = degrees != nil
    precondition(degrees == nil || sourceDegrees.count == sourceIDs.count, "one degree per row")
    for degree in sourceDegrees { self.sourceDegrees.append(degree) }
    for (relation, counts) in zip(relations, degrees ?? []) { for count in counts { relation.degrees.append(count) } }
    for (relation, rows) in zip(relations, edges) {
      precondition(rows.count == destinationCount, "one list of sources per destination")
      relation.indptr.append(0)
      for row in rows {
        for source in row {
          precondition(source < sourceIDs.count, "source row \(source) of \(sourceIDs.count)")
          relation.sources.append(source)
        }
        relation.indptr.append(UInt32(relation.sources.count))
      }
    }
  }
}
