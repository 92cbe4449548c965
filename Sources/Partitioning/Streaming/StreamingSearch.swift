import Partitions
import Tensors

/// Streaming partitioning: the nodes pass one by one, each goes to the part with most of its neighbours that has room under all
/// constraints; in further passes they pass again and may change their part.
///
/// In the first pass a part's neighbours count less the fuller it is (linear deterministic greedy: Stanton, Kliot, KDD 2012, the fullest
/// constraint decides); in later passes, which know a part for every node, only ties do (restreaming: Nishimura, Ugander, KDD 2013).
/// Serial, with one result for any number of threads. Edges are read in order, from memory or a file.
///
/// - Complexity: O(passes · (edges + nodes · k)) time; 2 bytes a node besides the rows' offsets.
struct StreamingSearch {
  private let rows: StreamedRows
  private let loads: NodeLoads
  private let passes: Int
  private let parts: Buffer<UInt16>
  private let ledger: PartFill
  private let links: Buffer<UInt32>

  /// No part has this number: the node has not passed.
  private static let none = UInt16.max

  init(_ rows: StreamedRows, loads: NodeLoads, passes: Int) {
    self.rows = rows
    self.loads = loads
    self.passes = passes
    parts = Buffer(count: loads.nodeCount)
    parts.pointer.update(repeating: Self.none, count: loads.nodeCount)
    ledger = PartFill(loads)
    links = Buffer(count: loads.partCount)
  }

  func run(progress: (String) -> Void) -> [UInt16] {
    for pass in 0..<max(1, passes) {
      var moves = 0
      var cut = 0
      for node in 0..<loads.nodeCount {
        let own = parts.pointer[node]
        let degree = countLinks(node)
        if own != Self.none { ledger.remove(node, from: Int(own)) }
        let target = pass == 0 ? firstPart(node) : betterPart(node, than: Int(own))
        ledger.add(node, to: target)
        parts.pointer[node] = UInt16(truncatingIfNeeded: target)
        if UInt16(target) != own { moves += 1 }
        cut += degree - Int(links.pointer[target])
      }
      progress("streaming, pass \(pass + 1): \(moves) nodes moved, cut \(cut / 2)")
      if moves * 1000 < loads.nodeCount { break }
    }
    return Array(parts.elements)
  }

  /// Counts the neighbours of `node` by part; returns how many have one.
  private func countLinks(_ node: Int) -> Int {
    links.pointer.update(repeating: 0, count: links.count)
    var degree = 0
    for position in rows.row(node) {
      let part = parts.pointer[Int(rows.ends.pointer[position])]
      guard part != Self.none else { continue }
      links.pointer[Int(part)] &+= 1
      degree &+= 1
    }
    return degree
  }

  private func firstPart(_ node: Int) -> Int {
    best(node) { part in Double(links.pointer[part]) * (1 - ledger.fullness(part)) }
  }

  private func betterPart(_ node: Int, than own: Int) -> Int {
    // Half a neighbour keeps a node where it is.
    best(node) { part in Double(links.pointer[part]) + (part == own ? 0.5 : 0) }
  }

  /// The part with the highest value of those with room, the emptiest of equal ones; the emptiest of all where none has room.
  @inline(__always)
  private func best(_ node: Int, _ value: (Int) -> Double) -> Int {
    var best: (value: Double, fullness: Double, part: Int)?
    for part in 0..<loads.partCount where ledger.admits(node, to: part) {
      let found = (value(part), ledger.fullness(part), part)
      if best.map({ found.0 > $0.value || (found.0 == $0.value && found.1 < $0.fullness) }) ?? true { best = found }
    }
    if let best { return best.part }
    return (0..<loads.partCount).min { ledger.fullness($0) < ledger.fullness($1) }.unsafelyUnwrapped  // There is a part.
  }
}
