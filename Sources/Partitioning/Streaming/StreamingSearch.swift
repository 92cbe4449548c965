import Partitions
import Tensors

/// Streaming partitioning: the nodes pass one by one, each goes to the part with most of its neighbours that has room under all
/// constraints; in further passes they pass again and may change their part.
///
/// In the first pass a part's neighbours count less the fuller it is (linear deterministic greedy: Stanton, Kliot, KDD 2012, the fullest
/// constraint decides); in later passes, which know a part for every node, only ties do (restreaming: Nishimura, Ugander, KDD 2013).
/// A node that finds no room anywhere breaks a limit: after the pass parts above their limits give nodes away (`StreamingRelief`), and no
/// later pass breaks a limit that holds. Serial, with one result for any number of threads. Edges are read in order, from memory or a file.
///
/// - Complexity: O(passes · (edges + nodes · k)) time; 2 bytes a node besides the rows' offsets.
struct StreamingSearch {
  private let rows: StreamedRows
  private let loads: NodeLoads
  private let passes: Int
  private let parts: Buffer<UInt16>
  private let ledger: PartFill
  private let links: StreamedLinks

  /// No part has this number: the node has not passed.
  private static let none = StreamedLinks.none

  init(_ rows: StreamedRows, loads: NodeLoads, passes: Int) {
    self.rows = rows
    self.loads = loads
    self.passes = passes
    parts = Buffer(count: loads.nodeCount)
    parts.pointer.update(repeating: Self.none, count: loads.nodeCount)
    ledger = PartFill(loads)
    links = StreamedLinks(rows, parts: parts, partCount: loads.partCount)
  }

  /// The part of every node, and whether all limits hold and every part has a node.
  func run(progress: (String) -> Void) -> (parts: [UInt16], isFeasible: Bool) {
    for pass in 0..<max(1, passes) {
      var moves = 0
      var cut = 0
      for node in 0..<loads.nodeCount {
        let own = parts.pointer[node]
        let degree = links.count(node)
        if own != Self.none { ledger.remove(node, from: Int(own)) }
        let target = pass == 0 ? firstPart(node) : betterPart(node, than: Int(own))
        ledger.add(node, to: target)
        parts.pointer[node] = UInt16(truncatingIfNeeded: target)
        if UInt16(target) != own { moves += 1 }
        cut += degree - links[target]
      }
      progress("streaming, pass \(pass + 1): \(moves) nodes moved, cut \(cut / 2)")
      let relieved = ledger.isWithinLimits ? 0 : StreamingRelief(loads, parts: parts, ledger: ledger, links: links).run()
      if relieved > 0 { progress("streaming, pass \(pass + 1): \(relieved) nodes left parts above their limits") }
      if (moves + relieved) * 1000 < loads.nodeCount { break }
    }
    return (Array(parts.elements), ledger.isWithinLimits && Set(parts.elements).count == loads.partCount)
  }

  private func firstPart(_ node: Int) -> Int {
    best(node) { part in Double(links[part]) * (1 - ledger.fullness(part)) }
  }

  private func betterPart(_ node: Int, than own: Int) -> Int {
    // Half a neighbour keeps a node where it is.
    best(node) { part in Double(links[part]) + (part == own ? 0.5 : 0) }
  }

  /// The part with the highest value of those with room; of equal ones, and where none has room, the one with most room for what the node
  /// brings, so that no part is filled with nodes that have no edges while another is filled with edges.
  @inline(__always)
  private func best(_ node: Int, _ value: (Int) -> Double) -> Int {
    var best: (value: Double, part: Int)?
    for part in 0..<loads.partCount where ledger.admits(node, to: part) {
      let found = value(part)
      guard let other = best else {
        best = (found, part)
        continue
      }
      if found > other.value || (found == other.value && ledger.pressure(of: node, on: part) < ledger.pressure(of: node, on: other.part)) {
        best = (found, part)
      }
    }
    if let best { return best.part }
    return (0..<loads.partCount).min { ledger.pressure(of: node, on: $0) < ledger.pressure(of: node, on: $1) }
      .unsafelyUnwrapped  // There is a part.
  }
}
