/// Learned input columns: a row for every node of the training nodes' type, moved by the gradients of the batches that read it.
public struct EmbeddingConfiguration: Codable, Equatable, Sendable {
  /// How rows follow their gradients; see `RowOptimizer` of the module Kernels.
  public enum Optimizer: String, Codable, Sendable, CaseIterable {
    case sgd, adagrad
    case rowwiseAdagrad = "rowwise-adagrad"
    /// Lazy: a row that no batch reads keeps its moments.
    case adam
  }
  /// What a row's gradients of several parts become: their sum, or that over the number of parts that read the row.
  public enum Gradient: String, Codable, Sendable, CaseIterable { case sum, mean }
  /// Type of the stored rows.
  public enum Element: String, Codable, Sendable, CaseIterable { case float32, float16 }

  /// Learned columns of a row, after those of the features; 0: nothing is learned.
  public var columns = 0
  public var optimizer = Optimizer.adagrad
  /// Changes over the run as the dense weights' rate does.
  public var learningRate: Float = 0.05
  public var gradient = Gradient.sum
  public var element = Element.float32

  public init() {}
}

extension TrainingConfiguration {
  /// Value of `features` for models that read learned columns alone, and of a file's `edge-features` for those that read no rows of edges.
  public static let noFeatures = "none"

  /// Table of the fixed input columns; `nil`: there are none.
  public var fixedFeatures: String? { features == Self.noFeatures ? nil : features }

  /// Whether some input columns are learned.
  public var learnsInputs: Bool { embedding.columns > 0 }
}
