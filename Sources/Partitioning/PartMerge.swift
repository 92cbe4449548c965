import Partitions
import Tensors

/// Joins the parts of an assignment into fewer, by METIS on the graph whose nodes are the parts.
struct PartMerge {
  private let loads: NodeLoads
  private let parts: [UInt16]
  private let quotient: Adjacency
  private let quotientLoads: NodeLoads

  /// Adds up the edges between parts and what each holds. O(edges) time, memory for the pairs of parts that share an edge.
  init(_ adjacency: Adjacency, loads: NodeLoads, parts: [UInt16], partCount: Int) {
    self.loads = loads
    self.parts = parts
    let members = PartMembers(parts, partCount: partCount)
    let offsets = Buffer<Int32>(count: partCount + 1)
    var (neighbours, weights): ([Int32], [Int32]) = ([], [])
    var links = [Int](repeating: 0, count: partCount)
    for part in 0..<partCount {
      var touched: [Int] = []
      for node in members[part] {
        for entry in adjacency.row(Int(node)) {
          let other = Int(parts[Int(adjacency.neighbours.pointer[entry])])
          guard other != part else { continue }
          if links[other] == 0 { touched.append(other) }
          links[other] += adjacency.weight(entry)
        }
      }
      for other in touched.sorted() {
        neighbours.append(Int32(other))
        weights.append(Int32(clamping: links[other]))
        links[other] = 0
      }
      offsets.pointer[part + 1] = Int32(neighbours.count)
    }
    quotient = Adjacency(offsets: offsets, neighbours: Buffer(copying: neighbours), weights: Buffer(copying: weights))
    quotientLoads = Self.sums(loads, parts: parts, partCount: partCount)
  }

  /// What each part holds; columns whose totals pass 32 bits are halved until they do not.
  private static func sums(_ loads: NodeLoads, parts: [UInt16], partCount: Int) -> NodeLoads {
    let columns = loads.constraintCount
    let shifts = loads.totals.map { total in max(0, Int.bitWidth - total.leadingZeroBitCount - 32) }
    var sums = [Int](repeating: 0, count: partCount * columns)
    for (node, part) in parts.enumerated() {
      for column in 0..<columns { sums[Int(part) * columns + column] += Int(loads.row(node)[column]) }
    }
    // Rounded up: no column becomes all zero.
    let values = sums.enumerated().map { UInt32(($1 + (1 << shifts[$0 % columns]) - 1) >> shifts[$0 % columns]) }
    return NodeLoads(values: Buffer(copying: values), tolerances: loads.tolerances, shares: loads.shares)
  }

  /// The new part of each node.
  func run(seed: UInt64) throws(METISError) -> [UInt16] {
    let found = try METISSearch(adjacency: quotient, loads: quotientLoads, seed: seed).run { _ in }
    return parts.map { found.parts[Int($0)] }
  }
}

/// The nodes of each part, increasing.
struct PartMembers {
  private let offsets: [Int]
  private let nodes: Buffer<UInt32>

  /// Counts and places. O(nodes).
  init(_ parts: [UInt16], partCount: Int) {
    var offsets = [Int](repeating: 0, count: partCount + 1)
    for part in parts { offsets[Int(part) + 1] += 1 }
    for part in 0..<partCount { offsets[part + 1] += offsets[part] }
    self.offsets = offsets
    nodes = Buffer(count: parts.count)
    for (node, part) in parts.enumerated() {
      nodes.pointer[offsets[Int(part)]] = UInt32(node)
      offsets[Int(part)] += 1
    }
  }

  /// The nodes of `part`.
  subscript(part: Int) -> ArrayView<UInt32> { nodes.view.slice(offsets[part]..<offsets[part + 1]) }
}
