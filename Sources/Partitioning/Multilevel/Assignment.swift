package import Tensors

/// The part of every node of a level, and what the parts hold. Letters: `k` parts, `C` constraints.
///
/// Confined to one caller at a time; parallel loops only read it.
package final class Assignment: @unchecked Sendable {
  // Sendable: see above.
  package let level: Level
  /// Shape (nodes).
  package let parts: Buffer<UInt16>
  /// Nodes of the level in each part, shape (k).
  private let counts: Buffer<Int>
  private let fill: PartFill

  var partCount: Int { counts.count }

  package init(_ level: Level, parts: Buffer<UInt16>) {
    precondition(parts.count == level.nodeCount, "\(parts.count) parts for \(level.nodeCount) nodes")
    self.level = level
    self.parts = parts
    counts = Buffer(count: level.loads.partCount)
    fill = PartFill(level.loads)
    for node in 0..<level.nodeCount {
      fill.add(node, to: Int(parts.pointer[node]))
      counts.pointer[Int(parts.pointer[node])] += 1
    }
  }

  /// The same assignment on the level below.
  func projected(to finer: Level, _ clusters: Clusters, _ threads: Threads) -> Assignment {
    let own = Buffer<UInt16>(count: finer.nodeCount)
    threads.forEachChunk(of: finer.nodeCount, by: 1 << 14) { nodes in
      for node in nodes { own.pointer[node] = parts.pointer[Int(clusters.ofNode.pointer[node])] }
    }
    return Assignment(finer, parts: own)
  }

  /// The same assignment on the coarsest level of a hierarchy none of whose clusters has nodes of several parts.
  func contracted(to hierarchy: Hierarchy) -> Assignment {
    var parts = parts
    for clusters in hierarchy.clusters {
      let coarse = Buffer<UInt16>(count: clusters.count)
      for node in 0..<parts.count { coarse.pointer[Int(clusters.ofNode.pointer[node])] = parts.pointer[node] }
      parts = coarse
    }
    return Assignment(hierarchy.levels[hierarchy.levels.count - 1], parts: Buffer(copying: parts.elements))
  }

  @inline(__always)
  func move(_ node: Int, to target: Int) {
    let source = Int(parts.pointer[node])
    fill.remove(node, from: source)
    fill.add(node, to: target)
    counts.pointer[source] &-= 1
    counts.pointer[target] &+= 1
    parts.pointer[node] = UInt16(truncatingIfNeeded: target)
  }

  /// Whether `node` may go to `target`: no limit of it is broken, and its own part keeps a node.
  @inline(__always)
  func admits(_ node: Int, to target: Int) -> Bool {
    counts.pointer[Int(parts.pointer[node])] > 1 && fill.admits(node, to: target)
  }

  /// Whether every part has a node and keeps every limit.
  package var isFeasible: Bool { counts.elements.allSatisfy { $0 > 0 } && fill.isWithinLimits }

  /// Weight of the edges between different parts, in either direction once. O(edges).
  package func cut(_ threads: Threads) -> Int {
    let chunk = 4096
    let sums = Buffer<Int>(count: (level.nodeCount + chunk - 1) / chunk)
    let (adjacency, parts) = (level.adjacency, parts)
    threads.forEachChunk(of: level.nodeCount, by: chunk) { nodes in
      let (parts, neighbours, weights) = (parts.pointer, adjacency.neighbours.pointer, adjacency.weights?.pointer)
      var sum = 0
      for node in nodes {
        let own = parts[node]
        for entry in adjacency.row(node) {
          // Without a branch: it could not be foreseen.
          let isCut = parts[Int(neighbours[entry])] == own ? 0 : -1
          sum &+= (weights.map { Int($0[entry]) } ?? 1) & isCut
        }
      }
      sums.pointer[nodes.lowerBound / chunk] = sum
    }
    return sums.elements.reduce(0, +) / 2
  }

  /// Brings the assignment within its limits where it is not.
  package func repair() {
    guard !isFeasible else { return }
    var repair = BalanceRepair(level.adjacency, loads: level.loads, parts: Array(parts.elements))
    guard repair.run() else { return }
    for node in 0..<level.nodeCount where parts.pointer[node] != repair.parts[node] { move(node, to: Int(repair.parts[node])) }
  }
}
