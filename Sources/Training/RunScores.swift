public import Configuration
public import Inference

/// `scores.json`: how good the kept model is.
public struct RunScores: Codable, Equatable, Sendable {
  /// Precision, recall and F1 of every class of the held-out sets.
  public struct Tables: Codable, Equatable, Sendable {
    public var validation: [ClassScores]
    public var test: [ClassScores]
  }

  /// The epoch whose model was kept: the best on validation, or the last.
  public var bestEpoch: Int
  /// Score on the validation set by which models were compared.
  public var metric: Score
  /// What the first layer gathered in training; absent where it was sampled.
  public var firstHop: TrainingConfiguration.FirstHop?
  /// Scores of the kept model; absent when nothing was evaluated or the set is empty.
  public var validation: Scores?
  public var test: Scores?
  /// Absent when nothing was evaluated, and for a regression.
  public var classes: Tables?

  init(_ progress: RunProgress) {
    bestEpoch = progress.bestEpoch ?? progress.history.count
    metric = progress.metric
    firstHop = progress.history.last?.firstHop
    let kept = progress.history.last { $0.epoch == bestEpoch }
    validation = kept?.validation
    test = kept?.test
    classes = progress.evaluation.map { Tables(validation: $0.validation.classes, test: $0.test.classes) }
    if let tables = classes, tables.validation.isEmpty && tables.test.isEmpty { classes = nil }
  }
}
