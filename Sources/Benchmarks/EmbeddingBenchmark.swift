public import Collectives
public import Kernels
import Telemetry
import Tensors
import Training

/// Measures a learned table of four parts, spread over the workers of a job: first whole steps on a made-up task, whose losses anybody can
/// compute, then reads and updates of random rows beside the rate at which this machine reads the same rows and their state.
///
/// All goes the way of training: rows of other workers are pulled as of a step, gradients are pushed to the owners, and each owner moves
/// its rows once a step. Losses have the same bits whatever the number of workers and threads.
public enum EmbeddingBenchmark {
  /// What is measured, and how often.
  public struct Request: Sendable {
    public var rows = 1_000_000
    public var columns = 64
    public var optimizer = RowOptimizer.adagrad()
    /// How the optimiser is called.
    public var optimizerName = "adagrad"
    public var learningRate = 0.05
    /// Rows that a part reads in a step of the task; even.
    public var batch = 10_000
    /// Steps of the task.
    public var steps = 50
    /// Different rows of a timed read or update, on each worker.
    public var timedRows = 100_000
    /// Share of the rows, 0 to 1, that other workers own in bodies that are timed in addition; 0: none is.
    public var remoteShare = 0.0
    /// Of each worker.
    public var threads = 1
    /// Timed rounds, after two to warm up.
    public var trials = 10

    public init() {}

    /// - Throws: `InputError` for more rows in a step than there are, or remote rows where there is one worker.
    func check(workers: Int) throws {
      // Rows that a worker asks of others are spread evenly: each owner may have one more from everybody.
      let least = EmbeddingBenchmark.partCount * max(batch, timedRows + (remoteShare > 0 ? workers : 0))
      guard rows >= least, rows < EmbeddingTask.stride else {
        throw InputError("--rows", expected: "at least \(least) and fewer than \(EmbeddingTask.stride)", found: "\(rows)")
      }
      guard remoteShare == 0 || workers > 1 else {
        throw InputError("--remote-share", expected: "several workers ('halo launch -n 2 bench embedding')", found: "one")
      }
      _ = try PartAssignment(parts: EmbeddingBenchmark.partCount, workers: workers)
    }
  }

  static let partCount = 4

  /// Takes the steps of the task, then times reads and updates on all workers at once; a collective call.
  ///
  /// - Returns: The report on worker 0, `nil` elsewhere.
  /// - Throws: `InputError` for a request that cannot be measured, `WorkerError` on all of several workers; `MessagingError`.
  public static func run(_ request: Request, group: any ProcessGroup) throws -> EmbeddingReport? {
    if group.size == 1 { try request.check(workers: 1) } else { try group.agree { try request.check(workers: group.size) } }
    let worker = try EmbeddingWorker(request, group: group)
    let (losses, seconds) = try EmbeddingTask(request, worker).run()
    let rounds = try EmbeddingRounds(request, worker).run()
    let memory = try group.allGather(
      value: EmbeddingReport.Memory(
        valueBytes: worker.table.valueBytes, stateBytes: worker.table.stateBytes, peak: ProcessMemory.current()?.peak ?? 0))
    try worker.finish()
    guard group.rank == 0 else { return nil }
    return EmbeddingReport(
      request, losses: losses, rowsPerSecond: Double(partCount * request.batch * request.steps) / seconds, memory: memory, seconds: rounds)
  }
}
