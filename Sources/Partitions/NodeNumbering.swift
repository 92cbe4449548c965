public import Graphs

/// Numbers the nodes of all types in one row: type after type, inside a type by original id.
///
/// These flat numbers index an assignment of nodes to parts; they never leave the machine that partitions.
public struct NodeNumbering: Hashable, Sendable {
  /// First flat number of each type, and one past the last: shape (types + 1).
  public let offsets: [Int]

  /// - Parameter counts: Nodes of each type.
  public init(counts: [Int]) {
    var sum = 0
    offsets =
      [0]
      + counts.map { count in
        sum += count
        return sum
      }
  }

  public init(_ graph: RawGraph) { self.init(counts: graph.nodes.map(\.count)) }

  /// Nodes of all types.
  public var count: Int { offsets[offsets.count - 1] }

  public var typeCount: Int { offsets.count - 1 }

  /// The types, from 0.
  public var typeIndices: Range<Int> { 0..<typeCount }

  /// Flat numbers of the nodes of `type`.
  public func range(of type: Int) -> Range<Int> { offsets[type]..<offsets[type + 1] }

  /// Type of the node with this flat number. O(types).
  public func type(of flat: Int) -> Int { (offsets.dropFirst().firstIndex { flat < $0 } ?? offsets.count) - 1 }
}
