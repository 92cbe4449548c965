import Tensors

/// Weight of every node's edges to every part, shape (nodes, k); kept up while nodes move.
struct GainTable {
  let weights: Buffer<Int32>
  private let assignment: Assignment
  private let partCount: Int

  /// Entries above which a level does without: 1 GiB.
  static let mostEntries = 1 << 28

  /// - Complexity: O(edges) time, 4·k bytes a node.
  init(_ assignment: Assignment, threads: Threads) {
    self.assignment = assignment
    let partCount = assignment.partCount
    self.partCount = partCount
    weights = Buffer(count: assignment.level.nodeCount * partCount)
    let (adjacency, sums) = (assignment.level.adjacency, weights)
    threads.forEachChunk(of: assignment.level.nodeCount, by: 4096) { nodes in
      let (parts, neighbours, weights) = (assignment.parts.pointer, adjacency.neighbours.pointer, adjacency.weights?.pointer)
      for node in nodes {
        let row = sums.pointer + node &* partCount
        for entry in adjacency.row(node) { row[Int(parts[Int(neighbours[entry])])] &+= weights.map { $0[entry] } ?? 1 }
      }
    }
  }

  /// Edge weights of `node` by part, shape (k).
  @inline(__always)
  func row(_ node: Int) -> UnsafeMutablePointer<Int32> { weights.pointer + node &* partCount }

  /// The admissible move of `node` that lowers the cut most, by how much (below zero where it rises); `nil` where no neighbouring part
  /// takes it.
  @inline(__always)
  func bestMove(_ node: Int) -> (gain: Int32, target: Int)? {
    let own = Int(assignment.parts.pointer[node])
    let row = row(node)
    var best: (weight: Int32, target: Int)?
    for part in 0..<partCount where part != own && row[part] > best?.weight ?? 0 {
      if assignment.admits(node, to: part) { best = (row[part], part) }
    }
    guard let best else { return nil }
    return (best.weight &- row[own], best.target)
  }
}
