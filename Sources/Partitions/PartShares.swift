import Tensors

/// What share of every constraint each part is to hold: equal ones, or in proportion to given weights.
public struct PartShares: Hashable, Sendable {
  /// Positive and finite, one per part: a part's share is its weight over their sum. All 1 where shares are equal.
  public let weights: [Double]
  /// True when every part is to hold as much as any other.
  public let areEqual: Bool
  private let sum: Double

  /// The same for each of `partCount` parts.
  public init(equal partCount: Int) {
    self.init(known: [Double](repeating: 1, count: partCount), areEqual: true, sum: Double(partCount))
  }

  private init(known weights: [Double], areEqual: Bool, sum: Double) {
    self.weights = weights
    self.areEqual = areEqual
    self.sum = sum
  }

  /// Shares in proportion to `weights`; equal ones where there are none.
  ///
  /// - Throws: `InputError` when there is not one for each part, or one is not a number above 0.
  public init(weights: [Double], partCount: Int) throws {
    let expected = "\(partCount) numbers above 0, one for each part"
    guard weights.count == partCount || weights.isEmpty else {
      throw InputError("part weights", expected: expected, found: "\(weights.count)")
    }
    if let odd = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw InputError("part weights", expected: expected, found: "\(odd)")
    }
    let sum = weights.reduce(0, +)
    guard sum.isFinite, weights.allSatisfy({ $0 / sum > 0 }) else {
      throw InputError("part weights", expected: "numbers whose shares can be told apart from 0", found: "others")
    }
    if weights.contains(where: { $0 != weights[0] }) {
      self.init(known: weights, areEqual: false, sum: sum)
    } else {
      self.init(equal: partCount)
    }
  }

  /// Number of parts.
  public var partCount: Int { weights.count }

  /// The part's share of everything, between 0 and 1.
  public func fraction(of part: Int) -> Double { weights[part] / sum }

  /// What `part` would hold of `total` if it could be cut at will.
  public func target(of part: Int, total: Int) -> Double { Double(total) * weights[part] / sum }

  /// The most that `part` may hold: its target and the tolerance on top, or the next whole number above the target where that is
  /// more.
  public func limit(of part: Int, total: Int, tolerance: Double) -> Int {
    guard !areEqual else { return PartLoads.limit(total: total, partCount: partCount, tolerance: tolerance) }
    let target = target(of: part, total: total)
    // The term of 1e-9 takes rounding out of the comparison with whole numbers.
    let allowed = target * (1 + tolerance) * (1 + 1e-9)
    return max(Int(min(allowed, Double(total))), Int((target * (1 - 1e-9)).rounded(.up)))
  }

  /// The largest quotient of what a part holds and its target; 1 when nothing is counted.
  ///
  /// - Parameter counts: One per part.
  public func imbalance(_ counts: [Int]) -> Double {
    let total = counts.reduce(0, +)
    guard total > 0 else { return 1 }
    guard !areEqual else { return Double(counts.max() ?? 0) * sum / Double(total) }
    return zip(counts, weights).map { Double($0) * sum / (Double(total) * $1) }.max() ?? 1
  }

  /// The tolerance as it is not kept; `nil` when no part is above its limit.
  ///
  /// - Parameter counts: One per part.
  public func unmet(_ counts: [Int], constraint: String, tolerance: Double) -> UnmetTolerance? {
    let total = counts.reduce(0, +)
    let over = counts.indices.filter { counts[$0] > limit(of: $0, total: total, tolerance: tolerance) }
    guard !over.isEmpty else { return nil }
    if areEqual { return UnmetTolerance(constraint: constraint, tolerance: tolerance, excess: imbalance(counts) - 1) }
    let excesses = over.map { (excess: Double(counts[$0]) / target(of: $0, total: total) - 1, part: $0) }
    guard let worst = excesses.max(by: { ($0.excess, $1.part) < ($1.excess, $0.part) }) else { return nil }
    return UnmetTolerance(constraint: constraint, tolerance: tolerance, excess: worst.excess, part: worst.part)
  }
}
