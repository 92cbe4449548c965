import Tensors

/// Brings an assignment within all limits, at the least loss of cut it can find; serial and deterministic.
///
/// METIS misses tolerances on skewed graphs and leaves parts empty on small ones. Nodes of overloaded parts move first,
/// those cheapest in cut edges for the overload they remove; when no single move helps, two nodes of different loads
/// change places; at the end, moves that lower the cut and break no limit win some of it back.
package struct BalanceRepair {
  private let adjacency: Adjacency
  /// Part of each node.
  package private(set) var parts: [UInt16]
  private(set) var ledger: LoadLedger
  private var links: PartLinks

  package init(_ adjacency: Adjacency, loads: NodeLoads, parts: [UInt16]) {
    self.adjacency = adjacency
    self.parts = parts
    ledger = LoadLedger(loads, parts: parts)
    links = PartLinks(adjacency, partCount: loads.partCount)
  }

  /// How far all parts are above their limits, in mean parts; 0 when every limit holds.
  package var overload: Double { ledger.overload }

  private var partCount: Int { ledger.loads.partCount }

  /// Nodes with more neighbours than this move without their neighbours being priced again; any number on graphs where that is cheap.
  private var mostFollowed: Int { adjacency.neighbours.count <= 1 << 23 ? .max : 256 }

  /// Repairs until every part has a node and every limit holds, or nothing helps any more.
  ///
  /// - Returns: True when a node was moved.
  package mutating func run() -> Bool {
    var moved = fillEmptyParts()
    // An exchange sorts all nodes: on large graphs, where it is hardly ever needed, only few are tried.
    var exchanges = max(16, 1 << 24 / max(1, adjacency.nodeCount))
    while ledger.overload > 0 {
      if relieveByMoves() {
        moved = true
      } else if exchanges > 0, relieveByExchange() {
        exchanges -= 1
        moved = true
      } else {
        break
      }
    }
    if moved { lowerCut() }
    return moved
  }

  /// Repairs, and lowers the cut whether or not that was needed: from an assignment within all limits, none has a larger cut.
  mutating func refine() { if !run() { lowerCut() } }

  /// Weight of the edges between different parts, in either direction once.
  package func cut() -> Int {
    var sum = 0
    for node in 0..<adjacency.nodeCount {
      let part = parts[node]
      for entry in adjacency.row(node) where parts[Int(adjacency.neighbours.pointer[entry])] != part { sum += adjacency.weight(entry) }
    }
    return sum / 2
  }

  private mutating func move(_ node: Int, to target: Int) {
    ledger.move(node, from: Int(parts[node]), to: target)
    links.move(node, from: Int(parts[node]), to: target)
    parts[node] = UInt16(target)
  }

  /// Gives every empty part the node that hangs least on its own, from a part that keeps one.
  private mutating func fillEmptyParts() -> Bool {
    var empty = (0..<partCount).filter { ledger.sizes[$0] == 0 }
    guard !empty.isEmpty else { return false }
    empty.reverse()
    var candidates: [(links: Int, node: Int)] = []
    for node in 0..<adjacency.nodeCount where ledger.sizes[Int(parts[node])] > 1 {
      links.count(of: node, parts)
      candidates.append((links[Int(parts[node])], node))
    }
    candidates.sort { $0 < $1 }
    for (_, node) in candidates where ledger.sizes[Int(parts[node])] > 1 {
      guard let part = empty.popLast() else { break }
      move(node, to: part)
    }
    return true
  }

  /// Moves nodes out of overloaded parts, always the cheapest at the time; false when none helped.
  private mutating func relieveByMoves() -> Bool {
    links.remember(parts)
    var light = lightParts()
    var queue = MoveQueue()
    for node in 0..<adjacency.nodeCount {
      if let move = cheapestMove(of: node, light: light) { queue.insert(move) }
    }
    var moves = 0
    while let candidate = queue.popCheapest() {
      // Earlier moves may have changed the price or the need.
      guard let now = cheapestMove(of: candidate.node, light: light) else { continue }
      guard now.price <= candidate.price else {
        queue.insert(now)
        continue
      }
      move(now.node, to: now.target)
      moves += 1
      if moves % (1 + partCount / 8) == 0 { light = lightParts() }
      // Prices of a hub's many neighbours hardly change: those that fell are found when they are popped, or in the next round.
      let row = adjacency.row(now.node)
      guard row.count <= mostFollowed else { continue }
      for entry in row {
        let neighbour = Int(adjacency.neighbours.pointer[entry])
        if let move = cheapestMove(of: neighbour, light: light) { queue.insert(move) }
      }
    }
    return moves > 0
  }

  /// The move of `node` that pays least cut for the overload it removes; `nil` when no move removes any.
  private mutating func cheapestMove(of node: Int, light: [Int]) -> CandidateMove? {
    let source = Int(parts[node])
    guard overloaded(source), ledger.sizes[source] > 1 else { return nil }
    let row = ledger.loads.row(node)
    guard (0..<ledger.loads.constraintCount).contains(where: { row[$0] > 0 && ledger.exceeds(source, $0) }) else { return nil }
    links.count(of: node, parts)
    var best: CandidateMove?
    for index in 0..<links.parts.count + light.count {
      let target = index < links.parts.count ? links.parts[index] : light[index - links.parts.count]
      guard target != source else { continue }
      let change = ledger.change(moving: node, from: source, to: target)
      guard change < -Self.epsilon else { continue }
      let loss = Double(links[source] - links[target])
      let move = CandidateMove(price: loss > 0 ? loss / -change : loss, node: node, target: target)
      if best.map({ CandidateMove.precedes(move, $0) }) ?? true { best = move }
    }
    return best
  }

  /// True when `part` is above a limit.
  private func overloaded(_ part: Int) -> Bool {
    (0..<ledger.loads.constraintCount).contains { ledger.exceeds(part, $0) }
  }

  /// The parts with most room: for each constraint, and over all of them.
  private func lightParts() -> [Int] {
    let columns = 0..<ledger.loads.constraintCount
    func fullness(_ part: Int, _ column: Int) -> Double { Double(ledger.load(part, column)) / Double(ledger.loads.limit(part, column)) }
    var light = Set(columns.compactMap { column in (0..<partCount).min { fullness($0, column) < fullness($1, column) } })
    let roomiest = (0..<partCount).min { a, b in
      (columns.map { fullness(a, $0) }.max() ?? 0) < (columns.map { fullness(b, $0) }.max() ?? 0)
    }
    if let roomiest { light.insert(roomiest) }
    return light.sorted()
  }

  /// Lets nodes of an overloaded part change places with nodes of another part, cheapest in cut first, for the pair of load
  /// patterns that removes most overload; false when no exchange helps.
  private mutating func relieveByExchange() -> Bool {
    guard let found = ExchangeSearch(ledger: ledger, parts: parts).best() else { return false }
    let left = byLoss(found.left, in: found.source, to: found.target)
    let right = byLoss(found.right, in: found.target, to: found.source)
    var moved = false
    for (out, back) in zip(left, right) {
      let (outLoads, backLoads) = (ledger.loads.row(out), ledger.loads.row(back))
      let change = ledger.change(exchanging: outLoads, in: found.source, with: backLoads, in: found.target)
      guard change < -Self.epsilon else { break }
      move(out, to: found.target)
      move(back, to: found.source)
      moved = true
    }
    return moved
  }

  /// Nodes of a part, first those whose move to `target` costs least cut.
  private mutating func byLoss(_ nodes: [Int], in source: Int, to target: Int) -> [Int] {
    var losses: [(loss: Int, node: Int)] = []
    for node in nodes {
      links.count(of: node, parts)
      losses.append((links[source] - links[target], node))
    }
    return losses.sorted { $0 < $1 }.map(\.node)
  }

  /// Moves nodes to neighbouring parts where that lowers the cut and breaks no limit, in few passes over the nodes.
  private mutating func lowerCut() {
    for _ in 0..<4 {
      var moved = false
      for node in 0..<adjacency.nodeCount {
        let source = Int(parts[node])
        guard ledger.sizes[source] > 1, links.hasHeavier(than: source, node) else { continue }
        links.countInOrder(of: node, parts)
        var best: (links: Int, part: Int)?
        for part in links.parts where part != source && links[part] > max(links[source], best?.links ?? 0) {
          if ledger.admits(node, to: part) { best = (links[part], part) }
        }
        guard let best else { continue }
        move(node, to: best.part)
        moved = true
      }
      guard moved else { return }
    }
  }

  /// Overload differences below this are rounding, not progress.
  private static let epsilon = 1e-12
}
