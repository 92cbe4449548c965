import Telemetry

extension EpochPlanner {
  /// What the prediction rests on, a line each.
  func assumptions(parts: Int, share: Double, growth: Double, repeats: Double, imbalance: Double) -> [String] {
    let measured = report.threads * report.workers
    var lines = [
      "stage factors over limits from a run of \(report.graph) on \(report.workers) x \(report.threads) threads: "
        + Stage.allCases.compactMap { stage in
          guard let limit = report.limits.stages[stage.rawValue], limit > 1e-4 else { return nil }
          return "\(stage.rawValue) \(((report.stages[stage.rawValue] ?? 0) / limit * 100).rounded() / 100)"
        }.joined(separator: ", "),
      "one part for each worker, or as many as the partition has: \(parts) parts",
      "all workers have this machine's cores",
    ]
    if request.workers > 1 {
      lines.append(
        "in a step the busiest worker has \((imbalance * 1000).rounded() / 1000) times the mean edges, as sampled; the others wait")
    }
    if request.cores > measured {
      lines.append(
        "\(request.cores) cores are \(request.coreEfficiency) x \(request.cores)/\(measured) times as fast as the \(measured) measured threads"
      )
    }
    if let network = request.networkBytesPerSecond {
      lines.append("messages reach \(request.networkEfficiency) of \(network * 8 / 1e9) Gbit/s; receiving does not overlap computing")
      lines.append(
        "serving and receiving take \(askedSecondsPerByte) s a byte on the measured threads" + (asked == nil ? " (assumed)" : " (measured)")
      )
    } else {
      lines.append("workers share a host and map all parts: memory counts shared pages for each")
    }
    if share != 1 {
      lines.append("the remote share of rows grows by \(share) from \(source.manifest.partCount) sampled parts, as with random parts")
    }
    if request.workers > 1, source.manifest.partCount == 1, request.networkBytesPerSecond != nil {
      lines.append("a partition of one part shows no remote rows: bytes and fetching are left out")
    }
    if growth != 1 {
      lines.append(
        "degrees and clustering of \(source.manifest.name) hold at \(growth) times its size; rows repeat as draws from a population that "
          + "grows by its power of \((repeats * 1000).rounded() / 1000), which its out-degrees say"
      )
      lines.append("rows are read as fast as from a table of the sampled size")
    }
    return lines
  }
}
