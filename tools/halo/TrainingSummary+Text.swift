import Foundation
import Inference
import Telemetry
public import Training

extension TrainingSummary: CustomStringConvertible {
  /// The scores, the seconds by stage, and where the results lie.
  public var description: String {
    var lines: [String] = []
    let sets = [("test", test), ("validation", validation)]
    let kept = sets.compactMap { name, scores in scores?[metric].map { "\(name) \(metric.text(of: $0))" } }
    if !kept.isEmpty {
      lines.append("\(metric.rawValue) \(kept.joined(separator: ", ")): the model of epoch \(bestEpoch) of \(epochs)")
    }
    for (name, scores) in sets {
      guard let scores else { continue }
      let others = scores.names.filter { $0 != metric }.map { "\($0.rawValue) \($0.text(of: scores[$0] ?? .nan))" }
      lines.append("\(name): " + others.joined(separator: ", "))
    }
    if scores.firstHop == .exact { lines.append("first hop: exact, all in-neighbours in the first layer of every step") }
    if let table = scores.classes?.test, !table.isEmpty { lines += Self.classLines(table) }
    lines.append(
      "loss \(String(format: "%.4f", loss)) in epoch \(epochs); \(String(format: "%.2f s", seconds)) of training on \(workers == 1 ? "1 worker" : "\(workers) workers")"
    )
    lines.append(
      "seconds by stage: "
        + Stage.allCases.map { "\($0.rawValue) \(String(format: "%.2f", stages[$0.rawValue] ?? 0))" }.joined(separator: ", "))
    if let run { lines.append("\(run): model.safetensors, metrics.jsonl, timings.jsonl, scores.json, job.yaml") }
    return lines.joined(separator: "\n")
  }

  /// Classes beyond which the table is left to scores.json.
  private static let longestTable = 20

  private static func classLines(_ table: [ClassScores]) -> [String] {
    guard table.count <= longestTable else { return ["scores.json has precision, recall and f1 of \(table.count) classes"] }
    return ["classes of the test set", "class  precision     recall         f1    support"]
      + table.map { row in
        String(
          format: "%5d %8.2f %% %8.2f %% %8.2f %% %10d", row.index, 100 * row.precision, 100 * row.recall, 100 * row.f1, row.support)
      }
  }
}
