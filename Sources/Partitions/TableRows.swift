import Tensors

/// Which rows of an input table a file holds, in the order of the file.
enum TableRows: Sendable {
  /// Those of nodes by global id, all of one type.
  case nodes(Range<Int>, type: Int, PartitionNumbering)
  /// Those of some nodes, all of one type.
  case list(Buffer<Int64>, type: Int, PartitionNumbering)
  /// Those of in-edges.
  case edges(RelationEdges)

  var count: Int {
    switch self {
    case .nodes(let range, _, _): range.count
    case .list(let ids, _, _): ids.count
    case .edges(let edges): edges.count
    }
  }

  /// Calls `body` with the numbers that the rows have in the input, up to `size` of them at a time.
  func forEachBlock(of size: Int, _ body: (UnsafeBufferPointer<Int>) throws -> Void) rethrows {
    let block = Buffer<Int>(count: max(1, min(size, count)))
    var filled = 0
    func flush() throws {
      if filled > 0 { try body(UnsafeBufferPointer(start: block.pointer, count: filled)) }
      filled = 0
    }
    func put(_ number: Int) throws {
      block.pointer[filled] = number
      filled += 1
      if filled == block.count { try flush() }
    }
    switch self {
    case .nodes(let range, let type, let numbering):
      for id in range { try put(numbering.original(ofGlobal: id, type: type)) }
    case .list(let ids, let type, let numbering):
      for row in 0..<ids.count { try put(numbering.original(ofGlobal: Int(ids.pointer[row]), type: type)) }
    case .edges(let edges):
      for position in edges.positions {
        if let edge = edges.edge(position) { try put(edge) }
      }
    }
    try flush()
  }
}

/// The in-edges of a part that are of one relation, in the part's order.
struct RelationEdges: Sendable {
  /// Positions of all in-edges of the part.
  let positions: Range<Int>
  let count: Int
  private let inEdges: InEdges
  private let numbers: Range<Int>

  /// - Parameter count: How many there are.
  init(of relation: Int, in inEdges: InEdges, at positions: Range<Int>, count: Int) {
    self.positions = positions
    self.count = count
    self.inEdges = inEdges
    numbers = inEdges.relationBounds[relation]..<inEdges.relationBounds[relation + 1]
  }

  /// Number inside the relation of the edge at `position`; `nil` where it is of another relation.
  func edge(_ position: Int) -> Int? {
    let edge = inEdges.edge(position)
    return numbers.contains(edge) ? edge - numbers.lowerBound : nil
  }

  /// How many of the in-edges at `positions` are of the relation.
  func count(in positions: Range<Int>) -> Int { positions.reduce(0) { $0 + (edge($1) == nil ? 0 : 1) } }
}
