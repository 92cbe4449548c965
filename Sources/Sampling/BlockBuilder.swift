public import Graphs
public import Tensors

/// Turns sampled neighbours into a block: gives every distinct source a row, destinations first.
///
/// Holds its memory between steps, so that building allocates nothing after warm-up. Confined to one caller at a time.
public final class BlockBuilder {
  private let numbering: RowNumbering
  /// Edges before each chunk of destinations, shape (chunks + 1, relations).
  private let totals = GrowingBuffer<UInt32>()
  private let chunk: Int

  public convenience init() { self.init(chunk: 1 << 14, regionSize: 1 << 14) }

  /// - Parameters:
  ///   - chunk: Positions, edges or destinations that a thread takes at a time.
  ///   - regionSize: See `RowNumbering`.
  package init(chunk: Int, regionSize: Int) {
    self.chunk = chunk
    numbering = RowNumbering(chunk: chunk, regionSize: regionSize)
  }

  /// Bytes that it holds on to.
  package var capacityBytes: Int { numbering.capacityBytes + 4 * totals.capacity }

  /// Fills `block` with `destinations`, which are distinct, and their sampled in-neighbours. O(edges) expected; the block is the same
  /// whatever the threads.
  ///
  /// - Precondition: Global ids are below 2³⁶ − 1, destinations and edges together less than 2²⁸.
  public func build(
    _ block: Block, destinations: UnsafeBufferPointer<GlobalID>, neighbors: SampledNeighbors, threads: Threads = Threads(1)
  ) {
    precondition(
      neighbors.relationCount == block.relations.count && neighbors.counts.count == destinations.count * block.relations.count,
      "neighbours of another list of destinations")
    block.destinationCount = destinations.count
    block.hasDegrees = neighbors.hasDegrees
    block.hasEdges = neighbors.hasEdges
    layOut(block, neighbors, threads)
    numbering.number(destinations, neighbors.sources.readOnly, ids: block.sourceIDs, threads: threads)
    if let last = destinations.indices.last {
      precondition(numbering.first[last] == last && numbering.rows[last] == last, "a destination appears twice")
    }
    writeSources(block, neighbors, threads)
    if neighbors.hasEdges { writeEdges(block, neighbors, threads) }
    block.sourceDegrees.reset(to: neighbors.hasDegrees ? block.sourceCount : 0)
    if neighbors.hasDegrees { writeDegrees(block, neighbors, threads) }
  }

  /// Sizes every relation's CSR from the counts, and copies the destinations' degrees.
  private func layOut(_ block: Block, _ neighbors: SampledNeighbors, _ threads: Threads) {
    let (count, relationCount, chunk) = (block.destinationCount, block.relations.count, chunk)
    let chunks = (count + chunk - 1) / chunk
    totals.resize(to: (chunks + 1) * relationCount)
    nonisolated(unsafe) let (totals, counts) = (totals.pointer, UnsafePointer(neighbors.counts.pointer))
    totals.update(repeating: 0, count: relationCount)
    threads.forEachChunk(of: count, by: chunk) { rows in
      for relation in 0..<relationCount {
        var total: UInt32 = 0
        for row in rows { total &+= counts[row &* relationCount &+ relation] }
        totals[(rows.lowerBound / chunk &+ 1) &* relationCount &+ relation] = total
      }
    }
    for entry in 0..<chunks * relationCount { totals[entry + relationCount] += totals[entry] }
    for (relation, list) in block.relations.enumerated() {
      list.degrees.reset(to: neighbors.hasDegrees ? count : 0)
      list.indptr.reset(to: count + 1)
      list.indptr.pointer[count] = totals[chunks * relationCount + relation]
      list.sources.reset(to: Int(totals[chunks * relationCount + relation]))
      list.edges.reset(to: neighbors.hasEdges ? list.edgeCount : 0)
      nonisolated(unsafe) let (indptr, degrees) = (list.indptr.pointer, list.degrees.pointer)
      nonisolated(unsafe) let known = neighbors.hasDegrees ? neighbors.degrees.pointer : nil
      threads.forEachChunk(of: count, by: chunk) { rows in
        var total = totals[rows.lowerBound / chunk &* relationCount &+ relation]
        for row in rows {
          indptr[row] = total
          total &+= counts[row &* relationCount &+ relation]
        }
        if let known { for row in rows { degrees[row] = known[row &* relationCount &+ relation] } }
      }
    }
  }

