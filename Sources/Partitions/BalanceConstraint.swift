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
  /// The values of the dense table of this name, which has one column.
  case weight(String)

  /// The name in options, reports and `graph.json`: `nodes`, `edges`, `train`, `validation`, `test`, `type:NAME` or `weight:NAME`.
  public func name(in schema: Schema) -> String {
    switch self {
    case .nodes: "nodes"
    case .edges: "edges"
    case .train: "train"
    case .validation: "validation"
    case .test: "test"
    case .nodeType(let type): "type:\(schema.nodeTypes[type])"
    case .weight(let table): Self.weightPrefix + table
    }
  }

  private static let weightPrefix = "weight:"

  /// The constraint called `name`, or `nil` when a graph of this schema has none of that name; of a weight it knows only the name.
  public init?(named name: String, in schema: Schema) {
    if name.hasPrefix(Self.weightPrefix), name != Self.weightPrefix {
      self = .weight(String(name.dropFirst(Self.weightPrefix.count)))
      return
    }
    guard let match = Self.all(in: schema).first(where: { $0.name(in: schema) == name }) else { return nil }
    self = match
  }

  /// Every constraint of a graph but its weights; a node type is one only where there are several.
  public static func all(in schema: Schema) -> [BalanceConstraint] {
    let types = schema.nodeTypes.count > 1 ? schema.nodeTypes.indices.map(BalanceConstraint.nodeType) : []
    return [.nodes, .edges, .train, .validation, .test] + types
  }
}
