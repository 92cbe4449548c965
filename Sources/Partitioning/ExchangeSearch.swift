/// Looks for two nodes in different parts whose exchange lowers the overload, when no single move does.
///
/// Nodes with equal loads are interchangeable, so pairs of load patterns are tried instead of pairs of nodes.
struct ExchangeSearch {
  private let ledger: LoadLedger
  /// Nodes of each part, grouped by equal loads.
  private let patterns: [[[Int]]]

  init(ledger: LoadLedger, parts: [UInt16]) {
    self.ledger = ledger
    let loads = ledger.loads
    var members = [[Int]](repeating: [], count: loads.partCount)
    for (node, part) in parts.enumerated() { members[Int(part)].append(node) }
    patterns = members.map { nodes in Self.patterns(of: nodes, loads: loads) }
  }

  /// The exchange that removes most overload, from the most overloaded part that has one, as the candidates on either side.
  ///
  /// - Complexity: O(k² · P²) for `P` patterns a part, at most 256 of them looked at.
  func best() -> (source: Int, target: Int, left: [Int], right: [Int])? {
    let overloads = (0..<ledger.loads.partCount).map { ledger.overload(of: $0) }
    let sources = overloads.indices.filter { overloads[$0] > 0 }.sorted { (overloads[$1], $0) < (overloads[$0], $1) }
    for source in sources {
      if let (target, left, right) = best(from: source) { return (source, target, left, right) }
    }
    return nil
  }

  private func best(from source: Int) -> (target: Int, left: [Int], right: [Int])? {
    var best: (change: Double, target: Int, left: [Int], right: [Int])?
    for left in patterns[source] {
      for target in patterns.indices where target != source {
        for right in patterns[target] {
          let change = ledger.change(
            exchanging: ledger.loads.row(left[0]), in: source, with: ledger.loads.row(right[0]), in: target)
          if change < (best?.change ?? -1e-12) { best = (change, target, left, right) }
        }
      }
    }
    return best.map { ($0.target, $0.left, $0.right) }
  }

  private static func patterns(of nodes: [Int], loads: NodeLoads) -> [[Int]] {
    func compare(_ a: Int, _ b: Int) -> Int {
      let (left, right) = (loads.row(a), loads.row(b))
      for column in 0..<loads.constraintCount where left[column] != right[column] { return left[column] < right[column] ? -1 : 1 }
      return 0
    }
    let sorted = nodes.sorted { a, b in
      let order = compare(a, b)
      return order == 0 ? a < b : order < 0
    }
    var patterns: [[Int]] = []
    for node in sorted {
      if let last = patterns.last, compare(last[0], node) == 0 {
        patterns[patterns.count - 1].append(node)
      } else {
        patterns.append([node])
      }
    }
    let limit = 256
    guard patterns.count > limit else { return patterns }
    return (0..<limit).map { patterns[$0 * patterns.count / limit] }
  }
}
