package import Graphs
import Partitions
package import Tensors

/// The graph as METIS wants it: undirected, each pair of neighbours once in either row, no self loops, 32-bit numbers.
///
/// Nodes are flat numbers (`NodeNumbering`). Rows increase, so the same edges give the same adjacency in any input order. Only where that
/// is asked for may neighbours be repeated, as often as they are joined, in place of weights.
package struct Adjacency: Sendable {
  /// Row offsets, shape (nodes + 1).
  package let offsets: Buffer<Int32>
  /// Neighbours of each node.
  package let neighbours: Buffer<Int32>
  /// Directed input edges between the two nodes, or what is read over them (`weighted`); `nil` when it is the same for every pair.
  package let weights: Buffer<Int32>?

  var nodeCount: Int { offsets.count - 1 }

  /// Neighbours of `node` as positions in `neighbours`.
  @inline(__always)
  func row(_ node: Int) -> Range<Int> { Int(offsets.pointer[node])..<Int(offsets.pointer[node &+ 1]) }

  /// What the pair at position `entry` weighs: its input edges up to a common factor, or what is read over them.
  @inline(__always)
  func weight(_ entry: Int) -> Int { weights.map { Int($0.pointer[entry]) } ?? 1 }

  /// Takes rows that are as described above.
  init(offsets: Buffer<Int32>, neighbours: Buffer<Int32>, weights: Buffer<Int32>?) {
    self.offsets = offsets
    self.neighbours = neighbours
    self.weights = weights
  }

  /// Builds the adjacency with two passes over the edges and one over the rows.
  ///
  /// Memory besides the result: 8 bytes an edge and 16 bytes a node; no copy is made when no two nodes are joined twice.
  ///
  /// - Parameters:
  ///   - repeatsFrom: From so many entries on, neighbours that are repeated stay so, where they take less memory than weights do.
  ///   - storage: Where the rows lie.
  /// - Throws: `InputError` when it does not fit METIS's 32-bit numbers, `SystemError` when a file cannot be written.
  package init(
    _ graph: RawGraph, repeatsFrom: Int = .max, storage: ArrayStorage = .memory, threads: Threads
  ) throws {
    let numbering = NodeNumbering(graph)
    let edgeCount = graph.edges.reduce(0) { $0 + $1.count }
    guard numbering.count < 1 << 31, edgeCount < 1 << 30 else {
      throw InputError(
        graph.name, expected: "at most \(1 << 31 - 1) nodes and \(1 << 30 - 1) edges for METIS",
        found: "\(numbering.count) nodes and \(edgeCount) edges")
    }
    let raw = try NeighbourRows(graph, storage: storage, threads: threads)
    let all = raw.ends.count
    let total = withExtendedLifetime(raw.distinct) { raw.distinct.elements.reduce(0) { $0 + Int($1) } }
    let repeats = all >= repeatsFrom && !raw.uniform && all <= 2 * total
    offsets = Buffer(count: numbering.count + 1)
    if total == all || repeats {
      for node in 0...numbering.count { offsets.pointer[node] = Int32(raw.offsets.pointer[node]) }
      neighbours = raw.ends
      weights = nil
      return
    }
    for node in 0..<numbering.count {
      offsets.pointer[node + 1] = offsets.pointer[node] + Int32(raw.distinct.pointer[node])
    }
    let merged = try Self.merged(raw, offsets: offsets, storage: storage, threads: threads)
    neighbours = merged.neighbours
    weights = merged.weights
  }

  /// Rows from which so many entries on repeat neighbours, where that takes less than weights, and nobody is in the way: a gigabyte.
  static let manyEntries = 1 << 28

  /// Every neighbour once, and how often it was there unless that is the same for all.
  private static func merged(
    _ raw: NeighbourRows, offsets: Buffer<Int32>, storage: ArrayStorage, threads: Threads
  ) throws -> (neighbours: Buffer<Int32>, weights: Buffer<Int32>?) {
    let total = Int(offsets[offsets.count - 1])
    let neighbours = try BufferWriter<Int32>(atMost: total, storage: storage)
    let weights = try raw.uniform ? nil : BufferWriter<Int32>(atMost: total, storage: storage)
    // Pieces of some thousand rows each, as many at a time as there are threads.
    let rows = 1 << 14
    let scratch = (0..<2 * threads.count).map { _ in (GrowingBuffer<Int32>(), GrowingBuffer<Int32>()) }
    try withExtendedLifetime(scratch) {
      for first in stride(from: 0, to: offsets.count - 1, by: rows * scratch.count) {
        let pieces = min(scratch.count, (offsets.count - 2 - first) / rows + 1)
        threads.forEach(pieces) { piece in
          let nodes = first + piece * rows..<min(offsets.count - 1, first + (piece + 1) * rows)
          Self.merge(raw, nodes, offsets, scratch[piece].0, raw.uniform ? nil : scratch[piece].1)
        }
        try neighbours.append(scratch[..<pieces].map { $0.0.readOnly }, threads: threads)
        try weights?.append(scratch[..<pieces].map { $0.1.readOnly }, threads: threads)
      }
    }
    return (try neighbours.finish(), try weights?.finish())
  }

  private static func merge(
    _ raw: NeighbourRows, _ nodes: Range<Int>, _ offsets: Buffer<Int32>, _ neighbours: GrowingBuffer<Int32>,
    _ weights: GrowingBuffer<Int32>?
  ) {
    let begin = Int(offsets.pointer[nodes.lowerBound])
    let count = Int(offsets.pointer[nodes.upperBound]) - begin
    neighbours.reset(to: count)
    weights?.reset(to: count)
    weights?.pointer.update(repeating: 0, count: count)
    let (ends, counts) = (neighbours.pointer, weights?.pointer)
    for node in nodes {
      var entry = Int(offsets.pointer[node]) - begin - 1
      var previous: Int32 = -1
      for position in raw.row(node) {
        let end = raw.ends.pointer[position]
        if end != previous { entry &+= 1 }
        ends[entry] = end
        if let counts { counts[entry] &+= 1 }
        previous = end
      }
    }
  }
}
