import Graphs
import Synchronization
import Tensors

/// Ids that count from 0 without gaps.
enum DenseIDs {
  /// - Throws: `InputError` when the number of nodes that a user gives cannot be, or goes with ids that say it themselves.
  static func check(nodeCount: Int?, ids: EdgeListFormat.IDs) throws {
    guard let nodeCount else { return }
    guard nodeCount >= 1, nodeCount <= Int(UInt32.max) else {
      throw InputError("--nodes", expected: "1 to \(UInt32.max) nodes", found: "\(nodeCount)")
    }
    guard ids == .dense else { throw InputError("--nodes", expected: "no number of nodes beside --ids compact", found: "\(nodeCount)") }
  }

  /// A plain graph of `edges`, all of whose ids are at most `largestID`.
  ///
  /// - Throws: `InputError` when there is neither an edge nor a number of nodes, or an id is missing.
  static func graph(
    _ edges: EdgeList, largestID: UInt32, nodeCount: Int?, name: String, place: String, threads: Threads
  ) throws -> RawGraph {
    if edges.count == 0 && nodeCount == nil { throw InputError(place, expected: "at least one edge", found: "none") }
    let count = nodeCount ?? Int(largestID) + 1
    if nodeCount == nil { try checkGaps(edges, nodeCount: count, place: place, threads: threads) }
    return RawGraph(name: name, schema: .plain, nodes: [NodeData(count: count)], edges: [edges])
  }

  /// Checks that every id below `nodeCount` is an end of some edge.
  private static func checkGaps(_ edges: EdgeList, nodeCount: Int, place: String, threads: Threads) throws {
    // An edge has two ends: with more ids than that there is a gap, and no need for memory of their number.
    let scanned = min(nodeCount, 2 * edges.count)
    let seen = Buffer<UInt64>(count: scanned / 64 + 1)
    for ends in [edges.sources, edges.destinations] { mark(ends, below: scanned, in: seen, threads) }
    guard
      let missing = (0..<scanned).first(where: { seen.pointer[$0 >> 6] >> UInt64($0 & 63) & 1 == 0 })
        ?? (scanned < nodeCount ? scanned : nil)
    else { return }
    throw InputError(
      place, expected: "every node id from 0 to \(nodeCount - 1) in some edge, or the number of nodes by --nodes N",
      found: "no edge with node \(missing)")
  }

  /// Sets the bit of every id below `limit`.
  private static func mark(_ ids: ArrayView<UInt32>, below limit: Int, in words: Buffer<UInt64>, _ threads: Threads) {
    threads.forEachChunk(of: ids.count, by: 1 << 18) { range in
      // An atomic has the layout of its value. Most ids were seen before, and then reading is enough.
      let cells = UnsafeMutableRawPointer(words.pointer).assumingMemoryBound(to: Atomic<UInt64>.self)
      for position in range {
        let id = Int(ids.pointer[position])
        guard id < limit else { continue }
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: id & 63)
        if cells[id >> 6].load(ordering: .relaxed) & bit == 0 { cells[id >> 6].bitwiseOr(bit, ordering: .relaxed) }
      }
    }
  }
}
