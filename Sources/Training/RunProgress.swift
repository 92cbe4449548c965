public import Configuration
public import Inference

/// What a run has shown so far: all that decides which model is kept and when the run ends; equal on every worker.
public struct RunProgress: Codable, Equatable, Sendable {
  /// Score on the validation set by which models are compared.
  public let metric: Score
  /// What the first layer gathers in training; `nil`: a sample.
  private let firstHop: TrainingConfiguration.FirstHop?
  /// Every epoch so far, in order.
  public private(set) var history: [EpochMetrics] = []
  /// Epoch of the best model on the validation set, the first of equals; `nil` while none could be compared.
  public private(set) var bestEpoch: Int?
  /// Scores of the best model, or of the last one evaluated while none could be compared.
  public private(set) var evaluation: Evaluation?
  /// Evaluations since the best one.
  public private(set) var evaluationsSinceBest = 0

  public init(metric: Score, firstHop: TrainingConfiguration.FirstHop = .sampled) {
    self.metric = metric
    self.firstHop = firstHop == .sampled ? nil : firstHop
  }

  /// Adds an epoch.
  ///
  /// - Parameter evaluation: Scores of the model after it; `nil`: it was not evaluated.
  /// - Returns: Whether the model is the best so far.
  @discardableResult
  public mutating func record(epoch: Int, train: Scores, evaluation: Evaluation?) -> Bool {
    history.append(
      EpochMetrics(
        epoch: epoch, train: train, validation: evaluation?.validation.scores.present, test: evaluation?.test.scores.present,
        firstHop: firstHop))
    guard let evaluation else { return false }
    if bestEpoch != nil, !isBetter(evaluation, than: self.evaluation) {
      evaluationsSinceBest += 1
      return false
    }
    self.evaluation = evaluation
    guard evaluation.validation.scores[metric] != nil else { return false }
    bestEpoch = epoch
    evaluationsSinceBest = 0
    return true
  }

  /// Whether `patience` evaluations in a row have not bettered the best; 0: never.
  public func isExhausted(patience: Int) -> Bool { patience > 0 && evaluationsSinceBest >= patience }

  private func isBetter(_ new: Evaluation, than old: Evaluation?) -> Bool {
    guard let value = new.validation.scores[metric], let best = old?.validation.scores[metric] else { return false }
    return metric.smallerIsBetter ? value < best : value > best
  }
}

extension Scores {
  /// `nil` where there are none.
  fileprivate var present: Scores? { names.isEmpty ? nil : self }
}
