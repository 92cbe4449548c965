/// Counts of yes-or-no decisions about each class or label: whole numbers, so they add up to the same in any order.
public struct DecisionCounts: Equatable, Sendable {
  /// Given and right, by class.
  public var truePositives: [Int]
  /// Given but wrong.
  public var falsePositives: [Int]
  /// Not given where it should be.
  public var falseNegatives: [Int]

  public init(classes: Int) {
    truePositives = [Int](repeating: 0, count: classes)
    falsePositives = truePositives
    falseNegatives = truePositives
  }

  /// The counts as numbers to be summed over parts; exact below 2⁵³.
  var values: [Double] { (truePositives + falsePositives + falseNegatives).map(Double.init) }

  /// - Parameter values: As `values` gives them.
  init(values: some Collection<Double>) {
    let counts = values.map { Int($0) }
    let classes = counts.count / 3
    truePositives = Array(counts[..<classes])
    falsePositives = Array(counts[classes..<2 * classes])
    falseNegatives = Array(counts[(2 * classes)...])
  }

  /// Counts one node that has one class.
  public mutating func count(label: Int, predicted: Int) {
    if label == predicted {
      truePositives[label] += 1
    } else {
      falsePositives[predicted] += 1
      falseNegatives[label] += 1
    }
  }

  /// Counts the decision about one label of several.
  public mutating func count(column: Int, positive: Bool, predicted: Bool) {
    switch (positive, predicted) {
    case (true, true): truePositives[column] += 1
    case (false, true): falsePositives[column] += 1
    case (true, false): falseNegatives[column] += 1
    case (false, false): break
    }
  }

  /// Precision, recall and F1 of every class; a quotient with nothing below the line is 0, as in scikit-learn.
  public var table: [ClassScores] {
    truePositives.indices.map { index in
      let (right, wrong, missed) = (truePositives[index], falsePositives[index], falseNegatives[index])
      return ClassScores(
        index: index, precision: Self.share(right, of: right + wrong), recall: Self.share(right, of: right + missed),
        f1: Self.share(2 * right, of: 2 * right + wrong + missed), support: right + missed)
    }
  }

  /// F1 of all decisions together.
  public var microF1: Double {
    let right = truePositives.reduce(0, +)
    return Self.share(2 * right, of: 2 * right + falsePositives.reduce(0, +) + falseNegatives.reduce(0, +))
  }

  /// Mean F1 over classes.
  ///
  /// - Parameter onlyPresent: Leaves out the classes that no node has and none is given, as scikit-learn does for one class of
  ///   several; of several labels it counts all.
  public func macroF1(onlyPresent: Bool) -> Double {
    let table = table.filter { !onlyPresent || truePositives[$0.index] + falsePositives[$0.index] + falseNegatives[$0.index] > 0 }
    return table.isEmpty ? 0 : table.reduce(0) { $0 + $1.f1 } / Double(table.count)
  }

  private static func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
