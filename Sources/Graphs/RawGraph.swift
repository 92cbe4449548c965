public import Tensors

/// Directed edges of one relation in input order; edge `e` goes from `sources[e]` to `destinations[e]`, original ids.
///
/// Original ids are stored in 32 bits: a node type holds at most 2³² − 1 nodes.
public struct EdgeList: Sendable {
  public var sources: ArrayView<UInt32>
  public var destinations: ArrayView<UInt32>
  /// Weight of each edge, finite; `nil` where the input has none or they were not asked for.
  public var weights: ArrayView<Float>?
  /// Tables by name, each with `count` rows in input order.
  public var tables: [String: FeatureTable]
  /// Names that no table of edges has: files of these names lie beside the tables'.
  public static let reservedTables = ["sources", "destinations", "weights", "indptr"]

  public init(
    sources: ArrayView<UInt32>, destinations: ArrayView<UInt32>, weights: ArrayView<Float>? = nil, tables: [String: FeatureTable] = [:]
  ) {
    precondition(sources.count == destinations.count, "an edge has two ends")
    precondition(weights.map { $0.count == sources.count } ?? true, "a weight for each edge")
    self.sources = sources
    self.destinations = destinations
    self.weights = weights
    self.tables = tables
  }

  public var count: Int { sources.count }
}

/// The three sets of a labelled task, original ids, each increasing and disjoint from the others.
public struct Split: Sendable, Equatable {
  /// What tells it from other splits of the same nodes.
  public var name: String
  public var train: [UInt32]
  public var validation: [UInt32]
  public var test: [UInt32]

  public init(name: String = "default", train: [UInt32] = [], validation: [UInt32] = [], test: [UInt32] = []) {
    self.name = name
    self.train = train
    self.validation = validation
    self.test = test
  }

  /// Where a split lies among the files on the nodes of a type, in dataset and partition directories: the default, of index 0,
  /// beside the tables, the others in folders of their names.
  package static func folder(_ name: String, index: Int) -> String { index == 0 ? "" : "splits/\(name)/" }

  public var isEmpty: Bool { train.isEmpty && validation.isEmpty && test.isEmpty }
}

/// What is known of the nodes of one type.
public struct NodeData: Sendable {
  /// Number of nodes.
  public var count: Int
  /// Name of the table of targets that are no classes: float32, NaN where unknown.
  public static let targetTable = "label"

  /// Tables by name, each with `count` rows.
  public var tables: [String: FeatureTable]
  /// Class of each node, −1 where unknown; `nil` without labels.
  public var labels: ArrayView<Int32>?
  /// Number of classes; every label is below it.
  public var classCount: Int
  /// Names of the classes; empty where they have none.
  public var classNames: [String] = []
  /// Splits of different names, the default first.
  public var splits: [Split]
  /// What the nodes are called in the user's files; `nil` where they are numbers from 0.
  public var names: NodeNames? = nil

  /// - Parameter split: The only split; none where it is empty.
  public init(
    count: Int, tables: [String: FeatureTable] = [:], labels: ArrayView<Int32>? = nil, classCount: Int = 0, split: Split = Split()
  ) {
    self.count = count
    self.tables = tables
    self.labels = labels
    self.classCount = classCount
    splits = split.isEmpty ? [] : [split]
  }

  /// The default split; empty without splits.
  public var split: Split {
    get { splits.first ?? Split() }
    set { if splits.isEmpty { splits = [newValue] } else { splits[0] = newValue } }
  }
}

/// A whole graph in the user's own numbering, before it is partitioned.
public struct RawGraph: Sendable {
  public var name: String
  public var schema: Schema
  /// One entry per node type.
  public var nodes: [NodeData]
  /// One entry per relation.
  public var edges: [EdgeList]

  public init(name: String, schema: Schema, nodes: [NodeData], edges: [EdgeList]) {
    precondition(nodes.count == schema.nodeTypes.count && edges.count == schema.relations.count, "data do not match the schema")
    self.name = name
    self.schema = schema
    self.nodes = nodes
    self.edges = edges
  }

  /// Names of all splits, the default first: those of the first node type that has some, then what others add.
  public var splitNames: [String] {
    nodes.flatMap(\.splits).reduce(into: []) { names, split in if !names.contains(split.name) { names.append(split.name) } }
  }

  /// The split `name` of the nodes of `type`; empty where they have none of that name.
  public func split(_ name: String, ofType type: Int) -> Split {
    nodes[type].splits.first { $0.name == name } ?? Split(name: name)
  }

  /// The default split of the nodes of `type`; empty without splits.
  public func defaultSplit(ofType type: Int) -> Split { splitNames.first.map { split($0, ofType: type) } ?? Split() }
}