  /// Writes the row of every edge's source.
  private func writeSources(_ block: Block, _ neighbors: SampledNeighbors, _ threads: Threads) {
    nonisolated(unsafe) let first = UnsafePointer(numbering.first.pointer + block.destinationCount)
    nonisolated(unsafe) let rows = UnsafePointer(numbering.rows.pointer)
    if block.relations.count == 1 {
      nonisolated(unsafe) let sources = block.relations[0].sources.pointer
      threads.forEachChunk(of: neighbors.sources.count, by: chunk) { edges in
        for edge in edges { sources[edge] = rows[Int(first[edge])] }
      }
      return
    }
    forEachEdge(of: block, threads) { list, place, edge in list.sources.pointer[place] = rows[Int(first[edge])] }
  }

  /// Writes the global id of every edge.
  private func writeEdges(_ block: Block, _ neighbors: SampledNeighbors, _ threads: Threads) {
    nonisolated(unsafe) let ids = UnsafePointer(neighbors.edges.pointer)
    if block.relations.count == 1 {
      nonisolated(unsafe) let edges = block.relations[0].edges.pointer
      threads.forEachChunk(of: neighbors.edges.count, by: chunk) { part in
        (edges + part.lowerBound).update(from: ids + part.lowerBound, count: part.count)
      }
      return
    }
    forEachEdge(of: block, threads) { list, place, edge in list.edges.pointer[place] = ids[edge] }
  }

  /// Calls `body` with every edge's relation and place in it, and its number among the sampled edges.
  @inline(__always)
  private func forEachEdge(of block: Block, _ threads: Threads, _ body: @Sendable (BlockRelation, Int, Int) -> Void) {
    let relations = block.relations
    threads.forEachChunk(of: block.destinationCount, by: max(1, chunk / 16)) { destinations in
      var edge = relations.reduce(0) { $0 + Int($1.indptr.pointer[destinations.lowerBound]) }
      for destination in destinations {
        for list in relations {
          let (begin, end) = (Int(list.indptr.pointer[destination]), Int(list.indptr.pointer[destination &+ 1]))
          for place in begin..<end {
            body(list, place, edge)
            edge &+= 1
          }
        }
      }
    }
  }

  /// Writes the degree of every row: a destination's over its relations, a source's where it appeared first.
  private func writeDegrees(_ block: Block, _ neighbors: SampledNeighbors, _ threads: Threads) {
    let (count, relationCount) = (block.destinationCount, block.relations.count)
    nonisolated(unsafe) let first = UnsafePointer(numbering.first.pointer + count)
    nonisolated(unsafe) let rows = UnsafePointer(numbering.rows.pointer + count)
    nonisolated(unsafe) let (degrees, output) = (UnsafePointer(neighbors.sourceDegrees.pointer), block.sourceDegrees.pointer)
    nonisolated(unsafe) let known = UnsafePointer(neighbors.degrees.pointer)
    threads.forEachChunk(of: count, by: chunk) { destinations in
      for row in destinations {
        output[row] = (0..<relationCount).reduce(0) { $0 &+ known[row &* relationCount &+ $1] }
      }
    }
    threads.forEachChunk(of: neighbors.sources.count, by: chunk) { edges in
      for edge in edges where Int(first[edge]) == count &+ edge { output[Int(rows[edge])] = degrees[edge] }
    }
  }
}
