import Foundation

/// What `halo bench collective` prints.
public struct CollectiveReport: Codable, Sendable, CustomStringConvertible {
  public struct Call: Codable, Sendable {
    public var name: String
    /// Wall seconds of a call, slowest worker.
    public var seconds: EpochReport.Spread
    /// Bytes that all workers together send in a call.
    public var bytesSent: Int
    /// Bytes sent per second in the median call.
    public var bytesPerSecond: Double
    /// Bytes copied per second when all workers of the host copy: what shared memory could give.
    public var copyRate: Rate
    /// Rate over the copy rate.
    public var shareOfCopy: Double

    init(name: String, seconds: EpochReport.Spread, bytesSent: Int, copyRate: Rate) {
      self.name = name
      self.seconds = seconds
      self.bytesSent = bytesSent
      self.copyRate = copyRate
      bytesPerSecond = Double(bytesSent) / seconds.median
      shareOfCopy = bytesPerSecond / copyRate.median
    }
  }

  public var workers: Int
  /// Whether all workers share a host; else the copy rate is no limit.
  public var sharesHost: Bool
  public var parts: Int
  public var threads: Int
  public var elements: Int
  public var trials: Int
  public var calls: [Call]

  public var description: String {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    var lines = ["\(elements) floats, \(parts) parts on \(workers) workers of \(threads) threads, \(trials) rounds; sums are right"]
    for call in calls {
      lines.append(
        call.name.padding(toLength: 12, withPad: " ", startingAt: 0)
          + "\(number(1e6 * call.seconds.median, 0)) us (\(number(1e6 * call.seconds.lowest, 0)) to "
          + "\(number(1e6 * call.seconds.highest, 0))), \(call.bytesSent) bytes sent, \(number(call.bytesPerSecond / 1e9, 2)) GB/s; copying "
          + "\(number(call.copyRate.median / 1e9, 2)) GB/s (\(number(100 * call.shareOfCopy, 0)) %)")
    }
    return lines.joined(separator: "\n")
  }
}
