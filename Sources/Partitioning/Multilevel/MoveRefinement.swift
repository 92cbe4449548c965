package import Tensors

/// k-way refinement after Fiduccia and Mattheyses: always the best move is made, even at a loss, each node at most once a pass; then
/// everything after the best moment is taken back.
///
/// A pass begins with all nodes at a border and ends when `patience` moves in a row have not brought a lower cut. Serial; the same graph,
/// assignment and seed give the same result. Fiduccia, Mattheyses, DAC 1982; k-way with one queue: Sanders, Schulz, ESA 2011.
///
/// - Complexity: a pass costs O(nodes · k + moved edges · log nodes) time and 4·k + 9 bytes a node.
package struct MoveRefinement {
  private let assignment: Assignment
  private let table: GainTable
  private let queue: GainQueue
  private let patience: Int
  /// Gain that a node's newest entry in the queue has, and whether it has moved in this pass.
  private let expected: Buffer<Int32>
  private let hasMoved: Buffer<Bool>
  private let log = GrowingBuffer<Move>()

  private struct Move: BitwiseCopyable {
    var node: UInt32
    var source: UInt16
  }

  /// - Parameter patience: Moves without a lower cut after which a pass ends.
  package init(_ assignment: Assignment, patience: Int, seed: UInt64, threads: Threads) {
    self.assignment = assignment
    self.patience = patience
    table = GainTable(assignment, threads: threads)
    queue = GainQueue(seed: seed)
    expected = Buffer(count: assignment.level.nodeCount)
    hasMoved = Buffer(count: assignment.level.nodeCount)
  }

  /// Makes passes until one gains less than a thousandth of `cut`, at most `passes`.
  ///
  /// - Returns: How much lower the cut is.
  package func run(passes: Int, cut: Int) -> Int {
    var sum = 0
    for _ in 0..<passes {
      let gain = pass()
      sum += gain
      if gain * 1000 <= cut { break }
    }
    return sum
  }

  private func pass() -> Int {
    fillQueue()
    log.removeAll()
    var (gain, best, bestLength) = (0, 0, 0)
    while log.count - bestLength < patience, let entry = queue.pop() {
      let node = Int(entry.node)
      guard !hasMoved.pointer[node], entry.gain == expected.pointer[node], let move = table.bestMove(node) else { continue }
      guard move.gain >= entry.gain else {
        enqueue(node, move.gain)
        continue
      }
      make(node, to: move.target)
      gain += Int(move.gain)
      if gain > best { (best, bestLength) = (gain, log.count) }
    }
    takeBack(to: bestLength)
    return best
  }

  private func fillQueue() {
    queue.removeAll()
    for node in 0..<assignment.level.nodeCount {
      hasMoved.pointer[node] = false
      expected.pointer[node] = .min
      guard table.isBoundary(node), let move = table.bestMove(node) else { continue }
      enqueue(node, move.gain)
    }
  }

  @inline(__always)
  private func enqueue(_ node: Int, _ gain: Int32) {
    expected.pointer[node] = gain
    queue.insert(node, gain: gain)
  }

  /// Moves a node, and tells the queue of neighbours whose best gain may have risen; a gain that fell is found when its node is taken.
  private func make(_ node: Int, to target: Int) {
    let source = Int(assignment.parts.pointer[node])
    log.append(Move(node: UInt32(truncatingIfNeeded: node), source: UInt16(truncatingIfNeeded: source)))
    hasMoved.pointer[node] = true
    assignment.move(node, to: target)
    let adjacency = assignment.level.adjacency
    for entry in adjacency.row(node) {
      let other = Int(adjacency.neighbours.pointer[entry])
      let weight = Int32(truncatingIfNeeded: adjacency.weight(entry))
      let row = table.row(other)
      row[source] &-= weight
      row[target] &+= weight
      guard !hasMoved.pointer[other] else { continue }
      let own = Int(assignment.parts.pointer[other])
      let known = expected.pointer[other]
      var hope = own == target ? known : row[target] &- row[own]
      if own == source, known != .min { hope = max(hope, known &+ weight) }
      if hope > known { enqueue(other, hope) }
    }
  }

  /// Takes the moves after the first `length` back, the newest first.
  private func takeBack(to length: Int) {
    let adjacency = assignment.level.adjacency
    for index in (length..<max(length, log.count)).reversed() {
      let move = log.pointer[index]
      let node = Int(move.node)
      let (from, to) = (Int(assignment.parts.pointer[node]), Int(move.source))
      assignment.move(node, to: to)
      for entry in adjacency.row(node) {
        let row = table.row(Int(adjacency.neighbours.pointer[entry]))
        let weight = Int32(truncatingIfNeeded: adjacency.weight(entry))
        row[from] &-= weight
        row[to] &+= weight
      }
    }
  }
}
