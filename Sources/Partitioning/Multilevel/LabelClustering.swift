package import Tensors

/// Clusters by label propagation under size limits, in parallel and with one result for any number of threads.
///
/// Every node begins as its own cluster and joins the one with which its edges weigh most, of those that have room for it. A round visits
/// the nodes in eight turns, by a hash of their numbers: within a turn all nodes choose at once, from the clusters as the turn found them;
/// then the wishes are granted one after the other in the order of the nodes, each only while there is room. After the first rounds only
/// nodes with a neighbour that moved choose again. Nodes that find no room at last join others that wished for the same cluster, so that
/// stars shrink too.
///
/// Raghavan, Albert, Kumara 2007, arXiv:0709.2938; size constraints: Meyerhenke, Sanders, Schulz 2014, arXiv:1402.3281; turns as
/// deterministic Mt-KaHyPar (Gottesbüren, Hamann 2022), two hops as KaMinPar (arXiv:2105.02022).
///
/// - Complexity: O(rounds · edges) time; 12 bytes and 8·C bytes a node.
package struct LabelClustering: Sendable {
  private let level: Level
  private let limits: ClusterLimits
  private let seed: UInt64
  private let threads: Threads
  private let labels: Buffer<UInt32>
  private let loads: ClusterLoads
  private let wishes: Buffer<UInt32>
  /// Whether a node chooses in this round, and in the next.
  private let isActive: Buffer<Bool>
  private let pool = ScratchPool { LabelWeights() }

  private static let turns: UInt64 = 8
  private static let rounds = 5
  /// Rounds go on while one node in so many moves; on levels of many arcs, where a round takes long, while a fifth of the nodes does.
  private static let stillMoving = 1000
  private static let manyArcs = 1 << 23
  private static let none = UInt32.max

  package init(_ level: Level, limits: ClusterLimits, seed: UInt64, threads: Threads) {
    self.level = level
    self.limits = limits
    self.seed = seed
    self.threads = threads
    labels = Buffer(count: level.nodeCount)
    for node in 0..<level.nodeCount { labels.pointer[node] = UInt32(truncatingIfNeeded: node) }
    loads = ClusterLoads(level.loads, limits: limits)
    wishes = Buffer(count: level.nodeCount)
    isActive = Buffer(count: level.nodeCount)
    isActive.pointer.update(repeating: true, count: level.nodeCount)
  }

  package func clusters() -> Clusters {
    for round in 0..<Self.rounds {
      var moves = 0
      for turn in 0..<Self.turns {
        choose(round, turn)
        moves += grant(remembering: round > 0)
      }
      if moves * (level.arcCount > Self.manyArcs ? 5 : Self.stillMoving) < level.nodeCount { break }
    }
    joinLeftovers()
    return Clusters(labels: labels)
  }

  /// Whether `node` chooses in `turn`.
  @inline(__always)
  private func hasTurn(_ node: Int, _ round: Int, _ turn: UInt64) -> Bool {
    mix64(UInt64(truncatingIfNeeded: node) ^ seed &+ UInt64(truncatingIfNeeded: round) &* 0x9E37_79B9_7F4A_7C15) & (Self.turns &- 1) == turn
  }

  private func choose(_ round: Int, _ turn: UInt64) {
    threads.forEachChunk(of: level.nodeCount, by: 4096) { nodes in
      pool.with { sums in
        let (wishes, isActive) = (wishes.pointer, isActive.pointer)
        for node in nodes {
          wishes[node] = Self.none
          guard isActive[node], hasTurn(node, round, turn) else { continue }
          if round > 0 { isActive[node] = false }
          wishes[node] = choice(of: node, sums) { loads.admits(node, to: Int($0)) }
        }
      }
    }
  }

  /// The cluster other than its own with which the edges of `node` weigh most, of those that `hasRoom`; `none` where it stays.
  @inline(__always)
  private func choice(of node: Int, _ sums: LabelWeights, _ hasRoom: (UInt32) -> Bool) -> UInt32 {
    let row = level.adjacency.row(node)
    let own = labels.pointer[node]
    var table = sums.table(row.count)
    table.add(row, of: level.adjacency, by: labels.pointer)
    var best = Self.none
    var bestSum = table.sum(of: own)
    var bestRank: UInt64 = .max  // Its own cluster is left for a better one, not for an equal one.
    for index in 0..<table.count {
      let (label, sum) = table[index]
      // A cluster is of the group of the node whose number it has.
      guard label != own, sum >= bestSum, limits.allow(node, with: Int(label)) else { continue }
      let rank = mix64(UInt64(label) ^ seed)
      if sum > bestSum || rank > bestRank, hasRoom(label) { (best, bestSum, bestRank) = (label, sum, rank) }
    }
    table.removeAll()
    return best
  }

  /// Moves nodes to the clusters that they chose while these have room; returns how many.
  private func grant(remembering: Bool) -> Int {
    var moves = 0
    let (wishes, labels) = (wishes.pointer, labels.pointer)
    for node in 0..<level.nodeCount {
      let wish = wishes[node]
      guard wish != Self.none, loads.admits(node, to: Int(wish)) else { continue }
      loads.move(node, from: Int(labels[node]), to: Int(wish))
      labels[node] = wish
      moves &+= 1
    }
    if remembering { wakeNeighbours() }
    return moves
  }

  /// Lets the neighbours of all nodes that have what they wished for choose again.
  private func wakeNeighbours() {
    let adjacency = level.adjacency
    threads.forEachChunk(of: level.nodeCount, by: 4096) { nodes in
      let (wishes, labels, isActive) = (wishes.pointer, labels.pointer, isActive.pointer)
      let neighbours = adjacency.neighbours.pointer
      for node in nodes where wishes[node] != Self.none && wishes[node] == labels[node] {
        // Several chunks may write the same byte: all write the same.
        for entry in adjacency.row(node) { isActive[Int(neighbours[entry])] = true }
      }
    }
  }

  /// Puts nodes that are still alone together with others that would go to the same full cluster, and nodes without neighbours together.
  private func joinLeftovers() {
    let nodes = level.nodeCount
    let members = Buffer<UInt32>(count: nodes)
    for node in 0..<nodes { members.pointer[Int(labels.pointer[node])] &+= 1 }
    threads.forEachChunk(of: nodes, by: 4096) { range in
      pool.with { sums in
        for node in range {
          wishes.pointer[node] = Self.none
          guard members.pointer[node] == 1, Int(labels.pointer[node]) == node else { continue }
          let wish = choice(of: node, sums) { _ in true }
          wishes.pointer[node] = wish == Self.none ? UInt32(truncatingIfNeeded: node) : wish
        }
      }
    }
    // By wished cluster, and by group for nodes without a wish: the node that waits for company.
    let waiting = Buffer<UInt32>(count: nodes)
    var lonely: [UInt32: UInt32] = [:]
    for node in 0..<nodes where wishes.pointer[node] != Self.none && members.pointer[node] == 1 {
      let wish = wishes.pointer[node]
      let isLonely = Int(wish) == node
      let group = isLonely ? limits.groups?.pointer[node] ?? 0 : 0
      let leader = isLonely ? lonely[group] ?? 0 : waiting.pointer[Int(wish)]
      if leader > 0, loads.admits(node, to: Int(leader &- 1)), limits.allow(node, with: Int(leader &- 1)) {
        loads.move(node, from: node, to: Int(leader &- 1))
        labels.pointer[node] = leader &- 1
      } else if isLonely {
        lonely[group] = UInt32(truncatingIfNeeded: node &+ 1)
      } else {
        waiting.pointer[Int(wish)] = UInt32(truncatingIfNeeded: node &+ 1)
      }
    }
  }
}
