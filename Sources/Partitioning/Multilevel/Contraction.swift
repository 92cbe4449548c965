package import Tensors

/// Makes the graph of clusters: loads and parallel edges are added up, edges inside a cluster vanish.
///
/// A coarse node's neighbours stand in the order in which its members, by number, meet them: a pure function of graph and clusters.
package struct Contraction: Sendable {
  private let level: Level
  private let clusters: Clusters
  private let storage: ArrayStorage
  private let threads: Threads
  /// Arcs of the members of the coarse nodes that are made at a time, about.
  private static let pieceArcs = 1 << 19

  /// - Parameter storage: Where the arcs of the coarse nodes lie.
  package init(level: Level, clusters: Clusters, storage: ArrayStorage = .memory, threads: Threads) {
    self.level = level
    self.clusters = clusters
    self.storage = storage
    self.threads = threads
  }

  /// - Complexity: O(nodes + edges) time; besides the result 4 bytes a node, 8 bytes a coarse node and 8 MiB for each thread.
  /// - Throws: `SystemError` when a file cannot be written.
  package func coarse() throws -> Level {
    let (bounds, members) = bucketed()
    return Level(adjacency: try adjacency(bounds, members), loads: coarseLoads(), sizes: coarseSizes())
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

  /// Rows of consecutive coarse nodes; its memory is used again for later ones.
  private final class Piece: @unchecked Sendable {
    // Sendable: filled by one chunk of a loop, emptied after the loop.
    private(set) var rows = 0..<0
    let degrees = GrowingBuffer<Int32>()
    let neighbours = GrowingBuffer<Int32>()
    let weights = GrowingBuffer<Int32>()

    /// - Parameter arcs: More neighbours than these it cannot have; pages that are not written take no memory.
    func begin(_ rows: Range<Int>, arcs: Int) {
      self.rows = rows
      degrees.reset(to: rows.count)
      neighbours.reset(to: arcs)
      weights.reset(to: arcs)
      neighbours.removeAll()
      weights.removeAll()
    }
  }

  /// The rows of all coarse nodes, some pieces at a time.
  private func adjacency(_ bounds: Buffer<Int>, _ members: Buffer<UInt32>) throws -> Adjacency {
    let offsets = Buffer<Int32>(count: clusters.count + 1)
    let neighbours = try BufferWriter<Int32>(atMost: level.arcCount, storage: storage)
    let weights = try BufferWriter<Int32>(atMost: level.arcCount, storage: storage)
    let scratch = (0..<2 * threads.count).map { _ in Piece() }
    var first = 0
    while first < clusters.count {
      var filled = 0
      while filled < scratch.count, first < clusters.count {
        let (rows, arcs) = piece(from: first, bounds, members)
        scratch[filled].begin(rows, arcs: arcs)
        filled += 1
        first = rows.upperBound
      }
      threads.forEach(filled) { fill(scratch[$0], bounds, members) }
      try withExtendedLifetime(scratch) {
        for piece in scratch[..<filled] {
          for (index, row) in piece.rows.enumerated() {
            offsets.pointer[row &+ 1] = offsets.pointer[row] &+ piece.degrees.pointer[index]
          }
        }
        try neighbours.append(scratch[..<filled].map(\.neighbours.readOnly), threads: threads)
        try weights.append(scratch[..<filled].map(\.weights.readOnly), threads: threads)
      }
    }
    return Adjacency(offsets: offsets, neighbours: try neighbours.finish(), weights: try weights.finish())
  }

  /// The next coarse nodes whose members have many arcs together, and how many.
  private func piece(from first: Int, _ bounds: Buffer<Int>, _ members: Buffer<UInt32>) -> (rows: Range<Int>, arcs: Int) {
    var (last, arcs) = (first, 0)
    while last < clusters.count, arcs < Self.pieceArcs {
      for member in bounds.pointer[last]..<bounds.pointer[last &+ 1] {
        arcs &+= level.adjacency.row(Int(members.pointer[member])).count
      }
      last &+= 1
    }
    return (first..<last, arcs)
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
    var table = sums.table(min(arcs, clusters.count))
    for member in range { table.add(adjacency.row(Int(members[member])), of: adjacency, by: ofNode) }
    let begin = piece.neighbours.count
    piece.neighbours.resize(to: begin + table.count)
    piece.weights.resize(to: begin + table.count)
    let (neighbours, weights) = (piece.neighbours.pointer + begin, piece.weights.pointer + begin)
    var count = 0
    for index in 0..<table.count {
      let (label, sum) = table[index]
      guard label != own else { continue }
      neighbours[count] = Int32(truncatingIfNeeded: label)
      weights[count] = sum
      count &+= 1
    }
    table.removeAll()
    piece.neighbours.resize(to: begin + count)
    piece.weights.resize(to: begin + count)
    return count
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
