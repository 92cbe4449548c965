import Telemetry

/// Amount of work per second over several trials.
public struct Rate: Codable, Equatable, Sendable {
  /// Bytes, operations or the like per second.
  public var median: Double
  public var lowest: Double
  public var highest: Double

  /// - Parameter rates: One per trial, at least one.
  public init(trials rates: [Double]) {
    precondition(!rates.isEmpty, "a rate needs a trial")
    let sorted = rates.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    lowest = sorted[0]
    highest = sorted[sorted.count - 1]
  }

  init(median: Double, lowest: Double, highest: Double) {
    self.median = median
    self.lowest = lowest
    self.highest = highest
  }

  /// Runs `body` once to warm up and then `trials` times by the clock.
  ///
  /// - Parameter amount: Work of one call.
  static func measure(_ amount: Double, trials: Int, _ body: () -> Void) -> Rate {
    body()
    return Rate(
      trials: (0..<max(1, trials)).map { _ in
        let begin = MonotonicClock.now()
        body()
        return amount / (Double(max(1, MonotonicClock.now() - begin)) * 1e-9)
      })
  }
}
