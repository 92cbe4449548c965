public import Configuration
public import Inference

/// One step of training, a line of `metrics.jsonl`.
struct StepMetrics: Codable, Equatable {
  var epoch: Int
  var step: Int
  /// Mean loss over the step's seeds in all parts.
  var loss: Double
}

/// One epoch of training, a line of `metrics.jsonl`.
public struct EpochMetrics: Codable, Equatable, Sendable {
  /// From 1.
  public var epoch: Int
  /// Mean loss over all seeds of the epoch, and accuracy of the sampled model while it was trained.
  public var train: Scores
  /// Scores on the held-out sets after the epoch; absent in epochs that were not evaluated.
  public var validation: Scores?
  public var test: Scores?
  /// What the first layer gathered in training; absent where it was sampled.
  public var firstHop: TrainingConfiguration.FirstHop?

  /// Mean loss over all seeds of the epoch.
  public var loss: Double { train[.loss] ?? .nan }
}
