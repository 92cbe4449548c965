package import Tensors

/// Makes the graph of clusters: loads and parallel edges are added up, edges inside a cluster vanish.
///
/// A coarse node's neighbours stand in the order in which its members, by number, meet them: a pure function of graph and clusters.
package struct Contraction: Sendable {
  private let level: Level
  private let clusters: Clusters
  private let threads: Threads
  /// Arcs of the members of the coarse nodes that are made at a time, about.
  private static let pieceArcs = 1 << 19

  package init(level: Level, clusters: Clusters, threads: Threads) {
    self.level = level
    self.clusters = clusters
    self.threads = threads
  }

  /// - Complexity: O(nodes + edges) time; besides the result 4 bytes a node and 8 bytes a coarse node.
  package func coarse() -> Level {
    let (bounds, members) = bucketed()
    let pieces = pieces(bounds, members)
    threads.forEach(pieces.count) { fill(pieces[$0], bounds, members) }
    return Level(adjacency: joined(pieces), loads: coarseLoads(), sizes: coarseSizes())
  }

  /// The members of every cluster, by number.
  private func bucketed() -> (bounds: Buffer<Int>, members: Buffer<UInt32>) {
    let bounds = Buffer<Int>(count: clusters.count + 2)
    let ofNode = clusters.ofNode.pointer
    let nodes = level.nodeCount
    for node in 0..<nodes { bounds.pointer[Int(ofNode[node]) &+ 2] &+= 1 }
    for cluster in 0..<clusters.count { bounds.pointer[cluster &+ 2] &+= bounds.pointer[cluster &+ 1] }
    let members = Buffer<UInt32>(count: nodes)
    for node in 0..<nodes {
      let cluster = Int(ofNode[node])
      members.pointer[bounds.pointer[cluster &+ 1]] = UInt32(truncatingIfNeeded: node)
      bounds.pointer[cluster &+ 1] &+= 1
    }
    return (bounds, members)
  }

  /// Rows of consecutive coarse nodes.
  private final class Piece: @unchecked Sendable {
    // Sendable: filled by one chunk of a loop, emptied by one of the next.
    let rows: Range<Int>
    let degrees: Buffer<Int32>
    private(set) var neighbours = GrowingBuffer<Int32>()
    private(set) var weights = GrowingBuffer<Int32>()

    /// - Parameter arcs: More neighbours than these it cannot have; pages that are not written take no memory.
    init(rows: Range<Int>, arcs: Int) {
      self.rows = rows
      degrees = Buffer(count: rows.count)
      neighbours.reserve(arcs)
      weights.reserve(arcs)
    }

    func giveBackMemory() {
      neighbours = GrowingBuffer()
      weights = GrowingBuffer()
    }
  }

  /// Empty pieces for all coarse nodes.
  private func pieces(_ bounds: Buffer<Int>, _ members: Buffer<UInt32>) -> [Piece] {
    var pieces: [Piece] = []
    var (first, arcs) = (0, 0)
    for cluster in 0..<clusters.count {
      for member in bounds.pointer[cluster]..<bounds.pointer[cluster &+ 1] {
        arcs &+= level.adjacency.row(Int(members.pointer[member])).count
      }
      guard arcs >= Self.pieceArcs || cluster == clusters.count - 1 else { continue }
      pieces.append(Piece(rows: first..<cluster + 1, arcs: arcs))
      (first, arcs) = (cluster + 1, 0)
    }
    return pieces
  }

  private func fill(_ piece: Piece, _ bounds: Buffer<Int>, _ members: Buffer<UInt32>) {
    let sums = LabelWeights()
    for cluster in piece.rows {
      let count = append(cluster, members.pointer, bounds.pointer[cluster]..<bounds.pointer[cluster &+ 1], sums, to: piece)
      piece.degrees.pointer[cluster &- piece.rows.lowerBound] = Int32(truncatingIfNeeded: count)
    }
  }

  /// Appends the row of one coarse node; returns its neighbours' number.
  private func append(
    _ cluster: Int, _ members: UnsafePointer<UInt32>, _ range: Range<Int>, _ sums: LabelWeights, to piece: Piece
  ) -> Int {
    let adjacency = level.adjacency
    let ofNode = clusters.ofNode.pointer
    let own = UInt32(truncatingIfNeeded: cluster)
    var arcs = 0
    for member in range { arcs &+= adjacency.row(Int(members[member])).count }
    sums.reserve(min(arcs, clusters.count))
    for member in range {
      for entry in adjacency.row(Int(members[member])) {
        let other = ofNode[Int(adjacency.neighbours.pointer[entry])]
        if other != own { sums.add(other, adjacency.weight(entry)) }
      }
    }
    let begin = piece.neighbours.count
    piece.neighbours.resize(to: begin + sums.count)
    piece.weights.resize(to: begin + sums.count)
    for index in 0..<sums.count {
      let (label, sum) = sums[index]
      piece.neighbours.pointer[begin &+ index] = Int32(truncatingIfNeeded: label)
      piece.weights.pointer[begin &+ index] = Int32(truncatingIfNeeded: sum)
    }
    let count = sums.count
    sums.removeAll()
    return count
  }

  /// Puts the rows of all pieces behind each other; each gives its memory back as it is copied.
  private func joined(_ pieces: [Piece]) -> Adjacency {
    let offsets = Buffer<Int32>(count: clusters.count + 1)
    var sum: Int32 = 0
    for piece in pieces {
      for row in piece.rows {
        sum &+= piece.degrees.pointer[row &- piece.rows.lowerBound]
        offsets.pointer[row &+ 1] = sum
      }
    }
    let neighbours = Buffer<Int32>(count: Int(sum))
    let weights = Buffer<Int32>(count: Int(sum))
    threads.forEach(pieces.count) { index in
      let piece = pieces[index]
      let begin = Int(offsets.pointer[piece.rows.lowerBound])
      (neighbours.pointer + begin).update(from: piece.neighbours.pointer, count: piece.neighbours.count)
      (weights.pointer + begin).update(from: piece.weights.pointer, count: piece.weights.count)
      piece.giveBackMemory()
    }
    return Adjacency(offsets: offsets, neighbours: neighbours, weights: weights)
  }

  private func coarseLoads() -> NodeLoads {
    let columns = level.loads.constraintCount
    let values = Buffer<UInt32>(count: clusters.count * columns)
    for node in 0..<level.nodeCount {
      let coarse = values.pointer + Int(clusters.ofNode.pointer[node]) &* columns
      let own = level.loads.row(node)
      for column in 0..<columns { coarse[column] &+= own[column] }
    }
    return NodeLoads(values: values, of: level.loads)
  }

  private func coarseSizes() -> Buffer<UInt32> {
    let sizes = Buffer<UInt32>(count: clusters.count)
    for node in 0..<level.nodeCount { sizes.pointer[Int(clusters.ofNode.pointer[node])] &+= level.sizes.pointer[node] }
    return sizes
  }
}
