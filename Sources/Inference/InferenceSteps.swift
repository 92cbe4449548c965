public import Models

/// The steps of exact inference, in order: every layer, then what a jumping connection joins where it is wanted by itself, then the
/// output weight.
public struct InferenceSteps: Equatable, Sendable {
  public enum Step: Equatable, Sendable {
    case layer(Int)
    /// The rows that a jumping connection joins.
    case join
    /// The logits of a model with a jumping connection.
    case head
  }

  public let steps: [Step]
  private let headLayers: Range<Int>

  /// - Parameter joins: Whether joined rows are a step of their own.
  public init(_ model: Model, joins: Bool = false) {
    headLayers = model.headLayers ?? 0..<0
    steps =
      (0..<model.shape.layers).map { .layer($0) } + (joins && model.headLayers != nil ? [.join] : [])
      + (model.headLayers != nil ? [.head] : [])
  }

  /// Number of steps; the last gives the logits.
  public var count: Int { steps.count }

  /// The steps whose rows `step` reads; steps are numbered as in `steps`.
  public func reads(of step: Int) -> Range<Int> {
    switch steps[step] {
    case .layer(let layer): max(0, layer - 1)..<layer
    case .join, .head: headLayers
    }
  }

  /// Whether a step from `first` on reads the rows of `step`.
  public func isRead(_ step: Int, from first: Int) -> Bool {
    (first..<max(first, count)).contains { reads(of: $0).contains(step) }
  }

  /// Columns of the rows that a step gives.
  public func columns(_ step: Int, of model: Model) -> Int {
    switch steps[step] {
    case .layer(let layer): model.shape.outputWidth(of: layer)
    case .join: model.joinedWidth
    case .head: model.shape.classes
    }
  }

  /// The step that gives the embeddings: the rows that the last product reads. `nil` where that product reads the features.
  ///
  /// - Precondition: `joins` where the jumping connection joins several layers.
  public func embeddingStep(of model: Model) -> Int? {
    switch model.shape.jump {
    case .none: model.shape.layers > 1 ? model.shape.layers - 2 : nil
    case .last: model.shape.layers - 1
    case .concatenate, .max: steps.firstIndex(of: .join)
    }
  }
}
