import ArgumentParser
import Configuration

/// What a run keeps of its state, and the run that goes on from it.
struct CheckpointOptions: ParsableArguments {
  private static let standard = ExecutionConfiguration()

  @Option(
    help: ArgumentHelp(
      "Go on with a run that was stopped or has died, bit for bit, on any number of workers. Its job.yaml says how; flags may change how it "
        + "is executed, and raise --epochs where the learning rate does not depend on them.", valueName: "run"))
  var resume: String?

  @Option(
    help: help(
      "Epochs between two checkpoints; after the last epoch and of each better model there is one, too. 0: only when the run is asked to stop.",
      standard.checkpointEvery))
  var checkpointEvery: Int?

  @Option(help: help("Newest checkpoints to keep, beside that of the best model.", standard.keepCheckpoints))
  var keepCheckpoints: Int?

  /// Writes every given flag over `result`; ranges are not checked.
  func apply(to result: inout ExecutionConfiguration) {
    if let checkpointEvery { result.checkpointEvery = checkpointEvery }
    if let keepCheckpoints { result.keepCheckpoints = keepCheckpoints }
  }
}

extension Job {
  /// Checks that `self`, the job of the run in `stored` with flags written over it, trains the same model, if perhaps for longer.
  ///
  /// - Throws: `ConfigurationError` naming the first option that may not differ.
  func checkResumption(of stored: Job) throws {
    guard training.epochs == stored.training.epochs || !training.schedule.dependsOnEpochs else {
      throw ConfigurationError(
        "--epochs", expected: "\(stored.training.epochs), as --lr-schedule \(training.schedule.rawValue) depends on it",
        found: "\(training.epochs)")
    }
    guard training.epochs >= stored.training.epochs else {
      throw ConfigurationError("--epochs", expected: "at least the run's \(stored.training.epochs)", found: "\(training.epochs)")
    }
    var same = stored
    (same.partitions, same.execution, same.training.epochs) = (partitions, execution, training.epochs)
    guard let key = JobKey.all.first(where: { $0.text(self) != $0.text(same) }) else { return }
    throw ConfigurationError(
      "--\(key.name)", expected: "\(key.text(same) ?? "no value"), with which the run began", found: key.text(self) ?? "no value")
  }
}
