public import Graphs

/// Turns sampled neighbours into a block: gives every distinct source a row, destinations first.
///
/// Holds the hash table between steps, so that building allocates nothing after warm-up. Confined to one thread.
public final class BlockBuilder {
  private let index = GlobalIDIndex()

  public init() {}

  /// Fills `block` with `destinations`, which are distinct, and their sampled in-neighbours. O(edges) expected.
  ///
  /// - Precondition: Global ids are below 2³⁶ − 1 and the block has less than 2²⁸ rows.
  public func build(_ block: Block, destinations: UnsafeBufferPointer<GlobalID>, neighbors: SampledNeighbors) {
    let relationCount = block.relations.count
    precondition(
      neighbors.relationCount == relationCount && neighbors.counts.count == destinations.count * relationCount,
      "neighbours of another list of destinations")
    block.destinationCount = destinations.count
    block.sourceIDs.resize(to: destinations.count + neighbors.sources.count)
    var rows = index.begin(room: block.sourceIDs.count, ids: block.sourceIDs.pointer)
    for destination in destinations {
      let row = rows.number(destination)
      precondition(Int(row) == rows.count - 1, "a destination appears twice")
    }
    layOut(block, neighbors)
    block.sourceDegrees.resize(to: neighbors.hasDegrees ? block.sourceIDs.count : 0)
    if neighbors.hasDegrees {
      for destination in 0..<destinations.count {
        block.sourceDegrees.pointer[destination] = block.relations.reduce(0) { $0 + $1.degrees.pointer[destination] }
      }
    }
    let degrees =
      neighbors.hasDegrees ? (rows: block.sourceDegrees.pointer, edges: UnsafePointer(neighbors.sourceDegrees.pointer)) : nil
    var edge = 0
    let counts = neighbors.counts.pointer
    let sources = neighbors.sources.pointer
    for destination in 0..<destinations.count {
      for relation in 0..<relationCount {
        let list = block.relations[relation]
        let output = list.sources.pointer + Int(list.indptr.pointer[destination])
        for index in 0..<Int(counts[destination &* relationCount &+ relation]) {
          let row = rows.number(sources[edge])
          output[index] = row
          if let degrees { degrees.rows[Int(row)] = degrees.edges[edge] }
          edge &+= 1
        }
      }
    }
    block.sourceIDs.resize(to: rows.count)
    block.sourceDegrees.resize(to: neighbors.hasDegrees ? rows.count : 0)
  }

  /// Sizes every relation's CSR from the counts, and copies the destinations' degrees.
  private func layOut(_ block: Block, _ neighbors: SampledNeighbors) {
    let relationCount = block.relations.count
    block.hasDegrees = neighbors.hasDegrees
    for (relation, list) in block.relations.enumerated() {
      list.degrees.resize(to: neighbors.hasDegrees ? block.destinationCount : 0)
      list.indptr.resize(to: block.destinationCount + 1)
      var total: UInt32 = 0
      for destination in 0..<block.destinationCount {
        list.indptr.pointer[destination] = total
        total += neighbors.counts.pointer[destination * relationCount + relation]
        if neighbors.hasDegrees { list.degrees.pointer[destination] = neighbors.degrees.pointer[destination * relationCount + relation] }
      }
      list.indptr.pointer[block.destinationCount] = total
      list.sources.resize(to: Int(total))
    }
  }
}
