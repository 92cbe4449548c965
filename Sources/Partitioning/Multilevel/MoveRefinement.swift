package import Tensors

/// k-way refinement after Fiduccia and Mattheyses: always the best move is made, even at a loss, each node at most once a pass; then
/// everything after the best moment is taken back.
///
/// A pass begins with all nodes at a border and ends when `patience` moves in a row have not brought a lower cut. Serial; the same graph,
/// assignment and seed give the same result. Fiduccia, Mattheyses, DAC 1982; k-way with one queue: Sanders, Schulz, ESA 2011.
///
/// - Complexity: a pass costs O(nodes · k + moved edges · log nodes) time and at most 4·k + 37 bytes a node.
package struct MoveRefinement {
  private let assignment: Assignment
  private let table: GainTable
  private let queue: GainQueue
  /// Entries of the queue at which those that are outdated are dropped.
  private let mostEntries: Int
  private let patience: Int
  private let threads: Threads
  /// Gain that a node's newest entry in the queue has; `absent` without one, `moved` where it has moved in this pass.
  private let expected: Buffer<Int32>
  private let log = GrowingBuffer<Move>()

  private static let absent = Int32.min
  private static let moved = Int32.max

  private struct Move: BitwiseCopyable {
    var node: UInt32
    var source: UInt16
  }

  /// - Parameters:
  ///   - patience: Moves without a lower cut after which a pass ends.
  ///   - mostEntries: Of the queue, before outdated ones are dropped; twice the nodes where `nil`. It changes no move.
  package init(_ assignment: Assignment, patience: Int, mostEntries: Int? = nil, seed: UInt64, threads: Threads) {
    self.assignment = assignment
    self.patience = patience
    table = GainTable(assignment, threads: threads)
    self.mostEntries = mostEntries ?? max(1 << 16, 2 * assignment.level.nodeCount)
    queue = GainQueue(seed: seed, capacity: self.mostEntries)
    log.reserve(assignment.level.nodeCount)
    expected = Buffer(count: assignment.level.nodeCount)
    self.threads = threads
  }

  /// Makes passes until one gains less than a twenty-thousandth of `cut`, at most `passes`.
  ///
  /// - Returns: How much lower the cut is.
  package func run(passes: Int, cut: Int) -> Int {
    var sum = 0
    for _ in 0..<passes {
      let gain = pass()
      sum += gain
      if gain * 20_000 <= cut { break }
    }
    return sum
  }

  private func pass() -> Int {
    fillQueue()
    log.removeAll()
    var (gain, best, bestLength) = (0, 0, 0)
    while log.count - bestLength < patience, let entry = queue.pop() {
      let node = Int(entry.node)
      guard entry.gain == expected.pointer[node], let move = table.bestMove(node) else { continue }
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
    let (expected, table) = (expected, table)
    threads.forEachChunk(of: assignment.level.nodeCount, by: 4096) { nodes in
      for node in nodes { expected.pointer[node] = table.bestMove(node)?.gain ?? Self.absent }
    }
    queue.fill(assignment.level.nodeCount) { node in
      let gain = expected.pointer[node]
      return gain == Self.absent ? nil : gain
    }
  }

  @inline(__always)
  private func enqueue(_ node: Int, _ gain: Int32) {
    if queue.count >= mostEntries { dropOutdated() }
    expected.pointer[node] = gain
    queue.insert(node, gain: gain)
  }

  /// Leaves one entry at most for each node in the queue, of those that are not skipped when they are taken.
  @inline(never)
  private func dropOutdated() {
    queue.drop { entry in
      let node = Int(entry.node)
      guard entry.gain == expected.pointer[node] else { return false }
      expected.pointer[node] = Self.moved  // For now: equal entries go.
      return true
    }
    for entry in queue.entries { expected.pointer[Int(entry.node)] = entry.gain }
  }

  /// Moves a node, and tells the queue of neighbours whose best gain may have risen; a gain that fell is found when its node is taken.
  private func make(_ node: Int, to target: Int) {
    let source = Int(assignment.parts.pointer[node])
    log.append(Move(node: UInt32(truncatingIfNeeded: node), source: UInt16(truncatingIfNeeded: source)))
    expected.pointer[node] = Self.moved
    assignment.move(node, to: target)
    let adjacency = assignment.level.adjacency
    let (neighbours, weights) = (adjacency.neighbours.pointer, adjacency.weights?.pointer)
    let parts = assignment.parts.pointer
    let range = adjacency.row(node)
    var entry = range.lowerBound
    while entry < range.upperBound {
      let other = Int(neighbours[entry])
      var weight = weights.map { $0[entry] } ?? 1
      entry &+= 1
      // Neighbours may be repeated in place of weights.
      while entry < range.upperBound, Int(neighbours[entry]) == other {
        weight &+= weights.map { $0[entry] } ?? 1
        entry &+= 1
      }
      let row = table.row(other)
      row[source] &-= weight
      row[target] &+= weight
      let known = expected.pointer[other]
      guard known != Self.moved else { continue }
      let own = Int(parts[other])
      var hope = own == target ? known : row[target] &- row[own]
      if own == source, known != Self.absent { hope = max(hope, known &+ weight) }
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
