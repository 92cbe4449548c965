import ArgumentParser
import Configuration

/// What decides the result of a run. A flag left out keeps the value of the configuration.
struct TrainingOptions: ParsableArguments {
  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Data and batches")
  var data: DataOptions

  @OptionGroup(title: "Learned input columns")
  var embedding: EmbeddingOptions

  @OptionGroup(title: "What is learned")
  var learning: LearningOptions

  @OptionGroup(title: "Optimisation")
  var optimisation: OptimisationOptions

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationOptions

  /// Writes every given flag over `result`; ranges are not checked.
  ///
  /// - Throws: `ConfigurationError` for a value that is no such notation.
  func apply(to result: inout TrainingConfiguration) throws {
    try model.apply(to: &result)
    data.apply(to: &result)
    embedding.apply(to: &result.embedding)
    try learning.apply(to: &result)
    optimisation.apply(to: &result)
    try evaluation.apply(to: &result)
  }
}
