import Tensors

/// Weight of a node's edges to each part. Letters: `n` nodes, `k` parts.
///
/// Counted anew for each node that is asked for, by counters that are reset by touching only what was used; or kept for all nodes while
/// they move, where that takes no more memory than the neighbours do.
struct PartLinks {
  private let adjacency: Adjacency
  private let partCount: Int
  private let counters: Buffer<Int32>
  /// Shape (n, k); `nil` where nothing is kept.
  private var table: Buffer<Int32>?
  /// Weights of the node that was counted last, by part.
  private var weights: UnsafeMutablePointer<Int32>
  /// Parts with an edge to that node.
  private(set) var parts: [Int] = []

  init(_ adjacency: Adjacency, partCount: Int) {
    self.adjacency = adjacency
    self.partCount = partCount
    counters = Buffer(count: partCount)
    weights = counters.pointer
  }

  /// Weight to `part` of the node that was counted last.
  @inline(__always)
  subscript(part: Int) -> Int { Int(weights[part]) }

  /// Keeps the weights of all nodes from now on, where rows of neighbours are longer than `k` in the mean.
  ///
  /// - Complexity: O(edges), once.
  mutating func remember(_ assignment: [UInt16]) {
    guard table == nil, adjacency.nodeCount * partCount <= adjacency.neighbours.count else { return }
    let table = Buffer<Int32>(count: adjacency.nodeCount * partCount)
    assignment.withUnsafeBufferPointer { assignment in
      for node in 0..<adjacency.nodeCount {
        let row = table.pointer + node &* partCount
        for entry in adjacency.row(node) {
          let part = Int(assignment[Int(adjacency.neighbours.pointer[entry])])
          row[part] &+= Int32(truncatingIfNeeded: adjacency.weight(entry))
        }
      }
    }
    self.table = table
  }

  /// Tells that `node` changed its part.
  func move(_ node: Int, from source: Int, to target: Int) {
    guard let table else { return }
    for entry in adjacency.row(node) {
      let row = table.pointer + Int(adjacency.neighbours.pointer[entry]) &* partCount
      let weight = Int32(truncatingIfNeeded: adjacency.weight(entry))
      row[source] &-= weight
      row[target] &+= weight
    }
  }

  /// Counts the edges of `node`; its parts come in any order.
  mutating func count(of node: Int, _ assignment: [UInt16]) {
    guard let table else { return countInOrder(of: node, assignment) }
    weights = table.pointer + node &* partCount
    parts.removeAll(keepingCapacity: true)
    for part in 0..<partCount where weights[part] > 0 { parts.append(part) }
  }

  /// Counts the edges of `node`; its parts come in the order of its neighbours.
  mutating func countInOrder(of node: Int, _ assignment: [UInt16]) {
    weights = counters.pointer
    if table == nil {
      for part in parts { weights[part] = 0 }
    } else {
      weights.update(repeating: 0, count: partCount)
    }
    parts.removeAll(keepingCapacity: true)
    for entry in adjacency.row(node) {
      let part = Int(assignment[Int(adjacency.neighbours.pointer[entry])])
      if weights[part] == 0 { parts.append(part) }
      weights[part] &+= Int32(truncatingIfNeeded: adjacency.weight(entry))
    }
  }

  /// Whether the edges of `node` may weigh more with another part than with `part`; false only where that is known.
  @inline(__always)
  func hasHeavier(than part: Int, _ node: Int) -> Bool {
    guard let table else { return true }
    let row = table.pointer + node &* partCount
    for other in 0..<partCount where row[other] > row[part] { return true }
    return false
  }
}
