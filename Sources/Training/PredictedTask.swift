public import Configuration
public import Models
public import Partitions

/// What a configuration trains on a partition: for whoever predicts a run without making it.
public struct PredictedTask: Sendable {
  public let modelShape: ModelShape
  /// In-edges taken by layer (input hop first) and relation.
  public let limits: [[Int]]
  /// Table of the input rows.
  public let table: TableDescription

  /// - Throws: `InputError` or `ConfigurationError` when the partition lacks what the task needs.
  public init(partitions: String, training: TrainingConfiguration) throws {
    guard !training.learnsInputs else {
      throw ConfigurationError("--embed", expected: "0 where a run is predicted", found: "\(training.embedding.columns)")
    }
    if let edgeFeatures = training.edgeFeatures {
      throw ConfigurationError("--edge-features", expected: "none where a run is predicted", found: edgeFeatures)
    }
    let task = try PredictionTask(manifest: try Manifest.load(partitions), directory: partitions, training: training)
    (modelShape, limits, table) = (task.modelShape, task.limits, task.inputTable)
  }
}
