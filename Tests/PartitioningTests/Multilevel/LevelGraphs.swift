import Graphs
import Partitioning
import Partitions
import Tensors

/// Levels for tests, and what is true of them by definition.
enum LevelGraphs {
  static func graph(_ count: Int, _ list: [(Int, Int)]) -> RawGraph {
    let edges = EdgeList(sources: ArrayView(list.map { UInt32($0.0) }), destinations: ArrayView(list.map { UInt32($0.1) }))
    return RawGraph(name: "small", schema: .plain, nodes: [NodeData(count: count)], edges: [edges])
  }

  static func level(
    _ graph: RawGraph, k: Int = 2, _ targets: [(constraint: BalanceConstraint, tolerance: Double)] = [(.nodes, 0.05), (.edges, 0.05)]
  ) throws -> Level {
    Level(
      try Adjacency(graph, threads: Threads(1)), NodeLoads(graph, targets: targets, partCount: k, threads: Threads(1)))
  }

  /// A grid of `width` × `height` nodes.
  static func grid(_ width: Int, _ height: Int) -> RawGraph {
    var list: [(Int, Int)] = []
    for y in 0..<height {
      for x in 0..<width {
        if x + 1 < width { list.append((y * width + x, y * width + x + 1)) }
        if y + 1 < height { list.append((y * width + x, (y + 1) * width + x)) }
      }
    }
    return graph(width * height, list)
  }

  /// A random graph of two hubs and a sparse rest.
  static func skewed(seed: UInt64, nodes: Int) -> RawGraph {
    let key = RandomKey(seed: seed, purpose: .generator)
    var list: [(Int, Int)] = []
    for node in 2..<nodes {
      let bits = key.bits(id: UInt64(node), step: 0)
      list.append((node, Int(bits[0] & 1)))
      list.append((node, Int(boundedIndex(bits[1], below: UInt32(nodes)))))
      if bits[2] & 1 == 0 { list.append((Int(boundedIndex(bits[3], below: UInt32(nodes))), node)) }
    }
    return graph(nodes, list)
  }

  /// Weight between every two different clusters, from the edges of `level` one by one.
  static func weights(between clusters: [UInt32], _ level: Level) -> [SIMD2<Int>: Int] {
    var sums: [SIMD2<Int>: Int] = [:]
    for (node, neighbour, weight) in arcs(level) where clusters[node] != clusters[neighbour] {
      sums[SIMD2(Int(clusters[node]), Int(clusters[neighbour])), default: 0] += weight
    }
    return sums
  }

  static func arcs(_ level: Level) -> [(Int, Int, Int)] {
    let adjacency = level.adjacency
    return (0..<level.nodeCount).flatMap { node in
      (Int(adjacency.offsets[node])..<Int(adjacency.offsets[node + 1])).map { entry in
        (node, Int(adjacency.neighbours[entry]), adjacency.weights.map { Int($0[entry]) } ?? 1)
      }
    }
  }

  static func cut(_ parts: [UInt16], _ level: Level) -> Int {
    arcs(level).reduce(0) { $0 + (parts[$1.0] == parts[$1.1] ? 0 : $1.2) } / 2
  }
}
