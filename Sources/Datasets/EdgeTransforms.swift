public import Graphs
public import Tensors

/// What is done to the edges of a graph after it is read: first repeated ones go, then missing reverse ones come.
public struct EdgeTransforms: Sendable, Equatable {
  /// Removes every edge that occurred before.
  public var dedup: Bool
  /// Adds reverse edges until there are as many edges v → u as u → v.
  public var undirected: Bool

  public init(dedup: Bool = false, undirected: Bool = false) {
    self.dedup = dedup
    self.undirected = undirected
  }

  /// What was done, in edges.
  public struct Counts: Sendable, Equatable {
    public var removed: Int
    public var added: Int

    public init(removed: Int = 0, added: Int = 0) {
      self.removed = removed
      self.added = added
    }
  }

  /// Transforms every relation; only those between nodes of one type can gain reverse edges.
  ///
  /// Edges that stay keep their order, and a removed edge is a later one. Added edges follow, ordered by their lower end, then
  /// by their higher end. Self-loops are their own reverse.
  ///
  /// - Complexity: O(edges · log degree) time, about 16 bytes per edge and 16 per node of working memory.
  public func apply(to graph: inout RawGraph, threads: Threads) -> Counts {
    var counts = Counts()
    for (index, relation) in graph.schema.relations.enumerated() {
      if dedup {
        let before = graph.edges[index].count
        graph.edges[index] = graph.edges[index].removingRepeats(destinationCount: graph.nodes[relation.destination].count, threads: threads)
        counts.removed += before - graph.edges[index].count
      }
      if undirected && relation.source == relation.destination {
        let before = graph.edges[index].count
        graph.edges[index] = graph.edges[index].addingReverses(nodeCount: graph.nodes[relation.source].count, threads: threads)
        counts.added += graph.edges[index].count - before
      }
    }
    return counts
  }
}

extension EdgeList {
  /// The same edges without those that occurred before.
  func removingRepeats(destinationCount: Int, threads: Threads) -> EdgeList {
    let grouped = GroupedValues(rows: destinationCount, count: count) { (destinations.pointer[$0], sources.pointer[$0]) }
    // No node has the largest 32-bit number: it marks what goes.
    let gone = UInt32.max
    threads.forEachChunk(of: destinationCount, by: 4096) { range in
      let scratch = GrowingBuffer<UInt64>()
      for destination in range { Self.markRepeats(grouped.row(destination), with: gone, scratch: scratch) }
    }
    let cursor = Buffer<Int>(copying: grouped.bounds.elements)
    let kept = grouped.values.elements.reduce(0) { $0 + ($1 == gone ? 0 : 1) }
    if kept == count { return self }
    let keptSources = Buffer<UInt32>(count: kept)
    let keptDestinations = Buffer<UInt32>(count: kept)
    var position = 0
    // A row keeps the order of the input, so walking the input again meets its values in order.
    for edge in 0..<count {
      let destination = destinations.pointer[edge]
      let slot = cursor.pointer[Int(destination)]
      cursor.pointer[Int(destination)] = slot &+ 1
      if grouped.values.pointer[slot] == gone { continue }
      keptSources.pointer[position] = sources.pointer[edge]
      keptDestinations.pointer[position] = destination
      position &+= 1
    }
    return EdgeList(sources: keptSources.view, destinations: keptDestinations.view)
  }

  /// Replaces all but the first of equal values.
  private static func markRepeats(_ row: UnsafeMutableBufferPointer<UInt32>, with mark: UInt32, scratch: GrowingBuffer<UInt64>) {
    guard row.count > 1 else { return }
    scratch.resize(to: row.count)
    let keys = scratch.pointer
    for position in 0..<row.count { keys[position] = UInt64(row[position]) << 32 | UInt64(UInt32(truncatingIfNeeded: position)) }
    sortSmall(scratch.elements)
    for index in 1..<row.count where keys[index] >> 32 == keys[index - 1] >> 32 {
      row[Int(keys[index] & 0xFFFF_FFFF)] = mark
    }
  }

  /// The same edges, then those reverse edges that are missing.
  func addingReverses(nodeCount: Int, threads: Threads) -> EdgeList {
    let missing = MissingReverses(self, nodeCount: nodeCount, threads: threads)
    if missing.count == 0 { return self }
    let allSources = Buffer<UInt32>(count: count + missing.count)
    let allDestinations = Buffer<UInt32>(count: count + missing.count)
    allSources.pointer.update(from: sources.pointer, count: count)
    allDestinations.pointer.update(from: destinations.pointer, count: count)
    missing.write(sources: allSources.pointer + count, destinations: allDestinations.pointer + count, threads: threads)
    return EdgeList(sources: allSources.view, destinations: allDestinations.view)
  }
}
