import Foundation

/// What `halo bench embedding` prints.
public struct EmbeddingReport: Codable, Sendable, CustomStringConvertible {
  /// Bytes of one worker.
  public struct Memory: Codable, Sendable, BitwiseCopyable {
    /// Own rows, and what the optimiser keeps beside them.
    public var valueBytes: Int
    public var stateBytes: Int
    /// Highest resident memory of the process.
    public var peak: Int
  }

  /// A body that was timed.
  public struct Measured: Codable, Sendable {
    /// Bytes per second, each counted once though it may be read and written, over all workers.
    public var rate: Rate
    /// Shares, round by round, of the rate at which the machine reads rows and state, and of that at which it reads and writes them back.
    public var shareOfReading: Rate
    public var shareOfRewriting: Rate
  }

  /// Bodies by where their rows lie.
  public struct Bodies: Codable, Sendable {
    /// Rows copied to one matrix, found where they lie or pulled from their owner.
    public var reads: Measured
    /// Rows and state moved once the gradients are there.
    public var updates: Measured
    /// The same with bringing the gradients to their owners.
    public var pushesAndUpdates: Measured
  }

  public var rows: Int
  public var columns: Int
  public var optimizer: String
  public var learningRate: Double
  /// Rows that each of 4 parts reads in a step of the task.
  public var batch: Int
  /// Loss of every step before it is taken.
  public var losses: [Double]
  /// Rows read and moved per second in whole steps of the task, over all workers.
  public var rowsPerSecond: Double
  public var workers: Int
  /// Of each worker.
  public var threads: Int
  public var trials: Int
  /// Rows of a timed read or update on each worker, of its first part.
  public var timedRows: Int
  /// Over all workers.
  public var valueBytes: Int
  public var stateBytes: Int
  /// By worker.
  public var memory: [Memory]
  /// Bytes of rows and state that all workers together read per second at random places, and nothing else.
  public var reading: Rate
  /// The same read and written back, each byte counted once.
  public var rewriting: Rate
  /// Every worker reads and moves its own rows.
  public var own: Bodies
  /// The share of the rows is other workers'; `nil`: not measured.
  public var remoteShare: Double?
  public var mixed: Bodies?

  init(
    _ request: EmbeddingBenchmark.Request, losses: [Double], rowsPerSecond: Double, memory: [Memory],
    seconds: [EmbeddingRounds.Body: [Double]]
  ) {
    (rows, columns, optimizer, learningRate) = (request.rows, request.columns, request.optimizerName, request.learningRate)
    (batch, threads, trials, timedRows) = (request.batch, request.threads, request.trials, request.timedRows)
    (self.losses, self.rowsPerSecond, self.memory, workers) = (losses, rowsPerSecond, memory, memory.count)
    (valueBytes, stateBytes) = memory.reduce((0, 0)) { ($0.0 + $1.valueBytes, $0.1 + $1.stateBytes) }
    let rates = EmbeddingRates(request, workers: memory.count, seconds: seconds)
    (reading, rewriting) = (Rate(trials: rates.reading), Rate(trials: rates.rewriting))
    own = rates.bodies(read: .read, push: .push, apply: .apply)
    guard request.remoteShare > 0 else { return }
    remoteShare = request.remoteShare
    mixed = rates.bodies(read: .readMixed, push: .pushMixed, apply: .applyMixed)
  }

  public var description: String {
    var lines = [
      "\(rows) learned rows of \(columns) columns, \(optimizer); \(workers) workers of \(threads) threads",
      "\(losses.count) steps of 4 × \(batch) rows: loss \(losses.first ?? 0) to \(losses.last ?? 0), "
        + String(format: "%.2f M rows/s", rowsPerSecond / 1e6),
      "\(timedRows) random rows of each worker at a time, \(trials) rounds; bytes of all workers, once though what is moved is read and written",
      Self.line("rows and state read, no more", reading),
      Self.line("both read and written back", rewriting),
    ]
    lines += Self.lines(own)
    if let remoteShare, let mixed {
      lines.append(String(format: "%.0f %% of the rows are other workers':", 100 * remoteShare))
      lines += Self.lines(mixed)
    }
    lines += memory.enumerated().map { worker, memory in
      let held = Double(memory.peak) / Double(max(1, memory.valueBytes + memory.stateBytes))
      return String(
        format: "memory of worker %d: %.0f MB of rows, %.0f MB of state, %.0f MB at the peak (%.2f times)", worker,
        Double(memory.valueBytes) / 1e6, Double(memory.stateBytes) / 1e6, Double(memory.peak) / 1e6, held)
    }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ bodies: Bodies) -> [String] {
    [
      line("rows copied", bodies.reads), line("rows and state moved", bodies.updates),
      line("with the way of the gradients", bodies.pushesAndUpdates),
    ]
  }

  private static func line(_ name: String, _ rate: Rate) -> String {
    String(
      format: "%@%7.2f GB/s (%.2f to %.2f)", name.padding(toLength: 32, withPad: " ", startingAt: 0), rate.median / 1e9,
      rate.lowest / 1e9, rate.highest / 1e9)
  }

  private static func line(_ name: String, _ measured: Measured) -> String {
    func share(_ rate: Rate) -> String {
      String(format: "%.0f %% (%.0f to %.0f)", 100 * rate.median, 100 * rate.lowest, 100 * rate.highest)
    }
    return line(name, measured.rate) + ", \(share(measured.shareOfReading)) of reading, \(share(measured.shareOfRewriting)) of writing back"
  }
}
