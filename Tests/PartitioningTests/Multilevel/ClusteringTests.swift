import Graphs
import Partitioning
import Tensors
import Testing

@Suite struct ClusteringTests {
  private func loads(_ clusters: Clusters, _ level: Level) -> [[Int]] {
    let columns = level.loads.values.count / level.nodeCount
    var sums = [[Int]](repeating: [Int](repeating: 0, count: columns), count: clusters.count)
    for node in 0..<level.nodeCount {
      for column in 0..<columns { sums[Int(clusters.ofNode[node])][column] += Int(level.loads.values[node * columns + column]) }
    }
    return sums
  }

  private func members(_ clusters: Clusters) -> [Int] {
    clusters.ofNode.elements.reduce(into: [Int](repeating: 0, count: clusters.count)) { $0[Int($1)] += 1 }
  }

  @Test func cliquesAreFound() throws {
    // Four cliques of five in a ring.
    var list: [(Int, Int)] = []
    for clique in 0..<4 {
      for a in 0..<5 { for b in 0..<a { list.append((5 * clique + a, 5 * clique + b)) } }
      list.append((5 * clique, (5 * clique + 7) % 20))
    }
    let level = try LevelGraphs.level(LevelGraphs.graph(20, list), k: 2, [(.nodes, 0.05)])
    var exact = 0
    for seed in 0..<8 as Range<UInt64> {
      let clusters = LabelClustering(level, limits: ClusterLimits(level.loads, pieces: 4), seed: seed, threads: Threads(1)).clusters()
      #expect(clusters.count <= 5, "seed \(seed)")
      if clusters.count == 4, (0..<20).allSatisfy({ clusters.ofNode[$0] == clusters.ofNode[$0 / 5 * 5] }) { exact += 1 }
    }
    #expect(exact >= 4, "a cluster may be full when the last of its clique would come")
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func limitsHoldAndThreadsDoNotMatter(seed: UInt64) throws {
    let level = try LevelGraphs.level(LevelGraphs.skewed(seed: seed, nodes: 5000))
    let limits = ClusterLimits(level.loads, pieces: 50)
    let clusters = LabelClustering(level, limits: limits, seed: seed, threads: Threads(1)).clusters()
    // A node that is larger than the limit by itself may have company that adds nothing to it.
    for (cluster, sums) in loads(clusters, level).enumerated() {
      for (column, limit) in limits.loads.enumerated() where sums[column] > limit {
        let own = (0..<level.nodeCount).filter { Int(clusters.ofNode[$0]) == cluster }.map { Int(level.loads.values[2 * $0 + column]) }
        #expect(own.max()! == sums[column])
      }
    }
    #expect(clusters.count < 2500)
    let again = LabelClustering(level, limits: limits, seed: seed, threads: Threads(3)).clusters()
    #expect(Array(again.ofNode.elements) == Array(clusters.ofNode.elements))
  }

  @Test func starsShrinkThoughTheirCentreIsFull() throws {
    let level = try LevelGraphs.level(LevelGraphs.graph(1001, (1...1000).map { ($0, 0) }), k: 2, [(.nodes, 0.05)])
    let clusters = LabelClustering(level, limits: ClusterLimits(level.loads, pieces: 100), seed: 1, threads: Threads(1)).clusters()
    #expect(clusters.count <= 110)
  }

  @Test func nodesWithoutNeighboursCometogether() throws {
    let level = try LevelGraphs.level(LevelGraphs.graph(1000, []), k: 2, [(.nodes, 0.05)])
    let clusters = LabelClustering(level, limits: ClusterLimits(level.loads, pieces: 100), seed: 1, threads: Threads(1)).clusters()
    #expect(clusters.count == 100)
  }

  @Test(arguments: [false, true])
  func groupsStayApart(matches: Bool) throws {
    let level = try LevelGraphs.level(LevelGraphs.grid(30, 30))
    let groups = Buffer(copying: (0..<900).map { UInt32($0 % 30 / 7) })
    let limits = ClusterLimits(level.loads, pieces: 20, groups: groups)
    let clusters =
      matches
      ? HeavyEdgeMatching(level, limits: limits, seed: 1, threads: Threads(2)).clusters()
      : LabelClustering(level, limits: limits, seed: 1, threads: Threads(2)).clusters()
    #expect(clusters.count < 700)
    var group = [UInt32?](repeating: nil, count: clusters.count)
    for node in 0..<900 {
      let cluster = Int(clusters.ofNode[node])
      #expect(group[cluster] == nil || group[cluster] == groups[node])
      group[cluster] = groups[node]
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func matchingsJoinNeighboursInPairs(seed: UInt64) throws {
    let level = try LevelGraphs.level(LevelGraphs.grid(40, 25))
    let limits = ClusterLimits(level.loads, pieces: 20)
    let clusters = HeavyEdgeMatching(level, limits: limits, seed: seed, threads: Threads(1)).clusters()
    #expect(members(clusters).allSatisfy { $0 <= 2 })
    #expect(clusters.count < 650)
    let again = HeavyEdgeMatching(level, limits: limits, seed: seed, threads: Threads(3)).clusters()
    #expect(Array(again.ofNode.elements) == Array(clusters.ofNode.elements))
    let arcs = Set(LevelGraphs.arcs(level).map { SIMD2($0.0, $0.1) })
    for a in 0..<1000 {
      for b in 0..<a where clusters.ofNode[a] == clusters.ofNode[b] { #expect(arcs.contains(SIMD2(a, b))) }
    }
  }

  @Test func heavyEdgesAreJoinedFirst() throws {
    // A path 0 … 3 whose middle edge occurs twice.
    let level = try LevelGraphs.level(LevelGraphs.graph(4, [(0, 1), (1, 2), (2, 1), (2, 3)]), k: 1, [(.nodes, 0.05)])
    let clusters = HeavyEdgeMatching(level, limits: ClusterLimits(level.loads, pieces: 2), seed: 5, threads: Threads(1)).clusters()
    #expect(Array(clusters.ofNode.elements) == [0, 1, 1, 2])
  }
}
