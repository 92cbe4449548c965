import Collectives
import Models
import Tensors

/// Keeps the state of a run, and restores it; every worker has one, worker 0 reads and writes the files.
final class Checkpointer {
  private let request: TrainingJob.Request
  private let run: CheckpointIdentity
  private let layout: ParameterLayout
  private let group: any ProcessGroup

  /// A collective call.
  init(request: TrainingJob.Request, layout: ParameterLayout, stepsPerEpoch: Int, group: any ProcessGroup) throws {
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

  /// Writes a checkpoint where one is due, and removes older ones; a collective call.
  func writeIfDue(_ recorder: RunRecorder, _ step: TrainingStep, isLast: Bool, stops: Bool) throws {
    let progress = recorder.progress
    guard request.run != nil, isDue(progress, isLast: isLast, stops: stops) else { return }
    var vectors = try step.optimizer.gatherState()
    try group.agree {
      guard let directory = recorder.directory else { return }
      vectors[Checkpoint.weights] = step.weights
      if progress.bestEpoch != nil { vectors[Checkpoint.best] = recorder.bestWeights }
      let (metrics, timings) = try directory.flush()
      let store = store(in: directory.file(""))
      try store.write(
        Checkpoint(state: .init(progress: progress, metricsBytes: metrics, timingsBytes: timings), vectors: vectors))
      try store.prune(upTo: progress.history.count, keeping: request.execution.keepCheckpoints, best: progress.bestEpoch)
    }
  }

  private func isDue(_ progress: RunProgress, isLast: Bool, stops: Bool) -> Bool {
    let (epoch, every) = (progress.history.count, request.execution.checkpointEvery)
    return stops || (every > 0 && (epoch % every == 0 || isLast || progress.bestEpoch == epoch))
  }

  private func store(in directory: String) -> CheckpointStore {
    CheckpointStore(path: "\(directory)/checkpoints", run: run, layout: layout)
  }
}
