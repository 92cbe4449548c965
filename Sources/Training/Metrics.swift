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
  /// Mean loss over all seeds of the epoch.
  public var loss: Double
  /// Share of the epoch's seeds that the sampled model classified rightly while training.
  public var trainAccuracy: Double
  /// Exact accuracy on the validation set; absent in epochs that were not evaluated.
  public var validationAccuracy: Double?
  /// Exact accuracy on the test set; absent in epochs that were not evaluated.
  public var testAccuracy: Double?
}
