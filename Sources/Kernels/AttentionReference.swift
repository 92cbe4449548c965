import Glibc

/// Attention by the definition, in float64: the oracle of the tests.
package enum AttentionReference {
  /// Slope of the leaky ReLU below zero.
  package static let slope = 0.2

  package static func leaky(_ x: Double) -> Double { x > 0 ? x : slope * x }

  package static func softmax(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let powers = scores.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// Output of one destination, (H·F).
  ///
  /// - Parameters:
  ///   - rows: Rows of the edges' sources, in the order of the slots; zeros without.
  ///   - score: Score of an edge's row and a head.
  ///   - factor: What the coefficient of an edge, by ordinal, and a head is multiplied by.
  package static func output(
    _ rows: [[Double]], heads: AttentionHeads, score: (_ row: [Double], _ head: Int) -> Double, factor: (Int, Int) -> Double
  ) -> [Double] {
    var out = [Double](repeating: 0, count: heads.columns)
    for head in 0..<heads.count {
      let coefficients = softmax(rows.map { score($0, head) })
      for (ordinal, row) in rows.enumerated() {
        let coefficient = coefficients[ordinal] * factor(ordinal, head)
        for column in head * heads.width..<(head + 1) * heads.width { out[column] += coefficient * row[column] }
      }
    }
    return out
  }

  /// Score of GAT, `leaky(a_source·h[u] + a_destination·h[v])`, with vectors as rows of H·F columns.
  package static func scoreGAT(
    _ row: [Double], own: [Double], source: [Double], destination: [Double], head: Int, heads: AttentionHeads
  ) -> Double {
    let columns = head * heads.width..<(head + 1) * heads.width
    return leaky(columns.reduce(0) { $0 + source[$1] * row[$1] + destination[$1] * own[$1] })
  }

  /// Score of GATv2, `a·leaky(l[u] + r[v])`.
  package static func scoreGATv2(_ row: [Double], destination: [Double], vector: [Double], head: Int, heads: AttentionHeads) -> Double {
    (head * heads.width..<(head + 1) * heads.width).reduce(0) { $0 + vector[$1] * leaky(row[$1] + destination[$1]) }
  }
}
