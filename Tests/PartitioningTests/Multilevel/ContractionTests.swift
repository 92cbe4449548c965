import Partitioning
import Tensors
import Testing

@Suite struct ContractionTests {
  @Test func squareOfTwoPairs() throws {
    // 0-1 and 2-3 are joined; the edges 1-2 and 3-0 become one of weight 2.
    let level = try LevelGraphs.level(LevelGraphs.graph(4, [(0, 1), (1, 2), (2, 3), (3, 0)]))
    let clusters = Clusters(labels: Buffer(copying: [1, 1, 3, 3] as [UInt32]))
    #expect(clusters.count == 2)
    #expect(Array(clusters.ofNode.elements) == [0, 0, 1, 1])
    let coarse = try Contraction(level: level, clusters: clusters, threads: Threads(1)).coarse()
    #expect(Array(coarse.adjacency.offsets.elements) == [0, 1, 2])
    #expect(Array(coarse.adjacency.neighbours.elements) == [1, 0])
    #expect(coarse.adjacency.weights.map { Array($0.elements) } == [2, 2])
    #expect(Array(coarse.sizes.elements) == [2, 2])
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func coarseGraphsHoldTheWeightsBetweenClusters(seed: UInt64) throws {
    var random = RandomGraphs(seed: seed)
    let graph = random.graph()
    let level = try LevelGraphs.level(graph, k: 1, [(.nodes, 0.05)])
    let labels = (0..<level.nodeCount).map { UInt32(random.next(below: $0 + 1)) }
    var named = labels  // A label is the number of a node with that label.
    for node in named.indices { named[node] = UInt32(labels.firstIndex(of: labels[node])!) }
    let clusters = Clusters(labels: Buffer(copying: named))
    let ofNode = Array(clusters.ofNode.elements)
    let coarse = try Contraction(level: level, clusters: clusters, threads: Threads(3)).coarse()
    #expect(coarse.nodeCount == Set(labels).count)
    var found: [SIMD2<Int>: Int] = [:]
    for (node, neighbour, weight) in LevelGraphs.arcs(coarse) {
      #expect(found.updateValue(weight, forKey: SIMD2(node, neighbour)) == nil, "an edge twice")
    }
    #expect(found == LevelGraphs.weights(between: ofNode, level))
    for cluster in 0..<coarse.nodeCount {
      let members = ofNode.indices.filter { ofNode[$0] == UInt32(cluster) }
      #expect(Int(coarse.sizes[cluster]) == members.count)
      #expect(coarse.loads.values[cluster] == UInt32(members.count))
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func rowsOfThousandsAreAddedUp(seed: UInt64) throws {
    // Two hubs with some fifteen hundred neighbours each; clusters of consecutive nodes, some weights above one.
    let level = try LevelGraphs.level(LevelGraphs.skewed(seed: seed, nodes: 3000), k: 1, [(.nodes, 0.05)])
    let size = 1 + 3 * Int(seed)
    let clusters = Clusters(labels: Buffer(copying: (0..<3000).map { UInt32($0 / size * size) }))
    let coarse = try Contraction(level: level, clusters: clusters, threads: Threads(2)).coarse()
    var found: [SIMD2<Int>: Int] = [:]
    for (node, neighbour, weight) in LevelGraphs.arcs(coarse) { found[SIMD2(node, neighbour), default: 0] += weight }
    #expect(found == LevelGraphs.weights(between: (0..<3000).map { UInt32($0 / size) }, level))
  }
}
