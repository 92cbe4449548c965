import Foundation

/// What `halo bench embedding` prints.
public struct EmbeddingReport: Codable, Sendable, CustomStringConvertible {
  public var rows: Int
  public var columns: Int
  public var optimizer: String
  public var learningRate: Double
  /// Rows that each of 4 parts reads in a step of the task.
  public var batch: Int
  /// Loss of every step before it is taken.
  public var losses: [Double]
  /// Rows read and moved per second in whole steps of the task.
  public var rowsPerSecond: Double
  public var threads: Int
  public var trials: Int
  /// Rows of a timed read or update, of the first quarter of the table.
  public var timedRows: Int
  public var valueBytes: Int
  public var stateBytes: Int
  /// Highest resident memory of the process, bytes.
  public var peakMemory: Int
  /// Bytes of rows per second, copied from where they lie.
  public var reads: Rate
  /// Bytes of rows and state that are moved per second, each counted once though read and written.
  public var updates: Rate
  /// The same with copying the gradients to where they are applied.
  public var pushesAndUpdates: Rate
  /// Bytes of rows and state that this machine reads per second at the same places, with as many threads, and nothing else.
  public var limit: Rate
  /// The same read and written back, each byte counted once.
  public var rewrites: Rate
  /// Shares of the limit, round by round; of the rewriting for what is moved.
  public var shareOfReads: Rate
  public var shareOfUpdates: Rate
  public var shareOfPushesAndUpdates: Rate

  struct Rates {
    var limit: [Double]
    var rewrites: [Double]
    var reads: [Double]
    var updates: [Double]
    var pushesAndUpdates: [Double]
  }

  init(
    _ request: EmbeddingBenchmark.Request, losses: [Double], rowsPerSecond: Double, valueBytes: Int, stateBytes: Int, peakMemory: Int,
    rates: Rates
  ) {
    (rows, columns, optimizer, learningRate) = (request.rows, request.columns, request.optimizerName, request.learningRate)
    (batch, threads, trials, timedRows) = (request.batch, request.threads, request.trials, request.timedRows)
    (self.losses, self.rowsPerSecond) = (losses, rowsPerSecond)
    (self.valueBytes, self.stateBytes, self.peakMemory) = (valueBytes, stateBytes, peakMemory)
    (reads, updates) = (Rate(trials: rates.reads), Rate(trials: rates.updates))
    (pushesAndUpdates, limit) = (Rate(trials: rates.pushesAndUpdates), Rate(trials: rates.limit))
    rewrites = Rate(trials: rates.rewrites)
    func share(_ values: [Double], of limit: [Double]) -> Rate { Rate(trials: zip(values, limit).map { $0 / $1 }) }
    (shareOfReads, shareOfUpdates) = (share(rates.reads, of: rates.limit), share(rates.updates, of: rates.rewrites))
    shareOfPushesAndUpdates = share(rates.pushesAndUpdates, of: rates.rewrites)
  }

  public var description: String {
    func line(_ name: String, _ rate: Rate, _ share: Rate?) -> String {
      let part = share.map { String(format: ", %.0f %% (%.0f to %.0f)", 100 * $0.median, 100 * $0.lowest, 100 * $0.highest) } ?? ""
      return String(
        format: "%@%7.2f GB/s (%.2f to %.2f)%@", name.padding(toLength: 34, withPad: " ", startingAt: 0), rate.median / 1e9,
        rate.lowest / 1e9, rate.highest / 1e9, part)
    }
    let held = Double(peakMemory) / Double(max(1, valueBytes + stateBytes))
    return """
      \(rows) learned rows of \(columns) columns, \(optimizer); \(threads) threads
      \(losses.count) steps of 4 × \(batch) rows: loss \(losses.first ?? 0) to \(losses.last ?? 0), \
      \(String(format: "%.2f", rowsPerSecond / 1e6)) M rows/s
      \(timedRows) random rows at a time, \(trials) rounds; bytes count once, though what is moved is read and written
      \(line("reads of rows and state, no more", limit, nil))
      \(line("both read and written back", rewrites, nil))
      \(line("rows copied, of the reads", reads, shareOfReads))
      \(line("both moved, of the writing back", updates, shareOfUpdates))
      \(line("with gradients copied to them", pushesAndUpdates, shareOfPushesAndUpdates))
      \(String(format: "memory: %.0f MB of rows, %.0f MB of state, %.0f MB at the peak (%.2f times)", Double(valueBytes) / 1e6,
        Double(stateBytes) / 1e6, Double(peakMemory) / 1e6, held))
      """
  }
}
