public import Tensors

extension Generators {
  /// A recursive-matrix graph: few nodes with very many edges, many with few, as in social and web graphs.
  ///
  /// Each edge descends log₂ n levels of the adjacency matrix and picks one of four quadrants on each, with probability
  /// `a` (low source, low destination), `b` (low, high), `c` (high, low) or 1 − a − b − c, in steps of 2⁻¹⁶. An edge outside
  /// the first `nodes` rows and columns is drawn again, so any number of nodes is possible. Ids are then permuted at random:
  /// hubs are not neighbours in memory. Edges may repeat, and may be loops. Labels and features are random, without relation
  /// to the structure.
  ///
  /// Chakrabarti, Zhan, Faloutsos, "R-MAT: A recursive model for graph mining", SDM 2004; default parameters of Graph500.
  public struct RMAT: Sendable, Equatable {
    public var nodes: Int
    /// Directed edges.
    public var edges: Int
    public var a = 0.57
    public var b = 0.19
    public var c = 0.19
    /// Columns of the table `feat`, float32, uniform in [−1, 1); 0 makes no table.
    public var features = 0
    /// Columns of the edges' table `feat`, likewise.
    public var edgeFeatures = 0
    /// Classes of the labels, uniform; 0 makes no labels and no split.
    public var classes = 0
    public var split = SplitFractions()
    public var seed: UInt64

    public init(nodes: Int, edges: Int, seed: UInt64) {
      self.nodes = nodes
      self.edges = edges
      self.seed = seed
    }

    /// Makes the graph; O(edges · log nodes + nodes · features) work, spread over `threads`.
    ///
    /// - Throws: `InputError` when a size or probability is impossible.
    public func generate(threads: Threads) throws -> RawGraph {
      try validate()
      let permutation = Generators.permutation(of: nodes, seed: seed, .permutation)
      let sources = Buffer<UInt32>(count: edges)
      let destinations = Buffer<UInt32>(count: edges)
      let matrix = RecursiveMatrix(nodes: UInt32(nodes), a: a, b: b, c: c, key: Generators.key(seed, .edges))
      threads.forEachChunk(of: edges, by: 1 << 16) { range in
        for edge in range {
          let (source, destination) = matrix.edge(edge)
          sources.pointer[edge] = permutation.pointer[Int(source)]
          destinations.pointer[edge] = permutation.pointer[Int(destination)]
        }
      }
      var data = NodeData(count: nodes)
      if features > 0 { data.tables["feat"] = .dense(uniformRows(nodes, width: features, .features, threads: threads)) }
      if classes > 0 {
        data.labels = uniformLabels(threads: threads).view
        data.classCount = classes
        data.split = split.split(nodes, seed: seed)
      }
      var list = EdgeList(sources: sources.view, destinations: destinations.view)
      if edgeFeatures > 0 { list.tables["feat"] = .dense(uniformRows(edges, width: edgeFeatures, .edgeFeatures, threads: threads)) }
      return RawGraph(
        name: "rmat-\(nodes)-\(edges)", schema: .plain, nodes: [data],
        edges: [list])
    }

    private func validate() throws {
      func check(_ condition: Bool, _ name: String, _ expected: String, _ found: some CustomStringConvertible) throws {
        if !condition { throw InputError("rmat \(name)", expected: expected, found: "\(found)") }
      }
      try check(nodes >= 1 && nodes <= Generators.mostNodes, "nodes", "1 to \(Generators.mostNodes)", nodes)
      try check(edges >= 0, "edges", "0 or more", edges)
      try check(features >= 0, "features", "0 or more", features)
      try check(edgeFeatures >= 0, "edge features", "0 or more", edgeFeatures)
      try check(classes >= 0 && classes <= Int(Int32.max), "classes", "0 to \(Int32.max)", classes)
      let d = 1 - a - b - c
      // An edge is drawn again while it lies outside the nodes; a heavy enough first quadrant ends that.
      try check(a >= 0.05 && b >= 0 && c >= 0 && d >= -1e-9, "probabilities", "a ≥ 0.05, b ≥ 0, c ≥ 0, a + b + c ≤ 1", "\(a), \(b), \(c)")
      try split.validate()
    }

