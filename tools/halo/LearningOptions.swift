import ArgumentParser
import Configuration

/// What is predicted, and with which loss.
struct LearningOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(
    help: help(
      "What is predicted of a node: one class of several (softmax cross-entropy), any number of labels (multilabel: binary cross-entropy "
        + "of each) or numbers (regression: mean squared error).", standard.task.rawValue))
  var task: TrainingConfiguration.Task?

  @Option(help: help("Table of the targets of --task multilabel and regression.", standard.targets))
  var targets: String?

  @Option(
    help: help(
      "How much a seed of each class counts in the loss: 'none' all the same, 'balanced' inversely to the class's number of training "
        + "nodes, or one number for each class.", standard.classWeights))
  var classWeights: String?

  @Option(help: help("Share of a label's probability spread evenly over all classes.", standard.labelSmoothing))
  var labelSmoothing: Float?

  /// Writes every given flag over `result`.
  ///
  /// - Throws: `ConfigurationError` for class weights that are none.
  func apply(to result: inout TrainingConfiguration) throws {
    if let task { result.task = task }
    if let targets { result.targets = targets }
    if let classWeights { result.classWeights = try ClassWeights(parsing: classWeights) }
    if let labelSmoothing { result.labelSmoothing = labelSmoothing }
  }
}
