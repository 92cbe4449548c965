import Collectives
import Configuration
import Foundation
import Inference
import Models
import Partitions
import Telemetry
import Tensors

/// Keeps what a run has shown so far: its files (worker 0), the best weights, the totals of the summary.
///
/// Every worker keeps the same metrics and the same best weights; worker 0 writes them.
final class RunRecorder {
  private let request: TrainingJob.Request
  private let manifest: Manifest
  private let model: Model
  private let group: any ProcessGroup
  private let directory: RunDirectory?
  private var epochs: [EpochMetrics] = []
  private var timings: [EpochTimings] = []
  private var best: EpochMetrics?
  private let bestWeights: Buffer<Float>

  /// A collective call.
  ///
  /// - Throws: On every worker when the run directory cannot be made.
  init(request: TrainingJob.Request, manifest: Manifest, model: Model, group: any ProcessGroup) throws {
    self.request = request
    self.manifest = manifest
    self.model = model
    self.group = group
    bestWeights = Buffer(count: model.parameters.count)
    directory = try group.agree {
      guard group.rank == 0, let run = request.run else { return nil }
      let directory = try RunDirectory(creating: run, force: request.force)
      try directory.write("configuration.json", Resolved(request: request, manifest: manifest))
      return directory
    }
  }

  /// `configuration.json`: all that decides the result, and how it was executed.
  private struct Resolved: Encodable {
    var partitions: String
    var fingerprint: String
    var partCount: Int
    var training: TrainingConfiguration
    var execution: ExecutionConfiguration

    init(request: TrainingJob.Request, manifest: Manifest) {
      partitions = request.partitions
      fingerprint = manifest.fingerprint
      partCount = manifest.partCount
      training = request.training
      execution = request.execution
    }
  }

  /// Records one epoch; a collective call.
  func record(
    epoch: Int, losses: EpochLosses, scores: NodeClassificationMetrics?, timings mine: EpochTimings, weights: Buffer<Float>
  ) throws {
    let metrics = EpochMetrics(
      epoch: epoch + 1, loss: losses.meanLoss, trainAccuracy: losses.accuracy, validationAccuracy: scores?.validation.accuracy,
      testAccuracy: scores?.test.accuracy)
    epochs.append(metrics)
    if let accuracy = metrics.validationAccuracy, accuracy > (best?.validationAccuracy ?? -1) {
      best = metrics
      bestWeights.pointer.update(from: weights.pointer, count: weights.count)
    }
    let everyone = try group.allGather(Array(try JSONEncoder().encode(mine)))
    let gathered = try everyone.map { try JSONDecoder().decode(EpochTimings.self, from: Data($0)) }
    timings += gathered
    try group.agree {
      guard let directory else { return }
      let steps = losses.stepLosses.enumerated().map { StepMetrics(epoch: epoch + 1, step: $0 + 1, loss: $1) }
      try directory.appendMetrics(steps)
      try directory.appendMetrics([metrics])
      try directory.appendTimings(gathered)
      if best?.epoch == epoch + 1 { try writeModel(bestWeights) }
      try directory.publish()
    }
  }

  /// Ends the run: writes the last weights where no epoch was evaluated; a collective call.
  func finish(lastWeights: Buffer<Float>) throws -> TrainingSummary {
    try group.agree { if best == nil, directory != nil { try writeModel(lastWeights) } }
    return TrainingSummary(epochs: epochs, best: best, timings: timings, workers: group.size, run: request.run)
  }

  /// Removes what a run that failed before its first complete epoch has written.
  func discard() { directory?.discard() }

  /// The newest epoch as one line for people.
  var newestLine: String {
    guard let epoch = epochs.last else { return "" }
    func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    var line = "epoch \(epoch.epoch): loss \(String(format: "%.4f", epoch.loss)), train \(percent(epoch.trainAccuracy))"
    if let validation = epoch.validationAccuracy { line += ", validation \(percent(validation))" }
    if let test = epoch.testAccuracy { line += ", test \(percent(test))" }
    let seconds = timings.suffix(group.size).map(\.seconds).max() ?? 0
    return line + ", \(String(format: "%.2f", seconds)) s"
  }

  private func writeModel(_ weights: Buffer<Float>) throws {
    guard let directory else { return }
    try ModelFile.write(model, weights: weights, fingerprint: manifest.fingerprint, to: directory.file(ModelFile.name))
  }
}
