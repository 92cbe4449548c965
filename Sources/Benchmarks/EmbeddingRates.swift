/// Bytes per second of the timed bodies over all workers, and their shares of what the machine does in the same round.
struct EmbeddingRates {
  let reading: [Double]
  let rewriting: [Double]
  private let seconds: [EmbeddingRounds.Body: [Double]]
  /// Bytes of all workers' rows, and of rows and state.
  private let values: Double
  private let moved: Double

  /// - Parameter seconds: Wall seconds of each body by round, two bodies of the machine's limits among them.
  init(_ request: EmbeddingBenchmark.Request, workers: Int, seconds: [EmbeddingRounds.Body: [Double]]) {
    let rows = Double(workers * request.timedRows)
    let (values, state) = (4 * request.columns, request.optimizer.stateBytes(columns: request.columns))
    let moved = rows * Double(values + state)
    (self.values, self.moved, self.seconds) = (rows * Double(values), moved, seconds)
    reading = seconds[.touch]!.map { moved / $0 }
    rewriting = seconds[.rewrite]!.map { moved / $0 }
  }

  /// - Precondition: The three were timed.
  func bodies(
    read: EmbeddingRounds.Body, push: EmbeddingRounds.Body, apply: EmbeddingRounds.Body
  ) -> EmbeddingReport.Bodies {
    let (reads, pushes, updates) = (seconds[read]!, seconds[push]!, seconds[apply]!)
    return EmbeddingReport.Bodies(
      reads: measured(values, reads), updates: measured(moved, updates),
      pushesAndUpdates: measured(moved, zip(pushes, updates).map { $0 + $1 }))
  }

  private func measured(_ bytes: Double, _ seconds: [Double]) -> EmbeddingReport.Measured {
    let rates = seconds.map { bytes / $0 }
    func share(of limit: [Double]) -> Rate { Rate(trials: zip(rates, limit).map { $0 / $1 }) }
    return EmbeddingReport.Measured(
      rate: Rate(trials: rates), shareOfReading: share(of: reading), shareOfRewriting: share(of: rewriting))
  }
}
