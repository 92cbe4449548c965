import Collectives
import Inference

/// Losses and right answers of the steps of one epoch: kept per part while it runs, summed over parts once at its end.
struct EpochLosses {
  private let steps: Int
  /// (loss sum, right answers) of every step, by own part.
  private var sums: [Int: [Double]]
  /// Mean loss of each step over the seeds of all parts.
  private(set) var stepLosses: [Double] = []
  /// Mean loss and accuracy over the epoch.
  private(set) var scores = Scores()

  init(parts: [Int], steps: Int) {
    self.steps = steps
    sums = Dictionary(uniqueKeysWithValues: parts.map { ($0, [Double](repeating: 0, count: 2 * steps)) })
  }

  mutating func record(_ outcomes: [TrainingStep.PartOutcome], step: Int) {
    for outcome in outcomes {
      sums[outcome.part]![2 * step] = outcome.lossSum
      sums[outcome.part]![2 * step + 1] = Double(outcome.correct)
    }
  }

  /// Adds the parts up along the fixed tree; a collective call.
  mutating func sumOverParts(_ reducer: GradientReducer, seedCounts: [Int]) throws {
    let total = try reducer.orderedSum(sums)
    var lossSum = 0.0
    var correct = 0.0
    for step in 0..<steps {
      stepLosses.append(total[2 * step] / Double(max(1, seedCounts[step])))
      lossSum += total[2 * step]
      correct += total[2 * step + 1]
    }
    let seeds = Double(max(1, seedCounts.reduce(0, +)))
    scores = Scores([.loss: lossSum / seeds, .accuracy: correct / seeds])
  }
}
