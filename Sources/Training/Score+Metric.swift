import Configuration
import Inference

extension Score {
  /// What `--metric` means for a task.
  init(_ metric: TrainingConfiguration.Metric, task: TrainingConfiguration.Task) {
    self =
      switch metric {
      case .automatic:
        switch task {
        case .classification: .accuracy
        case .multilabel: .microF1
        case .regression: .loss
        }
      case .accuracy: .accuracy
      case .loss: .loss
      case .auc: .auc
      case .microF1: .microF1
      case .macroF1: .macroF1
      case .averagePrecision: .averagePrecision
      }
  }
}
