public import Graphs

/// Something of which every part should hold an equal share.
public enum BalanceConstraint: Hashable, Sendable {
  /// Nodes of all types.
  case nodes
  /// In-edges of the part's nodes, over all relations.
  case edges
  /// Training nodes of the default split.
  case train
  /// Validation nodes of the default split.
  case validation
  /// Test nodes of the default split.
  case test
  /// Nodes of the type with this index.
  case nodeType(Int)

  /// The name in options, reports and `graph.json`: `nodes`, `edges`, `train`, `validation`, `test` or `type:NAME`.
  public func name(in schema: Schema) -> String {
    switch self {
    case .nodes: "nodes"
    case .edges: "edges"
    case .train: "train"
    case .validation: "validation"
    case .test: "test"
    case .nodeType(let type): "type:\(schema.nodeTypes[type])"
    }
  }

  /// The constraint called `name`, or `nil` when the graph has none of that name.
  public init?(named name: String, in schema: Schema) {
    guard let match = Self.all(in: schema).first(where: { $0.name(in: schema) == name }) else { return nil }
    self = match
  }

  /// Every constraint of a graph; a node type is one only where there are several.
  public static func all(in schema: Schema) -> [BalanceConstraint] {
    let types = schema.nodeTypes.count > 1 ? schema.nodeTypes.indices.map(BalanceConstraint.nodeType) : []
    return [.nodes, .edges, .train, .validation, .test] + types
  }
}
