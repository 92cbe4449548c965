import Collectives
import Foundation
import Models
import Partitions
import Tensors

/// Keeps the state of a run, and restores it; every worker has one, worker 0 reads and writes the files.
final class Checkpointer {
  private let request: TrainingJob.Request
  private let run: CheckpointIdentity
  private let layout: ParameterLayout
  private let group: any ProcessGroup
  /// `nil`: no input columns are learned.
  private let learned: LearnedColumns?

  /// A collective call.
  init(
    request: TrainingJob.Request, layout: ParameterLayout, learned: LearnedColumns?, stepsPerEpoch: Int, group: any ProcessGroup
  ) throws {
    self.learned = learned
    self.request = request
    self.layout = layout
    self.group = group
    run = try group.agree {
      try CheckpointIdentity(partitions: request.partitions, training: request.training, stepsPerEpoch: stepsPerEpoch)
    }
  }

  /// What the run goes on from, the same on every worker; `nil` for a run that begins. A collective call.
  func restored(report: (String) -> Void) throws -> Checkpoint? {
    guard request.resumes, let directory = request.run else { return nil }
    let mine = try group.agree { group.rank == 0 ? try store(in: directory).newest(report: report) : nil }
    return try Checkpoint.share(mine, count: layout.count, group: group)
  }

  /// Gives learned rows and their state back to their owners; a collective call.
  func restore(_ learned: LearnedColumns?, after checkpoint: Checkpoint) throws {
    guard let learned, let run = request.run else { return }
    let directory = store(in: run).directory(ofEpoch: checkpoint.epoch)
    try group.agree { try learned.restore(from: directory, steps: checkpoint.epoch * self.run.stepsPerEpoch) }
  }

  /// Writes a checkpoint where one is due, and removes older ones; a collective call.
  func writeIfDue(_ recorder: RunRecorder, _ step: TrainingStep, isLast: Bool, stops: Bool) throws {
    let progress = recorder.progress
    guard request.run != nil, isDue(progress, isLast: isLast, stops: stops) else { return }
    var vectors = try step.optimizer.gatherState()
    let learnedFiles = try writeLearned(recorder, isBestKnown: progress.bestEpoch != nil)
    try group.agree {
      guard let directory = recorder.directory else { return }
      vectors[Checkpoint.weights] = step.weights
      if progress.bestEpoch != nil { vectors[Checkpoint.best] = recorder.bestWeights }
      let (metrics, timings) = try directory.flush()
      let store = store(in: directory.file(""))
      try store.write(
        Checkpoint(state: .init(progress: progress, metricsBytes: metrics, timingsBytes: timings), vectors: vectors),
        beside: learnedFiles)
      try store.prune(upTo: progress.history.count, keeping: request.execution.keepCheckpoints, best: progress.bestEpoch)
    }
  }

  /// Every worker's learned rows and their state, in the directory of the checkpoint to come; records of all files.
  private func writeLearned(_ recorder: RunRecorder, isBestKnown: Bool) throws -> [FileRecord] {
    guard let learned else { return [] }
    let mine = try group.agree { () throws -> String in
      guard let directory = recorder.directory else { return "" }
      return try store(in: directory.file("")).begin()
    }
    let partial = String(decoding: try group.broadcast(Array(mine.utf8), from: 0), as: UTF8.self)
    let best = isBestKnown ? try recorder.learnedFolder() : nil
    let records = try group.agree { try learned.writeCheckpoint(to: partial, best: best, partition: run.partition) }
    let encoded = try group.allGather(Array(try JSONEncoder().encode(records)))
    return try encoded.flatMap { try JSONDecoder().decode([FileRecord].self, from: Data($0)) }
  }

  private func isDue(_ progress: RunProgress, isLast: Bool, stops: Bool) -> Bool {
    let (epoch, every) = (progress.history.count, request.execution.checkpointEvery)
    return stops || (every > 0 && (epoch % every == 0 || isLast || progress.bestEpoch == epoch))
  }

  private func store(in directory: String) -> CheckpointStore {
    CheckpointStore(path: "\(directory)/checkpoints", run: run, layout: layout)
  }
}
