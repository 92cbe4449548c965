public import Graphs
public import Tensors

/// What `halo dataset show` says about a graph; encodes to JSON and prints as text.
public struct DatasetSummary: Codable, Equatable, Sendable {
  /// Smallest, mean and largest of a count per node.
  public struct Spread: Codable, Equatable, Sendable {
    public var smallest: Int
    public var mean: Double
    public var largest: Int
  }

  public struct Table: Codable, Equatable, Sendable {
    public var name: String
    public var columns: Int
    public var elementType: ElementType
    /// Stored values of a sparse table; absent for a dense one.
    public var storedValues: Int?
    /// Unknown targets; absent for tables of features.
    public var unknownValues: Int?
  }

  /// Sizes of a split, in nodes.
  public struct SplitSizes: Codable, Equatable, Sendable {
    public var name: String
    public var train: Int
    public var validation: Int
    public var test: Int

    public init(name: String, train: Int, validation: Int, test: Int) {
      self.name = name
      self.train = train
      self.validation = validation
      self.test = test
    }
  }

  public struct NodeType: Codable, Equatable, Sendable {
    public var name: String
    public var count: Int
    public var tables: [Table]
    /// Nodes of each class; empty without labels.
    public var classSizes: [Int]
    /// Name of each class; empty where they have none.
    public var classNames: [String]
    /// Nodes without a label.
    public var unlabelled: Int
    /// The default first.
    public var splits: [SplitSizes]
  }

  public struct RelationSummary: Codable, Equatable, Sendable {
    public var name: String
    public var source: String
    public var destination: String
    public var edges: Int
    public var selfLoops: Int
    /// Edges that occurred before.
    public var repeated: Int
    /// Edges that `--undirected` would add; absent between nodes of two types.
    public var missingReverses: Int?
    /// Nodes of the ends' types that no edge of the relation touches.
    public var isolated: Int
    public var inDegree: Spread
    public var outDegree: Spread
    /// Share of the edges with two labelled ends, self-loops aside, whose ends have the same label; absent without such edges.
    public var homophily: Double?
    /// Tables of the edges; absent without any.
    public var tables: [Table]?

    /// Whether no edge has its reverse in the list, as where undirected edges are listed once.
    public var listsEdgesOnce: Bool { edges > selfLoops && missingReverses == edges - selfLoops }
  }

  public var name: String
  public var nodeTypes: [NodeType]
  public var relations: [RelationSummary]

  /// Counts everything; O(edges · log degree) time.
  public init(_ graph: RawGraph, threads: Threads) {
    name = graph.name
    nodeTypes = zip(graph.schema.nodeTypes, graph.nodes).map { Self.summary(name: $0, $1) }
    relations = zip(graph.schema.relations, graph.edges).map { Self.summary(graph, $0, $1, threads: threads) }
  }

  private static func summary(name: String, _ nodes: NodeData) -> NodeType {
    var sizes = [Int](repeating: 0, count: nodes.labels == nil ? 0 : nodes.classCount)
    var unlabelled = nodes.count
    if let labels = nodes.labels {
      for label in labels.elements where label >= 0 {
        sizes[Int(label)] += 1
        unlabelled -= 1
      }
    }
    let splits = nodes.splits.map { split in
      SplitSizes(name: split.name, train: split.train.count, validation: split.validation.count, test: split.test.count)
    }
    return NodeType(
      name: name, count: nodes.count, tables: summary(nodes.tables, haveTargets: true), classSizes: sizes, classNames: nodes.classNames,
      unlabelled: unlabelled,
      splits: splits)
  }

  private static func summary(_ tables: [String: FeatureTable], haveTargets: Bool) -> [Table] {
    tables.sorted { $0.key < $1.key }.map { name, table in
      switch table {
      case .dense(let rows):
        Table(
          name: name, columns: rows.columns, elementType: rows.elementType,
          unknownValues: haveTargets && name == NodeData.targetTable ? unknown(rows) : nil)
      case .sparse(let rows): Table(name: name, columns: rows.columns, elementType: .float32, storedValues: rows.values.count)
      }
    }
  }

