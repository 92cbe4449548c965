import Tensors

/// Sampled in-neighbours, by the user's node numbers.
public struct PulledNeighbors: Sendable {
  public struct Edge: Equatable, Sendable {
    /// A node that was asked for.
    public var node: Int64
    /// Position of the edge's relation.
    public var relation: Int
    public var neighbor: Int64

    public init(node: Int64, relation: Int, neighbor: Int64) {
      self.node = node
      self.relation = relation
      self.neighbor = neighbor
    }
  }

  /// Names of all relations.
  public let relations: [String]
  /// In the order of the nodes that were asked for; inside a node by relation, then in canonical order.
  public let edges: [Edge]

  static let header = "node,relation,neighbor"

  /// An edge's line.
  func text(_ edge: Edge) -> String { "\(edge.node),\(CSVField.text(relations[edge.relation])),\(edge.neighbor)" }

  /// A header and a line for each edge, in pieces.
  public func writeText(_ write: (String) throws -> Void) throws {
    var text = Self.header + "\n"
    for edge in edges {
      text += self.text(edge) + "\n"
      if text.utf8.count > 1 << 20 {
        try write(text)
        text = ""
      }
    }
    try write(text)
  }

  /// Writes an array of int64, shape (edges, 3): node, position of the relation, neighbour.
  ///
  /// - Throws: `SystemError` when the disk refuses; `path` is then as it was.
  public func writeArray(to path: String) throws {
    try PendingFiles.write([path]) { partial in
      try NPYWriter.write(
        edges.flatMap { [$0.node, Int64($0.relation), $0.neighbor] }, to: partial[0], elementType: .int64, shape: [edges.count, 3])
    }
  }
}
