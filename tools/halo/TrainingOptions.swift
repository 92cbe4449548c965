import ArgumentParser
import Configuration

/// What decides the result of a run. Every flag left out keeps the value of the configuration it is applied to.
struct TrainingOptions: ParsableArguments {
  @OptionGroup(title: "Model")
  var model: ModelOptions

  @OptionGroup(title: "Data and batches")
  var data: DataOptions

  @OptionGroup(title: "What is learned")
  var learning: LearningOptions

  @OptionGroup(title: "Optimisation")
  var optimisation: OptimisationOptions

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationOptions

  /// `base` with every given flag written over it, checked.
  ///
  /// - Throws: `ConfigurationError` for the first value outside its range.
  func applied(to base: TrainingConfiguration = TrainingConfiguration()) throws -> TrainingConfiguration {
    var result = base
    try model.apply(to: &result)
    data.apply(to: &result)
    try learning.apply(to: &result)
    optimisation.apply(to: &result)
    try evaluation.apply(to: &result)
    try result.validate()
    return result
  }
}
