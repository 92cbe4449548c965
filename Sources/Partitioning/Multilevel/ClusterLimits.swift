package import Tensors

/// How large a cluster may grow, and which nodes may share one.
package struct ClusterLimits: Sendable {
  /// Most that a cluster may hold of each constraint, shape (C); a single node may hold more.
  package let loads: [Int]
  /// Nodes of different groups never share a cluster, shape (nodes); `nil`: all may.
  var groups: Buffer<UInt32>?

  /// Limits under which at least `pieces` clusters are needed to hold the graph.
  package init(_ loads: NodeLoads, pieces: Int, groups: Buffer<UInt32>? = nil) {
    self.loads = loads.totals.map { max(1, $0 / max(1, pieces)) }
    self.groups = groups
  }

  @inline(__always)
  func allow(_ a: Int, with b: Int) -> Bool { groups.map { $0.pointer[a] == $0.pointer[b] } ?? true }
}

/// What the clusters hold while nodes move between them, shape (clusters, C).
struct ClusterLoads: Sendable {
  private let loads: NodeLoads
  private let columns: Int
  private let held: Buffer<Int>
  private let limits: Buffer<Int>

  /// Every node is a cluster of its own.
  init(_ loads: NodeLoads, limits: ClusterLimits) {
    self.loads = loads
    columns = loads.constraintCount
    held = Buffer(count: loads.nodeCount * columns)
    for index in 0..<held.count { held.pointer[index] = Int(loads.values.pointer[index]) }
    self.limits = Buffer(copying: limits.loads)
  }

  @inline(__always)
  func admits(_ node: Int, to cluster: Int) -> Bool {
    let (own, held, limits) = (loads.row(node), held.pointer + cluster &* columns, limits.pointer)
    for column in 0..<columns where own[column] > 0 && held[column] &+ Int(own[column]) > limits[column] { return false }
    return true
  }

  @inline(__always)
  func move(_ node: Int, from source: Int, to target: Int) {
    let own = loads.row(node)
    let (from, to) = (held.pointer + source &* columns, held.pointer + target &* columns)
    for column in 0..<columns {
      from[column] &-= Int(own[column])
      to[column] &+= Int(own[column])
    }
  }
}
