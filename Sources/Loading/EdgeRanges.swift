package import Graphs
public import Partitions
import Sampling
import Tensors

/// Which global edge ids the in-edges of a node may have: what an answer that names edges is held against.
public struct EdgeRanges: Sendable {
  private let nodes: PartitionBook
  private let edges: PartitionBook
  private let hasRows: [Bool]

  /// - Parameters:
  ///   - nodes: Owners of the nodes.
  ///   - edges: Global edge ids of each (part, relation).
  ///   - hasRows: Whether edges of each relation have rows.
  public init(nodes: PartitionBook, edges: PartitionBook, hasRows: [Bool]) {
    precondition(nodes.partCount == edges.partCount && edges.typeCount == hasRows.count, "books of different graphs")
    self.nodes = nodes
    self.edges = edges
    self.hasRows = hasRows
  }

  /// The ranges of a partition directory.
  public init(_ manifest: Manifest) {
    let relations = manifest.schema.relations.indices
    let withRows = Set(manifest.edgeTables.map(\.slot))
    self.init(
      nodes: PartitionBook(manifest), edges: PartitionBook(edgesOf: manifest),
      hasRows: relations.map { relations.count == 1 || withRows.contains($0) })
  }

  /// Bytes an edge id takes on the wire.
  package var idBytes: Int { SamplingMessage.edgeIDBytes(edgeCount: edges.nodeCount) }

  /// Checks the edge ids of an answer about `asked`: those of a node and relation increase and are its owner's, or none where there are none.
  ///
  /// - Throws: `InputError` naming the first that is not.
  package func check(_ reply: SamplingMessage.Reply, about asked: UnsafeBufferPointer<GlobalID>, peer: String) throws {
    var (entry, edge) = (0, 0)
    for node in asked {
      let owner = nodes.owner(of: node)
      for relation in hasRows.indices {
        let range = edges.innerRange(of: owner, type: relation)
        var least = range.lowerBound
        for _ in 0..<Int(reply.count(entry)) {
          let id = reply.edge(edge) ?? -1
          guard hasRows[relation] ? id >= least && id < range.upperBound : id == -1 else {
            throw InputError(
              "sampling reply of \(peer)",
              expected: hasRows[relation] ? "increasing edge ids of \(range)" : "no edge ids of relation \(relation)", found: "\(id)")
          }
          least = id + 1
          edge += 1
        }
        entry += 1
      }
    }
  }
}