    private func uniformRows(_ count: Int, width: Int, _ stream: Stream, threads: Threads) -> DenseRows {
      let key = Generators.key(seed, stream)
      let rows = Buffer<Float>(count: count * width)
      threads.forEachChunk(of: count, by: 1024) { range in
        for row in range {
          let target = rows.pointer + row * width
          for first in stride(from: 0, to: width, by: 4) {
            let bits = key.bits(id: UInt64(row), step: 0, block: UInt32(first / 4))
            for lane in 0..<min(4, width - first) { target[first + lane] = 2 * unitFloat(bits[lane]) - 1 }
          }
        }
      }
      return DenseRows(floats: rows, rows: count, columns: width)
    }

    private func uniformLabels(threads: Threads) -> Buffer<Int32> {
      let key = Generators.key(seed, .labels)
      let labels = Buffer<Int32>(count: nodes)
      threads.forEachChunk(of: nodes, by: 1 << 14) { range in
        for node in range {
          labels.pointer[node] = Int32(Generators.bounded(key.bits(id: UInt64(node), step: 0), below: UInt64(classes)).index)
        }
      }
      return labels
    }
  }

  /// The recursive matrix of `RMAT` before the permutation.
  private struct RecursiveMatrix: Sendable {
    let nodes: UInt32
    let levels: Int
    let key: RandomKey
    // Upper ends of the quadrants a, b and c among 2¹⁶ equally likely draws.
    let endA: UInt32
    let endB: UInt32
    let endC: UInt32

    init(nodes: UInt32, a: Double, b: Double, c: Double, key: RandomKey) {
      self.nodes = nodes
      levels = UInt32.bitWidth - (nodes - 1).leadingZeroBitCount
      self.key = key
      endA = UInt32((a * 65_536).rounded())
      endB = UInt32(((a + b) * 65_536).rounded())
      endC = UInt32(((a + b + c) * 65_536).rounded())
    }

    func edge(_ number: Int) -> (source: UInt32, destination: UInt32) {
      var attempt: UInt32 = 0
      while true {
        let (source, destination) = draw(number, attempt)
        if source < nodes && destination < nodes { return (source, destination) }
        attempt &+= 1
      }
    }

    @inline(__always)
    private func draw(_ number: Int, _ attempt: UInt32) -> (source: UInt32, destination: UInt32) {
      var source: UInt32 = 0
      var destination: UInt32 = 0
      var level = 0
      while level < levels {
        // One Philox block decides eight levels with 16 bits each.
        let bits = key.bits(id: UInt64(number), step: attempt, block: UInt32(truncatingIfNeeded: level &>> 3))
        descend(UInt64(bits[1]) << 32 | UInt64(bits[0]), min(4, levels &- level), &source, &destination)
        descend(UInt64(bits[3]) << 32 | UInt64(bits[2]), min(4, max(0, levels &- level &- 4)), &source, &destination)
        level &+= 8
      }
      return (source, destination)
    }

    /// Goes `levels` levels down, 16 bits of `draws` each from the low end.
    @inline(__always)
    private func descend(_ draws: UInt64, _ levels: Int, _ source: inout UInt32, _ destination: inout UInt32) {
      var rest = draws
      for _ in 0..<levels {
        let draw = UInt32(truncatingIfNeeded: rest & 0xFFFF)
        rest &>>= 16
        // Quadrants a, b, c, d in this order: the source is high past b, the destination high in b and d. Sums of
        // comparisons, since a branch on random bits is a miss every other time.
        let pastA: UInt32 = draw >= endA ? 1 : 0
        let pastB: UInt32 = draw >= endB ? 1 : 0
        let pastC: UInt32 = draw >= endC ? 1 : 0
        source = source &<< 1 | pastB
        destination = destination &<< 1 | (pastA &- pastB &+ pastC)
      }
    }
  }
}