  /// NaNs among float32 targets.
  private static func unknown(_ rows: DenseRows) -> Int? {
    guard rows.elementType == .float32 else { return nil }
    var count = 0
    for row in 0..<rows.rows {
      let base = UnsafeRawPointer(rows.bytes.pointer + row * rows.strideBytes)
      for column in 0..<rows.columns where base.loadUnaligned(fromByteOffset: 4 * column, as: Float.self).isNaN { count += 1 }
    }
    return count
  }

  private static func summary(_ graph: RawGraph, _ relation: Relation, _ edges: EdgeList, threads: Threads) -> RelationSummary {
    let isWithinType = relation.source == relation.destination
    let inDegrees = degrees(edges.destinations, count: graph.nodes[relation.destination].count)
    let outDegrees = degrees(edges.sources, count: graph.nodes[relation.source].count)
    var isolated = 0
    if isWithinType {
      for node in 0..<inDegrees.count where inDegrees.pointer[node] == 0 && outDegrees.pointer[node] == 0 { isolated += 1 }
    } else {
      for degrees in [inDegrees, outDegrees] { isolated += degrees.elements.reduce(0) { $0 + ($1 == 0 ? 1 : 0) } }
    }
    var selfLoops = 0
    if isWithinType { for edge in 0..<edges.count where edges.sources.pointer[edge] == edges.destinations.pointer[edge] { selfLoops += 1 } }
    return RelationSummary(
      name: relation.name, source: graph.schema.nodeTypes[relation.source], destination: graph.schema.nodeTypes[relation.destination],
      edges: edges.count, selfLoops: selfLoops, repeated: repeats(edges, rows: inDegrees.count, threads: threads),
      missingReverses: isWithinType ? MissingReverses(edges, nodeCount: inDegrees.count, threads: threads).count : nil,
      isolated: isolated, inDegree: spread(inDegrees), outDegree: spread(outDegrees), homophily: homophily(graph, relation, edges),
      tables: edges.tables.isEmpty ? nil : summary(edges.tables, haveTargets: false))
  }

  private static func degrees(_ ends: ArrayView<UInt32>, count: Int) -> Buffer<UInt32> {
    let degrees = Buffer<UInt32>(count: count)
    for edge in 0..<ends.count { degrees.pointer[Int(ends.pointer[edge])] &+= 1 }
    return degrees
  }

  private static func spread(_ counts: Buffer<UInt32>) -> Spread {
    let total = counts.elements.reduce(0) { $0 + Int($1) }
    return Spread(
      smallest: Int(counts.elements.min() ?? 0), mean: counts.count > 0 ? Double(total) / Double(counts.count) : 0,
      largest: Int(counts.elements.max() ?? 0))
  }

  private static func repeats(_ edges: EdgeList, rows: Int, threads: Threads) -> Int {
    let grouped = GroupedValues(rows: rows, count: edges.count) { (edges.destinations.pointer[$0], edges.sources.pointer[$0]) }
    grouped.sortRows(threads: threads)
    var repeated = 0
    for row in 0..<rows {
      let sources = grouped.row(row)
      for index in stride(from: 1, to: sources.count, by: 1) where sources[index] == sources[index - 1] { repeated += 1 }
    }
    return repeated
  }

  private static func homophily(_ graph: RawGraph, _ relation: Relation, _ edges: EdgeList) -> Double? {
    guard relation.source == relation.destination, let labels = graph.nodes[relation.source].labels else { return nil }
    var (same, all) = (0, 0)
    for edge in 0..<edges.count {
      let (source, destination) = (edges.sources.pointer[edge], edges.destinations.pointer[edge])
      let (a, b) = (labels.pointer[Int(source)], labels.pointer[Int(destination)])
      guard source != destination, a >= 0, b >= 0 else { continue }
      all += 1
      if a == b { same += 1 }
    }
    return all > 0 ? Double(same) / Double(all) : nil
  }
}
