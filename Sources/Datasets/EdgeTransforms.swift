public import Graphs
public import Tensors

/// What is done to the edges of a graph after it is read: first repeated ones go, then self-loops, then missing reverse ones come,
/// then missing self-loops.
public struct EdgeTransforms: Sendable, Equatable {
  /// What becomes of edges from a node to itself.
  public enum SelfLoops: String, Sendable, CaseIterable {
    case keep
    /// They are removed.
    case drop
    /// Every node that has none gets one.
    case add
  }

  /// Removes every edge that occurred before.
  public var dedup: Bool
  /// Adds reverse edges until there are as many edges v → u as u → v.
  public var undirected: Bool
  public var selfLoops: SelfLoops

  public init(dedup: Bool = false, undirected: Bool = false, selfLoops: SelfLoops = .keep) {
    self.dedup = dedup
    self.undirected = undirected
    self.selfLoops = selfLoops
  }

  /// What was done, in edges.
  public struct Counts: Sendable, Equatable {
    /// Repeated edges that went.
    public var removed: Int
    /// Reverse edges that came.
    public var added: Int
    public var removedLoops: Int
    public var addedLoops: Int

    public init(removed: Int = 0, added: Int = 0, removedLoops: Int = 0, addedLoops: Int = 0) {
      self.removed = removed
      self.added = added
      self.removedLoops = removedLoops
      self.addedLoops = addedLoops
    }
  }

  /// Transforms every relation; only those between nodes of one type can gain reverse edges and have self-loops.
  ///
  /// Edges that stay keep their order and weights, and a removed edge is a later one. Added edges follow: reverse ones ordered by their
  /// lower end, then by their higher end, with the weights of the edges they reverse; then self-loops by node, of weight 1. Self-loops
  /// are their own reverse. In tables of edges a reverse edge has the row of its edge, an added self-loop a row of zeros.
  ///
  /// - Complexity: O(edges · log degree) time, about 16 bytes per edge and 16 per node of working memory; where edges have tables, 16 more
  ///   per edge and the rows.
  public func apply(to graph: inout RawGraph, threads: Threads) -> Counts {
    var counts = Counts()
    for (index, relation) in graph.schema.relations.enumerated() {
      let nodes = graph.nodes[relation.destination].count
      let isWithinType = relation.source == relation.destination
      // Takes the list out of the graph, so that no step keeps the list before it alive.
      var edges = graph.edges[index]
      graph.edges[index] = EdgeList(sources: ArrayView(), destinations: ArrayView())
      let tables = self == EdgeTransforms() ? [:] : edges.takeTables()
      transform(&edges, nodes: nodes, isWithinType: isWithinType, threads: threads, &counts)
      if !tables.isEmpty { edges.restore(tables, threads: threads) }
      graph.edges[index] = edges
    }
    return counts
  }

  private func transform(_ edges: inout EdgeList, nodes: Int, isWithinType: Bool, threads: Threads, _ counts: inout Counts) {
    var before = edges.count
    func change() -> Int {
      defer { before = edges.count }
      return abs(edges.count - before)
    }
    if dedup { edges = edges.removingRepeats(destinationCount: nodes, threads: threads) }
    counts.removed += change()
    if selfLoops == .drop && isWithinType { edges = edges.removingSelfLoops(threads: threads) }
    counts.removedLoops += change()
    if undirected && isWithinType { edges = edges.addingReverses(nodeCount: nodes, threads: threads) }
    counts.added += change()
    if selfLoops == .add && isWithinType { edges = edges.addingSelfLoops(nodeCount: nodes, threads: threads) }
    counts.addedLoops += change()
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
    let keptWeights = weights.map { _ in Buffer<Float>(count: kept) }
    let numbers = tables.isEmpty ? nil : Buffer<UInt32>(count: kept)
    var position = 0
    // A row keeps the order of the input, so walking the input again meets its values in order.
    for edge in 0..<count {
      let destination = destinations.pointer[edge]
      let slot = cursor.pointer[Int(destination)]
      cursor.pointer[Int(destination)] = slot &+ 1
      if grouped.values.pointer[slot] == gone { continue }
      keptSources.pointer[position] = sources.pointer[edge]
      keptDestinations.pointer[position] = destination
      if let keptWeights, let weights { keptWeights.pointer[position] = weights.pointer[edge] }
      numbers?.pointer[position] = UInt32(truncatingIfNeeded: edge)
      position &+= 1
    }
    return EdgeList(
      sources: keptSources.view, destinations: keptDestinations.view, weights: keptWeights?.view,
      tables: tables(numbers, threads: threads))
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
    if weights != nil || !tables.isEmpty {
      let missing = MissingNumberedReverses(self, nodeCount: nodeCount, threads: threads)
      return extended(by: missing.count, threads: threads) { missing.write(to: $0, threads: threads) }
    }
    let missing = MissingReverses(self, nodeCount: nodeCount, threads: threads)
    return extended(by: missing.count, threads: threads) {
      missing.write(sources: $0.sources, destinations: $0.destinations, threads: threads)
    }
  }

  /// Where edges that are added to a list are written.
  struct Room {
    var sources: UnsafeMutablePointer<UInt32>
    var destinations: UnsafeMutablePointer<UInt32>
    /// `nil` where the list has none.
    var weights: UnsafeMutablePointer<Float>?
    /// Edges of the list whose rows they have in its tables, zeros where nothing is written; `nil` where the list has no tables.
    var numbers: UnsafeMutablePointer<UInt32>?
  }

  /// The same edges and `added` more, which `write` puts into the room that it is given.
  func extended(by added: Int, threads: Threads, write: (Room) -> Void) -> EdgeList {
    if added == 0 { return self }
    let allSources = Buffer<UInt32>(count: count + added)
    let allDestinations = Buffer<UInt32>(count: count + added)
    let allWeights = weights.map { _ in Buffer<Float>(count: count + added) }
    allSources.pointer.update(from: sources.pointer, count: count)
    allDestinations.pointer.update(from: destinations.pointer, count: count)
    if let allWeights, let weights { allWeights.pointer.update(from: weights.pointer, count: count) }
    let numbers = tables.isEmpty ? nil : Buffer<UInt32>(count: count + added)
    if let numbers {
      for edge in 0..<count { numbers.pointer[edge] = UInt32(truncatingIfNeeded: edge) }
      for edge in count..<count + added { numbers.pointer[edge] = FeatureTable.noRow }
    }
    write(
      Room(
        sources: allSources.pointer + count, destinations: allDestinations.pointer + count, weights: allWeights.map { $0.pointer + count },
        numbers: numbers.map { $0.pointer + count }))
    return EdgeList(
      sources: allSources.view, destinations: allDestinations.view, weights: allWeights?.view, tables: tables(numbers, threads: threads))
  }
}
