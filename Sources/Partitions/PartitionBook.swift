public import Graphs

/// Where every node lives: converts global ids to parts and node types by binary search in k · types + 1 numbers.
///
/// Edges have a book of the same shape, with relations in the place of node types (`init(edgesOf:)`).
public struct PartitionBook: Hashable, Sendable {
  public let partCount: Int
  public let typeCount: Int
  /// First global id of each (part, type), part-major, and one past the last.
  public let bounds: [Int64]

  public init(partCount: Int, typeCount: Int, bounds: [Int64]) {
    precondition(bounds.count == partCount * typeCount + 1, "\(bounds.count) bounds for \(partCount) parts of \(typeCount) types")
    self.partCount = partCount
    self.typeCount = typeCount
    self.bounds = bounds
  }

  public init(_ manifest: Manifest) {
    self.init(partCount: manifest.partCount, typeCount: manifest.schema.nodeTypes.count, bounds: manifest.bounds)
  }

  /// Where the row of every edge lies: an edge belongs to its destination's part, and the edges of a part and a relation are numbered
  /// in the part's order of in-edges (`EdgeRows`). The types of this book are the relations.
  public init(edgesOf manifest: Manifest) {
    var sum: Int64 = 0
    let ends = manifest.parts.flatMap(\.edges).map { count in
      sum += Int64(count)
      return sum
    }
    self.init(partCount: manifest.partCount, typeCount: manifest.schema.relations.count, bounds: [0] + ends)
  }

  /// Nodes of the whole graph.
  public var nodeCount: Int64 { bounds[bounds.count - 1] }

  /// The part that owns `id`. O(log(k · types)).
  ///
  /// - Precondition: `id` is a node of the graph; see `contains`.
  public func owner(of id: GlobalID) -> Int { slot(of: id) / typeCount }

  /// The node type of `id`. O(log(k · types)).
  public func type(of id: GlobalID) -> Int { slot(of: id) % typeCount }

  /// True for ids of nodes of the graph.
  public func contains(_ id: GlobalID) -> Bool { id.rawValue >= 0 && id.rawValue < nodeCount }

  /// Global ids of a part's inner nodes.
  public func innerRange(of part: Int) -> Range<Int64> {
    bounds[part * typeCount]..<bounds[(part + 1) * typeCount]
  }

  /// Global ids of a part's inner nodes of one type.
  public func innerRange(of part: Int, type: Int) -> Range<Int64> {
    bounds[part * typeCount + type]..<bounds[part * typeCount + type + 1]
  }

  /// Local id of an inner node at its owner.
  public func innerLocalID(of id: GlobalID) -> PartLocalID {
    PartLocalID(UInt32(id.rawValue - bounds[owner(of: id) * typeCount]))
  }

  private func slot(of id: GlobalID) -> Int {
    precondition(contains(id), "global id \(id.rawValue) outside 0..<\(nodeCount)")
    var low = 0
    var high = bounds.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= id.rawValue { low = middle } else { high = middle }
    }
    return low
  }
}
