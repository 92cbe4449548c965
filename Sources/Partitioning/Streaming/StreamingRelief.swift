import Tensors

/// Moves nodes out of parts that are above a limit, into parts that have room under all constraints; serial and deterministic.
///
/// Nodes pass in order and are not sorted by what their move costs; instead several rounds allow ever higher prices: neighbours lost for the
/// load that leaves a part above its limit. Only nodes of parts above a limit are looked at. Where the parts with room under one constraint
/// are full under another, nodes change places with nodes of few neighbours that have nothing of the first.
///
/// - Complexity: O(rounds · (nodes + edges of parts above a limit) + nodes · k) time, no memory that grows with the graph.
struct StreamingRelief {
  private let loads: NodeLoads
  private let parts: Buffer<UInt16>
  private let ledger: PartFill
  private let links: StreamedLinks
  /// Nodes of each part.
  private let sizes: Buffer<Int>
  /// Mean load of a part by constraint.
  private let mean: [Double]

  /// Highest price of each round: 1 where a node loses as many neighbours as a node of the same load has in the mean.
  private static let prices = [0, 1.0 / 64, 1.0 / 16, 1.0 / 4, 1, .infinity]

  /// - Parameters:
  ///   - parts: Part of each node; changed.
  ///   - ledger: What the parts hold; changed.
  ///   - links: Counts by `parts`.
  init(_ loads: NodeLoads, parts: Buffer<UInt16>, ledger: PartFill, links: StreamedLinks) {
    self.loads = loads
    self.parts = parts
    self.ledger = ledger
    self.links = links
    mean = loads.totals.map { Double($0) / Double(loads.partCount) }
    sizes = Buffer(count: loads.partCount)
    for node in 0..<loads.nodeCount { sizes.pointer[Int(parts.pointer[node])] &+= 1 }
  }

  /// Returns how many nodes moved; limits may still be broken where no part has room.
  func run() -> Int {
    let unit = Double(links.total) / Double(loads.partCount)
    var moves = 0
    for price in Self.prices where !ledger.isWithinLimits {
      for node in 0..<loads.nodeCount {
        let source = Int(parts.pointer[node])
        guard ledger.exceeds(source), let target = target(of: node, in: source, upTo: price * unit) else { continue }
        move(node, from: source, to: target)
        moves &+= 1
      }
    }
    for column in 0..<loads.constraintCount where !ledger.isWithinLimits { moves += exchange(column) }
    return moves
  }

  private func move(_ node: Int, from source: Int, to target: Int) {
    ledger.remove(node, from: source)
    ledger.add(node, to: target)
    sizes.pointer[source] &-= 1
    sizes.pointer[target] &+= 1
    parts.pointer[node] = UInt16(truncatingIfNeeded: target)
  }

  /// Where `node` goes: the part with most of its neighbours of those with room; `nil` where it stays.
  private func target(of node: Int, in source: Int, upTo price: Double) -> Int? {
    let row = loads.row(node)
    var removed = 0.0
    for column in 0..<loads.constraintCount where row[column] > 0 && ledger.exceeds(source, column) {
      removed += Double(row[column]) / mean[column]
    }
    guard removed > 0, sizes.pointer[source] > 1 else { return nil }
    _ = links.count(node)
    var best: (links: Int, fullness: Double, part: Int)?
    for part in 0..<loads.partCount where part != source && ledger.admits(node, to: part) {
      let found = (links: links[part], fullness: ledger.fullness(part), part: part)
      if best.map({ found.links > $0.links || (found.links == $0.links && found.fullness < $0.fullness) }) ?? true { best = found }
    }
    guard let best, price.isInfinite || Double(links[source] - best.links) <= price * removed else { return nil }
    return best.part
  }

  /// Neighbours at most of a node that gives up its place.
  private static let fewNeighbours = 8

  /// Lets nodes of parts above their limit of `column` change places with nodes of the part with most room; returns how many moved.
  private func exchange(_ column: Int) -> Int {
    var moves = 0
    // Where the search for the next node of each part that gives up its place begins.
    var begin = [Int](repeating: 0, count: loads.partCount)
    for node in 0..<loads.nodeCount where loads.row(node)[column] > 0 {
      let source = Int(parts.pointer[node])
      guard ledger.exceeds(source, column) else { continue }
      // There is a part.
      let target = (0..<loads.partCount).min { ledger.fullness($0, column) < ledger.fullness($1, column) }.unsafelyUnwrapped
      let other = (begin[target]..<loads.nodeCount).first {
        Int(parts.pointer[$0]) == target && loads.row($0)[column] == 0 && links.neighbours(of: $0) <= Self.fewNeighbours
      }
      begin[target] = other ?? loads.nodeCount
      guard target != source, let other else { continue }
      ledger.remove(node, from: source)
      ledger.remove(other, from: target)
      let isBetter = ledger.admits(node, to: target) && ledger.admits(other, to: source)
      ledger.add(node, to: isBetter ? target : source)
      ledger.add(other, to: isBetter ? source : target)
      guard isBetter else { continue }
      parts.pointer[node] = UInt16(truncatingIfNeeded: target)
      parts.pointer[other] = UInt16(truncatingIfNeeded: source)
      moves &+= 2
    }
    return moves
  }
}
