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
  /// `nil`: no input columns are learned.
  private let learned: LearnedColumns?
  private let partition: String
  let directory: RunDirectory?
  private(set) var progress: RunProgress
  private var timings: [EpochTimings] = []
  private var events: EventFile?
  /// Weights of the best epoch; zeros while there is none.
  let bestWeights: Buffer<Float>
  /// Steps that the learned rows of the model are as of; `nil` without any.
  private var learnedSteps: Int?

  /// A collective call.
  ///
  /// - Parameter checkpoint: What the run goes on from; `nil`: it begins.
  /// - Throws: On every worker when the run directory cannot be made or opened.
  init(
    request: TrainingJob.Request, manifest: Manifest, model: Model, metric: Score, checkpoint: Checkpoint?, learned: LearnedColumns?,
    group: any ProcessGroup
  ) throws {
    self.learned = learned
    self.request = request
    self.manifest = manifest
    self.model = model
    self.group = group
    progress = checkpoint?.state.progress ?? RunProgress(metric: metric, firstHop: request.training.firstHop)
    bestWeights = checkpoint?.vectors[Checkpoint.best] ?? Buffer(count: model.parameters.count)
    directory = try group.agree {
      guard group.rank == 0, let run = request.run else { return nil }
      let directory =
        try checkpoint.map { try RunDirectory(resuming: run, after: $0.state) } ?? RunDirectory(creating: run, force: request.force)
      try directory.write(JobFile.name, text: Self.resolved(request, manifest))
      return directory
    }
    partition = try group.agree { learned == nil ? "" : try Checksum.of(file: "\(request.partitions)/\(Manifest.fileName)") }
    // The files may be of an epoch after the checkpoint.
    if let checkpoint, checkpoint.vectors[Checkpoint.best] != nil { try restoreModel(after: checkpoint) }
  }

  /// `job.yaml`: all that decides the result, and how it was executed.
  private static func resolved(_ request: TrainingJob.Request, _ manifest: Manifest) -> String {
    let partitions = URL(fileURLWithPath: request.partitions).path
    var job = Job(partitions: partitions, output: nil, training: request.training, execution: request.execution)
    job.startingModel = request.startingModel.map { URL(fileURLWithPath: $0).path }
    return job.yaml(remarks: [
      "'halo train' with this file and -o repeats the run bit for bit on the same partition:",
      "\(manifest.partCount) parts of a graph with the fingerprint \(manifest.fingerprint)",
    ])
  }

  /// Records one epoch; a collective call.
  func record(
    epoch: Int, losses: EpochLosses, evaluation: Evaluation?, timings mine: EpochTimings, weights: Buffer<Float>
  ) throws {
    let isBest = progress.record(epoch: epoch + 1, train: losses.scores, evaluation: evaluation)
    if isBest { bestWeights.pointer.update(from: weights.pointer, count: weights.count) }
    let everyone = try group.allGather(Array(try JSONEncoder().encode(mine)))
    let gathered = try everyone.map { try JSONDecoder().decode(EpochTimings.self, from: Data($0)) }
    timings += gathered
    if isBest { try writeLearned() }
    try group.agree {
      guard let directory else { return }
      let steps = losses.stepLosses.enumerated().map { StepMetrics(epoch: epoch + 1, step: $0 + 1, loss: $1) }
      try directory.appendMetrics(steps)
      try directory.appendMetrics(progress.history.suffix(1))
      try directory.appendTimings(gathered)
      try appendEvents(losses.stepLosses, timings: mine, to: directory)
      if isBest { try writeModel(bestWeights) }
    }
  }

  /// Gives the directory its name, once its first epoch is complete; a collective call.
  func publish() throws { try group.agree { try directory?.publish() } }

  /// The newest epoch for TensorBoard; the first one begins the file.
  private func appendEvents(_ losses: [Double], timings: EpochTimings, to directory: RunDirectory) throws {
    guard let epoch = progress.history.last else { return }
    let steps = (epoch.epoch - 1) * losses.count
    let file = try events ?? EventFile(creating: directory.file(EventFile.newName()), after: steps)
    events = file
    let schedule = LearningRateSchedule(request.training, stepsPerEpoch: losses.count)
    try file.append(epoch, steps: steps, losses: losses, rate: schedule.rate(step:), timings: timings)
  }

  /// Ends the run: writes its scores, and the last weights where no epoch could be compared; a collective call.
  ///
  /// - Parameter stopped: Whether there are epochs left.
  func finish(lastWeights: Buffer<Float>, stopped: Bool) throws -> TrainingSummary {
    let summary = TrainingSummary(progress, timings: timings, workers: group.size, run: request.run, stopped: stopped)
    if progress.bestEpoch == nil { try writeLearned() }
    try group.agree {
      guard let directory else { return }
      if progress.bestEpoch == nil { try writeModel(lastWeights) }
      try directory.write("scores.json", summary.scores)
    }
    return summary
  }

  /// Removes what a run that failed before its first complete epoch has written.
  func discard() { directory?.discard() }

  /// The newest epoch as one line for people.
  var newestLine: String {
    guard let epoch = progress.history.last else { return "" }
    let metric = progress.metric
    let sets = [("train", epoch.train), ("validation", epoch.validation), ("test", epoch.test)].filter {
      metric != .loss || $0.0 != "train"
    }
    let scores = sets.compactMap { name, scores in scores?[metric].map { "\(name) \(metric.text(of: $0))" } }
    var line = "epoch \(epoch.epoch): loss \(Score.loss.text(of: epoch.loss))"
    let name = metric == .loss ? "" : metric.rawValue + " "  // The line begins with the loss.
    if !scores.isEmpty { line += ", \(name)" + scores.joined(separator: ", ") }
    let newest = timings.suffix(group.size)
    line += ", \(String(format: "%.2f", newest.map(\.seconds).max() ?? 0)) s"
    let ahead = newest.filter { $0.loading.ahead != nil && $0.seconds > 0 }
    guard let waited = ahead.map({ ($0.stages[Stage.wait.rawValue] ?? 0) / $0.seconds }).max() else { return line }
    return line + ", \(String(format: "%.1f", 100 * waited)) % of it waiting for batches"
  }

  private func writeModel(_ weights: Buffer<Float>) throws {
    guard let directory else { return }
    try ModelFile.write(
      model, weights: weights, fingerprint: manifest.fingerprint, learnedSteps: learnedSteps, to: directory.file(ModelFile.name))
  }

  /// Writes the learned rows that belong to the model, those of own parts on every worker; a collective call.
  private func writeLearned() throws {
    guard let learned, request.run != nil else { return }
    let folder = try learnedFolder()
    try group.agree { try learned.writeRows(to: folder, partition: partition) }
    learnedSteps = learned.table.appliedSteps
  }

  /// Puts the checkpoint's best model back; a collective call.
  private func restoreModel(after checkpoint: Checkpoint) throws {
    if let learned, let run = request.run {
      let folder = try learnedFolder()
      let name = "checkpoints/epoch-\(String(format: "%06d", checkpoint.epoch))"
      try group.agree { try learned.restoreBest(from: "\(run)/\(name)", to: folder) }
      learnedSteps = (progress.bestEpoch ?? 0) * (learned.table.appliedSteps / max(1, checkpoint.epoch))
    }
    try group.agree { try writeModel(bestWeights) }
  }

  /// The folder of learned rows in the run directory, the same on every worker; a collective call.
  func learnedFolder() throws -> String {
    let mine = try group.agree { () throws -> String in
      guard let directory else { return "" }
      let folder = directory.file(LearnedFiles.folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return folder
    }
    return String(decoding: try group.broadcast(Array(mine.utf8), from: 0), as: UTF8.self)
  }
}
