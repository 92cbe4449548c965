public import Tensors

/// Directed edges of one relation in input order; edge `e` goes from `sources[e]` to `destinations[e]`, original ids.
///
/// Original ids are stored in 32 bits: a node type holds at most 2³² − 1 nodes.
public struct EdgeList: Sendable {
  public var sources: ArrayView<UInt32>
  public var destinations: ArrayView<UInt32>

  public init(sources: ArrayView<UInt32>, destinations: ArrayView<UInt32>) {
    precondition(sources.count == destinations.count, "an edge has two ends")
    self.sources = sources
    self.destinations = destinations
  }

  public var count: Int { sources.count }
}

/// The three sets of a labelled task, original ids, each increasing and disjoint from the others.
public struct Split: Sendable, Equatable {
  public var train: [UInt32]
  public var validation: [UInt32]
  public var test: [UInt32]

  public init(train: [UInt32] = [], validation: [UInt32] = [], test: [UInt32] = []) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}

/// What is known of the nodes of one type.
public struct NodeData: Sendable {
  /// Number of nodes.
  public var count: Int
  /// Tables by name, each with `count` rows.
  public var tables: [String: FeatureTable]
  /// Class of each node, −1 where unknown; `nil` without labels.
  public var labels: ArrayView<Int32>?
  /// Number of classes; every label is below it.
  public var classCount: Int
  public var split: Split

  public init(
    count: Int, tables: [String: FeatureTable] = [:], labels: ArrayView<Int32>? = nil, classCount: Int = 0, split: Split = Split()
  ) {
    self.count = count
    self.tables = tables
    self.labels = labels
    self.classCount = classCount
    self.split = split
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
}
