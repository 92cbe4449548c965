/// A kind of edge: from nodes of type `source` to nodes of type `destination`.
public struct Relation: Hashable, Codable, Sendable {
  public var name: String
  /// Index of the source's node type.
  public var source: Int
  /// Index of the destination's node type.
  public var destination: Int

  public init(name: String, source: Int, destination: Int) {
    self.name = name
    self.source = source
    self.destination = destination
  }
}

/// Node types and relations of a graph; a plain graph has one of each.
public struct Schema: Hashable, Codable, Sendable {
  public var nodeTypes: [String]
  public var relations: [Relation]

  public init(nodeTypes: [String], relations: [Relation]) {
    self.nodeTypes = nodeTypes
    self.relations = relations
  }

  /// One node type `node` and one relation `edge`.
  public static let plain = Schema(nodeTypes: ["node"], relations: [Relation(name: "edge", source: 0, destination: 0)])
}
