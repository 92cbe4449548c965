public import Graphs
import Synchronization
public import Tensors

extension PartitionMetrics {
  /// Measures an assignment of nodes to parts; every constraint with a non-zero total has an imbalance.
  ///
  /// - Parameters:
  ///   - parts: Part of each node by flat number (`NodeNumbering`), every value below `partCount`.
  ///   - shares: What each part is to hold; equal shares where `nil`.
  ///   - weights: Constraints to measure beside those that every graph has.
  /// - Complexity: O(edges · ⌈k / 64⌉) time, 8 bytes a node.
  public init(
    measuring parts: [UInt16], partCount: Int, graph: RawGraph, shares: PartShares? = nil, weights: [BalanceConstraint] = [],
    threads: Threads
  ) {
    let shares = shares ?? PartShares(equal: partCount)
    let edges = graph.edges.reduce(0) { $0 + $1.count }
    let cutEdges = Self.cutEdges(graph: graph, parts: parts, threads: threads)
    let haloNodes = Self.haloCounts(graph: graph, parts: parts, partCount: partCount, threads: threads).reduce(0, +)
    var imbalance: [String: Double] = [:]
    for constraint in BalanceConstraint.all(in: graph.schema) + weights {
      let loads = PartLoads(of: constraint, graph: graph, parts: parts, partCount: partCount, threads: threads)
      if loads.total > 0 { imbalance[constraint.name(in: graph.schema)] = shares.imbalance(loads.counts) }
    }
    self.init(
      cutEdges: cutEdges, cut: edges == 0 ? 0 : Double(cutEdges) / Double(edges), haloNodes: haloNodes,
      halo: parts.isEmpty ? 0 : Double(haloNodes) / Double(parts.count), imbalance: imbalance)
  }

  /// Directed edges whose ends lie in different parts.
  static func cutEdges(graph: RawGraph, parts: [UInt16], threads: Threads) -> Int {
    let total = Atomic<Int>(0)
    forEachEdgeChunk(of: graph, parts: parts, threads: threads) { chunk in
      var count = 0
      for edge in chunk.range where chunk.sourceParts[chunk.source(edge)] != chunk.destinationParts[chunk.destination(edge)] {
        count += 1
      }
      total.wrappingAdd(count, ordering: .relaxed)
    }
    return total.load(ordering: .relaxed)
  }

  /// Halo nodes of each part: sources of its in-edges that it does not own, each counted once.
  ///
  /// Walks the edges once for every 64 parts, with a set of parts kept for each source.
  static func haloCounts(graph: RawGraph, parts: [UInt16], partCount: Int, threads: Threads) -> [Int] {
    let numbering = NodeNumbering(graph)
    var counts = [Int](repeating: 0, count: partCount)
    for first in stride(from: 0, to: partCount, by: 64) {
      let readers = Buffer<UInt64>(count: parts.count)
      forEachEdgeChunk(of: graph, parts: parts, threads: threads) { chunk in
        let cells = UnsafeMutableRawPointer(readers.pointer + numbering.offsets[chunk.sourceType])
          .assumingMemoryBound(to: Atomic<UInt64>.self)
        for edge in chunk.range {
          let source = chunk.source(edge)
          let part = chunk.destinationParts[chunk.destination(edge)]
          let bit = Int(part) - first
          guard part != chunk.sourceParts[source], bit >= 0, bit < 64 else { continue }
          if cells[source].load(ordering: .relaxed) & (1 << UInt64(bit)) == 0 {
            cells[source].bitwiseOr(1 << UInt64(bit), ordering: .relaxed)
          }
        }
      }
      for var set in readers.elements {
        while set != 0 {
          counts[first + set.trailingZeroBitCount] += 1
          set &= set - 1
        }
      }
    }
    return counts
  }

  /// Some edges of one relation, with the parts of the nodes at either end, indexed by original id.
  private struct EdgeChunk {
    let range: Range<Int>
    let edges: EdgeList
    let sourceType: Int
    let sourceParts: UnsafePointer<UInt16>
    let destinationParts: UnsafePointer<UInt16>

    func source(_ edge: Int) -> Int { Int(edges.sources.pointer[edge]) }
    func destination(_ edge: Int) -> Int { Int(edges.destinations.pointer[edge]) }
  }

  private static func forEachEdgeChunk(
    of graph: RawGraph, parts: [UInt16], threads: Threads, _ body: @Sendable (EdgeChunk) -> Void
  ) {
    let numbering = NodeNumbering(graph)
    precondition(parts.count == numbering.count, "\(parts.count) parts for \(numbering.count) nodes")
    parts.withUnsafeBufferPointer { parts in
      guard let base = parts.baseAddress else { return }
      for (relation, edges) in zip(graph.schema.relations, graph.edges) {
        nonisolated(unsafe) let sourceParts = base + numbering.offsets[relation.source]
        nonisolated(unsafe) let destinationParts = base + numbering.offsets[relation.destination]
        threads.forEachChunk(of: edges.count, by: 1 << 20) { range in
          body(
            EdgeChunk(
              range: range, edges: edges, sourceType: relation.source, sourceParts: sourceParts,
              destinationParts: destinationParts))
        }
      }
    }
  }
}
