import Inference
public import Training

extension RepetitionSummary: CustomStringConvertible {
  /// A line for each run, then mean and deviation of every score.
  public var description: String {
    let header = ["run", "best epoch", "validation \(metric.rawValue)", "test \(metric.rawValue)"]
    let rows = runs.map { run in
      [run.name, "\(run.bestEpoch) of \(run.epochs)"]
        + [run.validation, run.test].map { scores in scores?[metric].map { metric.text(of: $0) } ?? "–" }
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    var lines = ([header] + rows).map { row in
      row.indices.map { column in
        let blanks = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + blanks : blanks + row[column]
      }.joined(separator: "  ")
    }
    if !runs.isEmpty { lines.append("mean ± sample standard deviation (n − 1) of \(runs.count == 1 ? "1 run" : "\(runs.count) runs"):") }
    for score in Score.allCases {
      let sets = [("validation", validation[score]), ("test", test[score])]
      let texts = sets.compactMap { name, statistic in statistic.map { "\(name) \(text(of: $0, score))" } }
      if !texts.isEmpty { lines.append("  \(score.rawValue): " + texts.joined(separator: ", ")) }
    }
    lines.append("\(run): summary.json, and a run directory for each")
    return lines.joined(separator: "\n")
  }

  private func text(of statistic: Statistic, _ score: Score) -> String {
    score.text(of: statistic.mean) + (statistic.deviation.map { " ± \(score.text(of: $0))" } ?? "")
  }
}
