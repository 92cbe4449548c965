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
  private let pool = ScratchPool { LabelWeights() }

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
        for node in nodes {
          wishes.pointer[node] = Self.none
          guard isActive.pointer[node], mix64(UInt64(truncatingIfNeeded: node) ^ salt) & (Self.turns &- 1) == turn else { continue }
          isActive.pointer[node] = false
          wishes.pointer[node] = choice(of: node, sums)
        }
      }
    }
  }

  /// The admissible part with which the edges of `node` weigh more than with its own, and most of all; `none` where it stays.
  @inline(__always)
  private func choice(of node: Int, _ sums: LabelWeights) -> UInt16 {
    let adjacency = assignment.level.adjacency
    let parts = assignment.parts.pointer
    let row = adjacency.row(node)
    let own = parts[node]
    sums.reserve(min(row.count, assignment.partCount))
    for entry in row { sums.add(UInt32(parts[Int(adjacency.neighbours.pointer[entry])]), adjacency.weight(entry)) }
    var best = Self.none
    var bestSum = sums.sum(of: UInt32(own))
    for index in 0..<sums.count {
      let (label, sum) = sums[index]
      let part = UInt16(truncatingIfNeeded: label)
      guard part != own, sum > bestSum || (sum == bestSum && best != Self.none && part < best) else { continue }
      if assignment.admits(node, to: Int(part)) { (best, bestSum) = (part, sum) }
    }
    sums.removeAll()
    return best
  }

  private func grant() -> Int {
    var moves = 0
    for node in 0..<assignment.level.nodeCount {
      let wish = wishes.pointer[node]
      guard wish != Self.none else { continue }
      if assignment.admits(node, to: Int(wish)) {
        assignment.move(node, to: Int(wish))
        moves &+= 1
      } else {
        wishes.pointer[node] = Self.none
      }
    }
    return moves
  }

  private func wakeNeighbours() {
    let adjacency = assignment.level.adjacency
    threads.forEachChunk(of: assignment.level.nodeCount, by: 4096) { nodes in
      for node in nodes where wishes.pointer[node] != Self.none {
        // Several chunks may write the same byte: all write the same.
        for entry in adjacency.row(node) { isActive.pointer[Int(adjacency.neighbours.pointer[entry])] = true }
      }
    }
  }
}
