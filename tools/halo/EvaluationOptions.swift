import ArgumentParser
import Configuration

/// When models are scored, how, and what follows from it.
struct EvaluationOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(help: help("Evaluate every so many epochs, and after the last; 0: after the last only.", standard.evalEvery))
  var evalEvery: Int?

  @Option(help: help("In-neighbours sampled when evaluating, written as --fanout; 'exact': none is left out.", "exact"))
  var evalFanout: String?

  @Option(
    help: help(
      "Score on the validation set by which the best model is chosen; 'auto' is the accuracy, the micro F1 of several labels, or the error "
        + "of a regression. 'auc' and 'average-precision' sort all nodes for every class: with more than two classes they are computed only "
        + "when asked for here.", standard.metric.rawValue))
  var metric: TrainingConfiguration.Metric?

  @Option(help: help("End the run when so many evaluations in a row have not bettered the best; 0: never.", standard.patience))
  var patience: Int?

  /// Writes every given flag over `result`.
  ///
  /// - Throws: `ConfigurationError` for a fan-out that is none.
  func apply(to result: inout TrainingConfiguration) throws {
    if let evalEvery { result.evalEvery = evalEvery }
    if let evalFanout { result.evalFanout = evalFanout == "exact" ? nil : try Fanout(parsing: evalFanout, option: "--eval-fanout") }
    if let metric { result.metric = metric }
    if let patience { result.patience = patience }
  }
}
