/// How well scores rank positive nodes before negative ones; exact, ties averaged.
public struct Ranking: Equatable, Sendable {
  /// Area under the ROC curve: the share of (positive, negative) pairs in which the positive node has the higher score, ties
  /// counting one half.
  public var auc: Double
  /// Area under the precision-recall curve in steps: `Σ_t (R_t − R_{t−1})·P_t` over the distinct scores `t`, highest first.
  public var averagePrecision: Double

  init(auc: Double, averagePrecision: Double) {
    self.auc = auc
    self.averagePrecision = averagePrecision
  }

  /// A score and whether it is a positive node's, as one number that sorts by score.
  ///
  /// The upper bits map floats to integers in their order, −0 to the place of 0; NaN has its own place at the end.
  static func entry(score: Float, isPositive: Bool) -> UInt64 {
    let bits = (score + 0).bitPattern
    let ordered = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
    return UInt64(ordered) << 1 | (isPositive ? 1 : 0)
  }

  /// Ranks some nodes; `nil` unless there are positive and negative ones.
  public init?(_ nodes: some Sequence<(score: Float, isPositive: Bool)>) {
    var entries = nodes.map { Self.entry(score: $0.score, isPositive: $0.isPositive) }
    self.init(entries: &entries)
  }

  /// Ranks entries in any order; leaves them sorted.
  ///
  /// Pairs are counted in whole numbers, and precisions are added up from the highest score on: no order of the entries changes
  /// a bit. O(n·log n). The area equals the statistic of Mann and Whitney, 1947; the steps are those of scikit-learn's
  /// `average_precision_score`.
  init?(entries: inout [UInt64]) {
    entries.sort()
    let positives = entries.count { $0 & 1 == 1 }
    let negatives = entries.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    var end = entries.count
    var positivesAbove = 0
    var twicePairs = 0  // Twice the pairs in order, a tie counting once: below 2⁶³ for 2·10⁹ nodes.
    var precisions = 0.0
    while end > 0 {
      var begin = end
      var tied = 0
      while begin > 0, entries[begin - 1] >> 1 == entries[end - 1] >> 1 {
        tied += Int(entries[begin - 1] & 1)
        begin -= 1
      }
      let negativesTied = end - begin - tied
      positivesAbove += tied
      twicePairs += negativesTied * (2 * positivesAbove - tied)
      if tied > 0 { precisions += Double(tied) * (Double(positivesAbove) / Double(entries.count - begin)) }
      end = begin
    }
    auc = Double(twicePairs) / (2 * Double(positives) * Double(negatives))
    averagePrecision = precisions / Double(positives)
  }
}
