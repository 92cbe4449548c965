package import Tensors

/// A graph of the hierarchy: its nodes are clusters of the nodes of the level below.
package struct Level: Sendable {
  package let adjacency: Adjacency
  package let loads: NodeLoads
  /// Nodes of the finest graph in each node, shape (nodes).
  package let sizes: Buffer<UInt32>

  package var nodeCount: Int { adjacency.nodeCount }
  var arcCount: Int { adjacency.neighbours.count }

  /// The finest level.
  package init(_ adjacency: Adjacency, _ loads: NodeLoads) {
    self.adjacency = adjacency
    self.loads = loads
    sizes = Buffer(count: adjacency.nodeCount)
    sizes.pointer.update(repeating: 1, count: adjacency.nodeCount)
  }

  init(adjacency: Adjacency, loads: NodeLoads, sizes: Buffer<UInt32>) {
    self.adjacency = adjacency
    self.loads = loads
    self.sizes = sizes
  }

  /// Whether nodes have few neighbours, and none far more than the mean, as in meshes: there matchings keep the shape of what they
  /// contract; elsewhere they leave most nodes alone or miss what hangs together.
  var isMeshLike: Bool {
    adjacency.mostNeighbours * nodeCount <= 16 * arcCount && arcCount <= 16 * nodeCount
  }
}

extension Adjacency {
  /// Whether some node has a hundred times as many neighbours as the mean.
  var isSkewed: Bool { mostNeighbours * nodeCount > 100 * neighbours.count }

  fileprivate var mostNeighbours: Int {
    var largest: Int32 = 0
    for node in 0..<nodeCount { largest = max(largest, offsets.pointer[node &+ 1] &- offsets.pointer[node]) }
    return Int(largest)
  }
}

/// Which coarse node each node of a level went to.
package struct Clusters: Sendable {
  /// Number of coarse nodes.
  package let count: Int
  /// Shape (nodes), each below `count`; numbered by first appearance.
  package let ofNode: Buffer<UInt32>

  /// Numbers the clusters that `labels` name, each by the number of one of the level's nodes.
  package init(labels: Buffer<UInt32>) {
    let nodes = labels.count
    let numbers = Buffer<UInt32>(count: nodes)
    ofNode = Buffer(count: nodes)
    var count: UInt32 = 0
    for node in 0..<nodes {
      let label = Int(labels.pointer[node])
      if numbers.pointer[label] == 0 {
        count &+= 1
        numbers.pointer[label] = count
      }
      ofNode.pointer[node] = numbers.pointer[label] &- 1
    }
    self.count = Int(count)
  }

  /// The level's nodes, cluster after cluster in the order given, those of a cluster by number.
  func members(inOrder order: Buffer<UInt32>) -> Buffer<UInt32> {
    let starts = Buffer<Int>(count: count)
    for node in 0..<ofNode.count { starts.pointer[Int(ofNode.pointer[node])] &+= 1 }
    var next = 0
    for cluster in order.elements {
      let size = starts.pointer[Int(cluster)]
      starts.pointer[Int(cluster)] = next
      next += size
    }
    let members = Buffer<UInt32>(count: ofNode.count)
    for node in 0..<ofNode.count {
      let cluster = Int(ofNode.pointer[node])
      members.pointer[starts.pointer[cluster]] = UInt32(truncatingIfNeeded: node)
      starts.pointer[cluster] &+= 1
    }
    return members
  }
}
