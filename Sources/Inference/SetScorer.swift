public import Collectives
public import Kernels
public import Tensors

/// Scores what a model gives for the nodes of held-out sets, over all parts.
///
/// Each part is counted by itself and the parts are added up along the fixed tree: the same bits for any number of workers.
public struct SetScorer {
  private let loss: Loss
  /// Outputs of the model for a node.
  private let outputs: Int
  /// Whether the scores that need every node's outputs at one place are computed.
  private let ranks: Bool
  private let group: any ProcessGroup
  private let reducer: GradientReducer
  private let threads: Threads

  /// - Parameters:
  ///   - outputs: Classes, labels or columns of the prediction.
  ///   - ranks: Computes `Score.auc` and `.averagePrecision` too: O(nodes · log nodes) for every output.
  public init(loss: Loss, outputs: Int, ranks: Bool, group: any ProcessGroup, reducer: GradientReducer, threads: Threads) {
    self.loss = loss
    self.outputs = outputs
    self.ranks = ranks
    self.group = group
    self.reducer = reducer
    self.threads = threads
  }

  /// A collective call, the same on every worker.
  ///
  /// - Parameter rows: The model's outputs for the set's nodes, one matrix per own part, in the set's order.
  /// - Returns: No scores when no target of the set is known.
  public func score(_ set: HeldOutSet, rows: [Matrix]) throws -> SetScores {
    var sums: [Int: [Double]] = [:]
    for (index, part) in set.parts.enumerated() {
      let (view, targets) = (rows[index].view, set.targets[index].targets)
      let total = loss.evaluate(view, targets: targets, gradient: nil, threads: threads)
      sums[part] = [total.loss, total.weight, Double(total.correct), Double(total.count)] + extras(view, targets)
    }
    let total = try reducer.orderedSum(sums)
    let (lossSum, weight, correct, count) = (total[0], total[1], total[2], total[3])
    guard count > 0 else { return SetScores() }
    var scores: [Score: Double] = weight > 0 ? [.loss: lossSum / weight] : [:]
    var classes: [ClassScores] = []
    if case .squaredError = loss {
      scores[.meanAbsoluteError] = total[4] / count
      scores[.determination] = try determination(set, rows, columnSums: total[5...])
    } else {
      let decisions = DecisionCounts(values: total[4...])
      scores[.accuracy] = correct / count
      scores[.microF1] = decisions.microF1
      scores[.macroF1] = decisions.macroF1(onlyPresent: isSingleLabel)
      classes = decisions.table
      if ranks { scores.merge(try rankings(set, rows)) { $1 } }
    }
    withExtendedLifetime(rows) {}
    return SetScores(scores: Scores(scores), classes: classes)
  }

  private var isSingleLabel: Bool { if case .softmaxCrossEntropy = loss { true } else { false } }

  /// Decisions of one part; of a regression the sum of absolute errors, then known targets and their sum by column.
  private func extras(_ rows: MatrixView, _ targets: Targets) -> [Double] {
    switch targets {
    case .labels(let labels):
      var decisions = DecisionCounts(classes: outputs)
      for row in 0..<rows.rows where labels[row] >= 0 {
        decisions.count(label: Int(labels[row]), predicted: SoftmaxCrossEntropy.argmax(rows.row(row), count: outputs))
      }
      return decisions.values
    case .values(let values):
      if case .squaredError = loss { return Self.errorSums(rows, values) }
      var decisions = DecisionCounts(classes: outputs)
      for row in 0..<rows.rows {
        for column in 0..<outputs where !values.row(row)[column].isNaN {
          decisions.count(
            column: column, positive: values.row(row)[column] >= 0.5, predicted: BinaryCrossEntropy.isPositive(rows.row(row)[column]))
        }
      }
      return decisions.values
    }
  }

  private static func errorSums(_ rows: MatrixView, _ targets: MatrixView) -> [Double] {
    var absolute = 0.0
    var counts = [Double](repeating: 0, count: rows.columns)
    var sums = counts
    for row in 0..<rows.rows {
      for column in 0..<rows.columns where !targets.row(row)[column].isNaN {
        let target = Double(targets.row(row)[column])
        absolute += abs(Double(rows.row(row)[column]) - target)
        counts[column] += 1
        sums[column] += target
      }
    }
    return [absolute] + counts + sums
  }

  /// R²: `1 − Σ(x − t)² / Σ(t − mean t)²` of each column, and the mean over the columns that are known at all.
  ///
  /// A column whose targets are all equal counts 1 if it is met exactly, else 0, as in scikit-learn's `r2_score`.
  private func determination(_ set: HeldOutSet, _ rows: [Matrix], columnSums: ArraySlice<Double>) throws -> Double {
    let counts = Array(columnSums.prefix(outputs))
    let means = zip(columnSums.suffix(outputs), counts).map { $1 > 0 ? $0 / $1 : 0 }
    var sums: [Int: [Double]] = [:]
    for (index, part) in set.parts.enumerated() {
      guard case .values(let targets) = set.targets[index].targets else { preconditionFailure("a regression has values") }
      var (errors, spreads) = ([Double](repeating: 0, count: outputs), [Double](repeating: 0, count: outputs))
      for row in 0..<targets.rows {
        for column in 0..<outputs where !targets.row(row)[column].isNaN {
          let target = Double(targets.row(row)[column])
          let error = Double(rows[index].view.row(row)[column]) - target
          errors[column] += error * error
          spreads[column] += (target - means[column]) * (target - means[column])
        }
      }
      sums[part] = errors + spreads
    }
    let total = try reducer.orderedSum(sums)
    let shares = (0..<outputs).filter { counts[$0] > 0 }.map { column in
      let (error, spread) = (total[column], total[outputs + column])
      return spread > 0 ? 1 - error / spread : error == 0 ? 1 : 0
    }
    return shares.reduce(0, +) / Double(shares.count)
  }

  /// AUC and average precision: of class 1 when there are two classes, else the mean over the columns that can be ranked.
  private func rankings(_ set: HeldOutSet, _ rows: [Matrix]) throws -> [Score: Double] {
    let isBinary = isSingleLabel && outputs == 2
    var ranked = RankedColumns(columns: isBinary ? 1 : outputs)
    var odds = [Float](repeating: 0, count: outputs)
    for index in set.parts.indices {
      let view = rows[index].view
      switch set.targets[index].targets {
      case .labels(let labels):
        for row in 0..<view.rows where labels[row] >= 0 {
          LogOdds.write(view.row(row), into: &odds)
          for column in isBinary ? 1..<2 : 0..<outputs {
            ranked.add(score: odds[column], isPositive: Int(labels[row]) == column, column: isBinary ? 0 : column)
          }
        }
      case .values(let values):
        for row in 0..<view.rows {
          for column in 0..<outputs where !values.row(row)[column].isNaN {
            ranked.add(score: view.row(row)[column], isPositive: values.row(row)[column] >= 0.5, column: column)
          }
        }
      }
    }
    let found = try ranked.rank(in: group, threads: threads).compactMap { $0 }
    guard !found.isEmpty else { return [:] }
    return [
      .auc: found.reduce(0) { $0 + $1.auc } / Double(found.count),
      .averagePrecision: found.reduce(0) { $0 + $1.averagePrecision } / Double(found.count),
    ]
  }
}
