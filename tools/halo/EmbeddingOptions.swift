import ArgumentParser
import Configuration

/// Input columns that are learned with the model.
struct EmbeddingOptions: ParsableArguments {
  private static let standard = EmbeddingConfiguration()

  @Option(
    help: help(
      "Learned columns of every node's input row, after those of its features: for nodes without features (--features none) or with few.",
      standard.columns))
  var embed: Int?

  @Option(
    help: help(
      "How learned rows follow their gradients; only those that a step reads move. 'rowwise-adagrad' keeps one number a row, adagrad one a "
        + "column, adam two.", standard.optimizer.rawValue))
  var embedOptimizer: EmbeddingConfiguration.Optimizer?

  @Option(help: help("Learning rate of learned rows; it changes over the run as --lr does.", standard.learningRate))
  var embedLearningRate: Float?

  @Option(
    help: help("What the gradients of several parts for one row become: their sum, or their mean.", standard.gradient.rawValue))
  var embedGradient: EmbeddingConfiguration.Gradient?

  @Option(help: help("Type that learned rows are stored with.", standard.element.rawValue))
  var embedType: EmbeddingConfiguration.Element?

  /// Writes every given flag over `result`.
  func apply(to result: inout EmbeddingConfiguration) {
    if let embed { result.columns = embed }
    if let embedOptimizer { result.optimizer = embedOptimizer }
    if let embedLearningRate { result.learningRate = embedLearningRate }
    if let embedGradient { result.gradient = embedGradient }
    if let embedType { result.element = embedType }
  }
}
