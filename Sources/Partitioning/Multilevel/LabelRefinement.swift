package import Tensors

/// Moves nodes to the neighbouring part with which their edges weigh most, where that lowers the cut and breaks no limit; in parallel and
/// with one result for any number of threads.
///
/// As in `LabelClustering` a round has turns: the nodes of a turn choose at once, then the wishes are granted in their order. From the
/// second round on only nodes with a neighbour that moved choose again.
///
/// - Complexity: O(rounds · edges) time; 4 bytes a node.
package struct LabelRefinement: Sendable {
  private let assignment: Assignment
  private let seed: UInt64
  private let threads: Threads
  private let wishes: Buffer<UInt16>
  private let isActive: Buffer<Bool>
  /// Sums by part, all zero between two nodes.
  private let pool: ScratchPool<Buffer<Int32>>

  private static let turns: UInt64 = 8
  private static let rounds = 6
  /// No part has this number.
  private static let none = UInt16.max

  package init(_ assignment: Assignment, seed: UInt64, threads: Threads) {
    self.assignment = assignment
    self.seed = seed
    self.threads = threads
    wishes = Buffer(count: assignment.level.nodeCount)
    isActive = Buffer(count: assignment.level.nodeCount)
    isActive.pointer.update(repeating: true, count: assignment.level.nodeCount)
    let partCount = assignment.partCount
    pool = ScratchPool { Buffer(count: partCount) }
  }

  package func run() {
    let nodes = assignment.level.nodeCount
    for round in 0..<Self.rounds {
      var moves = 0
      for turn in 0..<Self.turns {
        choose(round, turn)
        moves += grant()
        wakeNeighbours()
      }
      if moves * 2000 < nodes { return }
    }
  }

  private func choose(_ round: Int, _ turn: UInt64) {
    let salt = seed &+ UInt64(truncatingIfNeeded: round) &* 0x9E37_79B9_7F4A_7C15
    threads.forEachChunk(of: assignment.level.nodeCount, by: 4096) { nodes in
      pool.with { sums in
        let (wishes, isActive, sums) = (wishes.pointer, isActive.pointer, sums.pointer)
        for node in nodes {
          wishes[node] = Self.none
          guard isActive[node], mix64(UInt64(truncatingIfNeeded: node) ^ salt) & (Self.turns &- 1) == turn else { continue }
          isActive[node] = false
          wishes[node] = choice(of: node, sums)
        }
      }
    }
  }

  /// The admissible part with which the edges of `node` weigh more than with its own, and most of all; `none` where it stays.
  @inline(__always)
  private func choice(of node: Int, _ sums: UnsafeMutablePointer<Int32>) -> UInt16 {
    let parts = assignment.parts.pointer
    let row = assignment.level.adjacency.row(node)
    let neighbours = assignment.level.adjacency.neighbours.pointer
    if let weights = assignment.level.adjacency.weights?.pointer {
      for entry in row { sums[Int(parts[Int(neighbours[entry])])] &+= weights[entry] }
    } else {
      for entry in row { sums[Int(parts[Int(neighbours[entry])])] &+= 1 }
    }
    let own = Int(parts[node])
    var best = Self.none
    var bestSum = sums[own]
    /// Takes a part whose sum is largest so far, the lower number of equals.
    func consider(_ part: Int) {
      let sum = sums[part]
      sums[part] = 0
      guard part != own, sum > bestSum || (sum == bestSum && best != Self.none && part < Int(best)) else { return }
      if assignment.admits(node, to: part) { (best, bestSum) = (UInt16(truncatingIfNeeded: part), sum) }
    }
    if row.count < assignment.partCount {
      for entry in row { consider(Int(parts[Int(neighbours[entry])])) }
    } else {
      for part in 0..<assignment.partCount { consider(part) }
    }
    return best
  }

  private func grant() -> Int {
    var moves = 0
    let wishes = wishes.pointer
    for node in 0..<assignment.level.nodeCount {
      let wish = wishes[node]
      guard wish != Self.none else { continue }
      if assignment.admits(node, to: Int(wish)) {
        assignment.move(node, to: Int(wish))
        moves &+= 1
      } else {
        wishes[node] = Self.none
      }
    }
    return moves
  }

  private func wakeNeighbours() {
    let adjacency = assignment.level.adjacency
    threads.forEachChunk(of: assignment.level.nodeCount, by: 4096) { nodes in
      let (wishes, isActive, neighbours) = (wishes.pointer, isActive.pointer, adjacency.neighbours.pointer)
      for node in nodes where wishes[node] != Self.none {
        // Several chunks may write the same byte: all write the same.
        for entry in adjacency.row(node) { isActive[Int(neighbours[entry])] = true }
      }
    }
  }
}
