package import Tensors

/// Clusters of at most two neighbours: every round each free node proposes to the best of its free neighbours, and those who propose to
/// each other are joined. The better of two edges has more weight for the nodes that it joins, `w² / (s_u · s_v)`.
///
/// Equal edges are ordered by a hash, the same from both ends: a round joins at least the best edge of all, and in practice many. The
/// result does not depend on the number of threads. Locally dominant matching: Preis, STACS 1999; rating: Holtgrewe, Sanders, Schulz
/// 2010, arXiv:0910.2004.
///
/// - Complexity: O(rounds · edges) time; 8 bytes a node.
package struct HeavyEdgeMatching: Sendable {
  private let level: Level
  private let limits: ClusterLimits
  private let seed: UInt64
  private let threads: Threads
  /// The other node of the pair; itself while free.
  private let partner: Buffer<UInt32>
  private let proposals: Buffer<UInt32>

  private static let rounds = 8
  private static let none = UInt32.max

  package init(_ level: Level, limits: ClusterLimits, seed: UInt64, threads: Threads) {
    self.level = level
    self.limits = limits
    self.seed = seed
    self.threads = threads
    partner = Buffer(count: level.nodeCount)
    for node in 0..<level.nodeCount { partner.pointer[node] = UInt32(truncatingIfNeeded: node) }
    proposals = Buffer(count: level.nodeCount)
  }

  package func clusters() -> Clusters {
    for _ in 0..<Self.rounds {
      threads.forEachChunk(of: level.nodeCount, by: 4096) { nodes in
        for node in nodes { proposals.pointer[node] = isFree(node) ? proposal(of: node) : Self.none }
      }
      var joined = 0
      for node in 0..<level.nodeCount {
        let other = proposals.pointer[node]
        guard other != Self.none, Int(other) > node, proposals.pointer[Int(other)] == UInt32(truncatingIfNeeded: node) else { continue }
        partner.pointer[node] = other
        partner.pointer[Int(other)] = UInt32(truncatingIfNeeded: node)
        joined &+= 1
      }
      if joined == 0 { break }
    }
    let labels = Buffer<UInt32>(count: level.nodeCount)
    for node in 0..<level.nodeCount { labels.pointer[node] = min(UInt32(truncatingIfNeeded: node), partner.pointer[node]) }
    return Clusters(labels: labels)
  }

  @inline(__always)
  private func isFree(_ node: Int) -> Bool { Int(partner.pointer[node]) == node }

  /// The free neighbour at the best edge; `none` without one.
  private func proposal(of node: Int) -> UInt32 {
    let adjacency = level.adjacency
    let size = Double(level.sizes.pointer[node])
    var best = Self.none
    var bestRating = -1.0
    var bestRank: UInt64 = 0
    for entry in adjacency.row(node) {
      let other = Int(adjacency.neighbours.pointer[entry])
      guard isFree(other), limits.allow(node, with: other), fits(node, other) else { continue }
      let weight = Double(adjacency.weight(entry))
      // The product is taken first: it is the same from both ends.
      let rating = weight * weight / (size * Double(level.sizes.pointer[other]))
      guard rating >= bestRating else { continue }
      let rank = rank(node, other)
      if rating > bestRating || rank > bestRank {
        (best, bestRating, bestRank) = (UInt32(truncatingIfNeeded: other), rating, rank)
      }
    }
    return best
  }

  /// A number for the pair, from either end.
  @inline(__always)
  private func rank(_ a: Int, _ b: Int) -> UInt64 {
    mix64(UInt64(truncatingIfNeeded: min(a, b)) &<< 32 ^ UInt64(truncatingIfNeeded: max(a, b)) ^ seed)
  }

  @inline(__always)
  private func fits(_ a: Int, _ b: Int) -> Bool {
    let (left, right) = (level.loads.row(a), level.loads.row(b))
    for (column, limit) in limits.loads.enumerated() where Int(left[column]) + Int(right[column]) > limit { return false }
    return true
  }
}
