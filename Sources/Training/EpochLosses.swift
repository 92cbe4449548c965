import Collectives
import Inference
import Kernels

/// Losses and right answers of the steps of one epoch: kept per part while it runs, summed over parts once at its end.
struct EpochLosses {
  /// What the loss sum of each step is divided by.
  private let normalisers: [Double]
  /// (loss sum, right answers, known targets) of every step, by own part.
  private var sums: [Int: [Double]]
  /// Mean loss of each step over the seeds of all parts.
  private(set) var stepLosses: [Double] = []
  /// Mean loss over the epoch, and the accuracy where the task has one.
  private(set) var scores = Scores()

  init(parts: [Int], normalisers: [Double]) {
    self.normalisers = normalisers
    sums = Dictionary(uniqueKeysWithValues: parts.map { ($0, [Double](repeating: 0, count: 3 * normalisers.count)) })
  }

  mutating func record(_ outcomes: [TrainingStep.PartOutcome], step: Int) {
    for outcome in outcomes {
      let values = [outcome.sums.loss, Double(outcome.sums.correct), Double(outcome.sums.count)]
      sums[outcome.part]!.replaceSubrange(3 * step..<3 * step + 3, with: values)
    }
  }

  /// Adds the parts up along the fixed tree; a collective call.
  ///
  /// - Parameter hasAccuracy: Whether the task has right answers.
  mutating func sumOverParts(_ reducer: GradientReducer, hasAccuracy: Bool) throws {
    let total = try reducer.orderedSum(sums)
    var (lossSum, correct, count) = (0.0, 0.0, 0.0)
    for (step, normaliser) in normalisers.enumerated() {
      stepLosses.append(normaliser > 0 ? total[3 * step] / normaliser : 0)
      lossSum += total[3 * step]
      correct += total[3 * step + 1]
      count += total[3 * step + 2]
    }
    let normaliser = normalisers.reduce(0, +)
    var values = [Score.loss: normaliser > 0 ? lossSum / normaliser : 0]
    if hasAccuracy { values[.accuracy] = count > 0 ? correct / count : 0 }
    scores = Scores(values)
  }
}
