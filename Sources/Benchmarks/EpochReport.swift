import Foundation
public import Models
import Telemetry
public import Training

/// What `halo bench epoch` prints: median epoch, its stages, what they moved, and the limits measured in the same run.
public struct EpochReport: Codable, Sendable, CustomStringConvertible {
  public struct Spread: Codable, Sendable, Equatable {
    public var median: Double
    public var lowest: Double
    public var highest: Double

    init(_ values: [Double]) {
      let sorted = values.sorted()
      let middle = sorted.count / 2
      median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
      lowest = sorted[0]
      highest = sorted[sorted.count - 1]
    }
  }

  /// Whether the first layer is sampled, or aggregated exactly beforehand.
  public var firstHop: String
  public var graph: String
  public var parts: Int
  public var workers: Int
  /// Threads of each worker.
  public var threads: Int
  public var model: ModelShape
  /// Elements of the flat vector of weights.
  public var weights: Int
  /// Steps of an epoch.
  public var steps: Int
  /// Epochs measured, after one to warm up.
  public var epochs: Int
  /// Wall seconds of an epoch's training steps, slowest worker.
  public var seconds: Spread
  public var seedsPerSecond: Double
  public var sampledEdgesPerSecond: Double
  /// Seconds by stage, mean over workers, median over epochs.
  public var stages: [String: Double]
  /// Bytes by stage of one epoch, all workers together: requests and samples, input rows read, gradients and weights sent.
  public var bytes: [String: Int]
  /// What one epoch computed and moved, all workers together.
  public var traffic: Traffic
  /// Largest resident memory of each worker, bytes; file pages shared between workers count for each of them.
  public var peakMemory: [Int]
  /// Bytes of the parts that were trained on, all together: their graphs and the rows of the input table.
  public var partBytes: Double
  public var machine: MachineLimits
  public var limits: EpochLimits
  /// Limit over measured seconds: 1 is the machine's limit.
  public var shareOfLimit: Double

  public var description: String {
    func number(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }
    func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    func megabytes(_ bytes: Int) -> String { number(Double(bytes) / 1e6, 1) }
    var lines = [
      "\(graph): \(parts) parts on \(workers) workers of \(threads) threads, \(epochs) epochs, first hop \(firstHop)",
      "epoch   \(number(seconds.median)) s (\(number(seconds.lowest)) to \(number(seconds.highest)))",
      "seeds   \(number(seedsPerSecond, 0)) /s",
      "edges   \(number(sampledEdgesPerSecond / 1e6)) M/s",
      "memory  " + peakMemory.map { "\(megabytes($0)) MB" }.joined(separator: ", "),
      "", "stage       seconds    limit s         MB",
    ]
    for stage in Stage.allCases.map(\.rawValue) {
      lines.append(
        stage.padding(toLength: 10, withPad: " ", startingAt: 0) + pad(number(stages[stage] ?? 0), 9)
          + pad(number(limits.stages[stage] ?? 0), 11) + pad(megabytes(bytes[stage] ?? 0), 11))
    }
    lines.append("limit     " + pad(number(limits.seconds), 9) + " s, \(number(100 * shareOfLimit, 1)) % of it reached")
    for stage in Stage.allCases.map(\.rawValue) {
      for term in (limits.formulas[stage] ?? "").split(separator: ";") { lines.append("  \(stage): \(term.drop { $0 == " " })") }
    }
    lines.append(
      "machine   stream \(number(machine.streamRead.median / 1e9, 1)) GB/s, copy \(number(machine.streamCopy.median / 1e9, 1)) GB/s, "
        + "random rows \(number(machine.randomRows.median / 1e9, 1)) GB/s, lines \(number(machine.randomLines.median / 1e9, 1)) GB/s, "
        + "products \(number((machine.products.map(\.rate.median).min() ?? 0) / 1e9, 0)) GFLOP/s (\(machine.threads) threads)")
    return lines.joined(separator: "\n")
  }
}
