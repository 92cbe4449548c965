public import Collectives
public import Configuration
import Partitions

/// Several runs of one job, one after the other on the same workers.
///
/// The directory of all holds an ordinary run directory for each, and `summary.json`, which is written anew after every run: a job that
/// dies keeps the runs it has finished. It takes its name when the first run is complete.
public final class RepeatedTraining {
  private let request: TrainingJob.Request
  private let repetition: Repetition
  private let group: any ProcessGroup
  private let report: (String) -> Void

  /// - Parameters:
  ///   - request: The job; its `run` is the directory of all runs.
  ///   - report: Shows a line to the user; called on worker 0 only.
  public init(
    _ request: TrainingJob.Request, repetition: Repetition, group: any ProcessGroup, report: @escaping (String) -> Void
  ) {
    self.request = request
    self.repetition = repetition
    self.group = group
    self.report = report
  }

  /// Runs all of them, or until a stop is requested; a collective call. The summary is the same on every worker.
  public func run() throws -> RepetitionSummary {
    try ConfigurationAgreement([.init("--repeat", "\(repetition)")]).verify(in: group)
    let runs = try group.agree {
      try RepeatedRun.all(
        of: repetition, training: request.training, splits: try Manifest.load(request.partitions).splits,
        place: "\(request.partitions)/\(Manifest.fileName)")
    }
    let path = request.run ?? ""
    let directory = try group.agree { group.rank == 0 ? try RepetitionDirectory(creating: path, force: request.force) : nil }
    var summary = RepetitionSummary(planned: runs.count, run: path)
    do {
      for (number, run) in runs.enumerated() {
        if try group.allGather(value: request.stopRequested()).contains(true) { break }
        if group.rank == 0 { report("run \(number + 1) of \(runs.count): \(run.name)") }
        let result = try train(run, in: number == 0 ? RepetitionDirectory.partial(path) : path)
        if result.stopped { summary.unfinished = run.name } else { summary.add(result, of: run) }
        try group.agree { try directory?.write(summary) }
        if result.stopped { break }
      }
      if summary.runs.isEmpty && summary.unfinished == nil { directory?.discard() }
    } catch {
      directory?.discard()
      throw error
    }
    return summary
  }

  private func train(_ run: RepeatedRun, in folder: String) throws -> TrainingSummary {
    var request = request
    request.run = "\(folder)/\(run.name)"
    request.force = false
    request.training.seed = run.seed
    request.training.split = run.split
    return try TrainingJob(request, group: group, report: report).run()
  }
}
