import Foundation
import Telemetry
public import Training

extension TrainingSummary: CustomStringConvertible {
  /// The scores, the seconds by stage, and where the results lie.
  public var description: String {
    var lines: [String] = []
    if let test, let validation {
      lines.append(
        "test accuracy \(percent(test.accuracy)), validation \(percent(validation.accuracy)): the model of epoch \(bestEpoch) of \(epochs)")
    }
    lines.append(
      "loss \(String(format: "%.4f", loss)) in epoch \(epochs); \(String(format: "%.2f s", seconds)) of training on \(workers == 1 ? "1 worker" : "\(workers) workers")"
    )
    lines.append(
      "seconds by stage: "
        + Stage.allCases.map { "\($0.rawValue) \(String(format: "%.2f", stages[$0.rawValue] ?? 0))" }.joined(separator: ", "))
    if let run { lines.append("\(run): model.safetensors, metrics.jsonl, timings.jsonl, configuration.json") }
    return lines.joined(separator: "\n")
  }

  private func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
}
