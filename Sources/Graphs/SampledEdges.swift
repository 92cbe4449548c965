public import Tensors

/// The edges that mini-batches are sampled from, relation by relation; nodes of all types have flat numbers, type after type.
///
/// Sums over edges are sums of whole numbers: no order of threads changes them.
public struct SampledEdges: Sendable {
  /// Nodes of all types.
  public let nodeCount: Int
  let relations: [Relation]

  /// The edges of one relation.
  struct Relation: Sendable {
    /// Flat numbers of the nodes that may have such in-edges.
    let destinations: Range<Int>
    /// In-edges of each of them.
    let degrees: Buffer<UInt32>
    let layout: Layout
  }

  enum Layout: Sendable {
    /// Both ends of every edge, each counted from the first node of its type.
    case list(EdgeList, firstSource: Int)
    /// Sources of the in-edges of node after node; `starts`: where those of each node begin.
    case rows(starts: ArrayView<Int64>, sources: ArrayView<UInt32>)
  }

  /// The edges of a whole graph.
  ///
  /// - Complexity: O(edges) time, 4 bytes for each relation and node of its destinations' type; the edges stay where they are.
  public init(_ graph: RawGraph, threads: Threads) {
    var offsets = [0]
    for nodes in graph.nodes { offsets.append(offsets[offsets.count - 1] + nodes.count) }
    nodeCount = offsets[offsets.count - 1]
    relations = zip(graph.schema.relations, graph.edges).map { relation, edges in
      let degrees = AtomicCounters(count: graph.nodes[relation.destination].count)
      threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
        let destinations = edges.destinations.pointer
        for edge in range { degrees.increment(Int(destinations[edge])) }
      }
      return Relation(
        destinations: offsets[relation.destination]..<offsets[relation.destination + 1], degrees: degrees.values,
        layout: .list(edges, firstSource: offsets[relation.source]))
    }
  }

  /// The in-edges of the nodes with the smallest numbers: of a part's inner nodes, behind which its halo nodes have theirs.
  ///
  /// - Parameters:
  ///   - indptr: Offsets of the nodes' in-edges, shape (nodes with in-edges + 1).
  ///   - indices: Their sources, each below `nodeCount`.
  ///   - relations: Their relations, increasing inside a node; `nil` with one.
  /// - Complexity: O(edges) time, 12 bytes for each relation and node with in-edges; 4 with one relation.
  public init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, relationCount: Int, nodeCount: Int
  ) {
    let rows = indptr.count - 1
    precondition(rows >= 0 && rows <= nodeCount && indices.count == Int(indptr[rows]), "in-edges of \(rows) of \(nodeCount) nodes")
    precondition(relationCount == 1 || relations?.count == indices.count, "a relation for each edge")
    self.nodeCount = nodeCount
    let degrees = (0..<relationCount).map { _ in Buffer<UInt32>(count: rows) }
    for row in 0..<rows {
      let (begin, end) = (Int(indptr.pointer[row]), Int(indptr.pointer[row + 1]))
      guard let relations, relationCount > 1 else {
        degrees[0].pointer[row] = UInt32(end - begin)
        continue
      }
      for edge in begin..<end { degrees[Int(relations[edge])][row] += 1 }
    }
    let starts = Self.starts(indptr, degrees)
    self.relations = zip(degrees, starts).map { degrees, starts in
      Relation(destinations: 0..<rows, degrees: degrees, layout: .rows(starts: starts, sources: indices))
    }
  }

  /// Where the edges of each relation begin at each node.
  private static func starts(_ indptr: ArrayView<Int64>, _ degrees: [Buffer<UInt32>]) -> [ArrayView<Int64>] {
    guard degrees.count > 1 else { return [indptr] }
    let starts = degrees.map { Buffer<Int64>(count: $0.count) }
    for row in 0..<indptr.count - 1 {
      var next = indptr.pointer[row]
      for (relation, counts) in degrees.enumerated() {
        starts[relation].pointer[row] = next
        next += Int64(counts.pointer[row])
      }
    }
    return starts.map(\.view)
  }
}

extension SampledEdges.Relation {
  /// Adds to the sum of every edge's source the value of its destination; edges from a node to itself are left out.
  ///
  /// - Parameter values: Shape (destinations), below 2⁵⁰.
  func addToSources(_ values: Buffer<UInt64>, _ sums: AtomicSums, threads: Threads) {
    let firstDestination = destinations.lowerBound
    switch layout {
    case .list(let edges, let firstSource):
      threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
        let (sources, destinations, values) = (edges.sources.pointer, edges.destinations.pointer, values.pointer)
        for edge in range {
          let (source, destination) = (Int(sources[edge]), Int(destinations[edge]))
          let value = values[destination]
          if value != 0, firstSource &+ source != firstDestination &+ destination { sums.add(value, to: firstSource &+ source) }
        }
      }
    case .rows(let starts, let sources):
      threads.forEachChunk(of: degrees.count, by: 1 << 12) { rows in
        let sources = sources.pointer
        for row in rows where values.pointer[row] != 0 {
          let begin = Int(starts.pointer[row])
          for edge in begin..<begin &+ Int(degrees.pointer[row]) where Int(sources[edge]) != row {
            sums.add(values.pointer[row], to: Int(sources[edge]))
          }
        }
      }
    }
  }

  /// Adds to the sum of every edge's destination the value of its source; edges from a node to itself are left out.
  ///
  /// - Parameters:
  ///   - values: Shape (nodes), below 2⁵⁰.
  ///   - sums: Shape (destinations).
  func addToDestinations(_ values: Buffer<UInt64>, _ sums: AtomicSums, threads: Threads) {
    let firstDestination = destinations.lowerBound
    switch layout {
    case .list(let edges, let firstSource):
      threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
        let (sources, destinations, values) = (edges.sources.pointer, edges.destinations.pointer, values.pointer)
        for edge in range {
          let (source, destination) = (firstSource &+ Int(sources[edge]), Int(destinations[edge]))
          if values[source] != 0, source != firstDestination &+ destination { sums.add(values[source], to: destination) }
        }
      }
    case .rows(let starts, let sources):
      threads.forEachChunk(of: degrees.count, by: 1 << 12) { rows in
        let (sources, values) = (sources.pointer, values.pointer)
        for row in rows {
          let begin = Int(starts.pointer[row])
          for edge in begin..<begin &+ Int(degrees.pointer[row]) where Int(sources[edge]) != row {
            sums.add(values[Int(sources[edge])], to: row)
          }
        }
      }
    }
  }
}
