extension Acceptance: CustomStringConvertible {
  /// A table in Markdown.
  public var description: String {
    var lines = [
      "All times are modelled.", "", "| # | check | modelled | target | accepted | met | remark |", "|---|---|---|---|---|---|---|",
    ]
    for row in rows {
      lines.append(
        "| \(row.number) | \(row.check) | \(Text.short(row.modelled)) \(row.unit) | \(Text.short(row.target)) | \(Text.short(row.low))–\(Text.short(row.high)) | "
          + "\(row.isMet ? "yes" : "**no**") | \(row.remark) |")
    }
    lines += [
      "", "| aggregation | host→PIM | kernel | PIM→host | merge | total | load once | utilisation |", "|---|---|---|---|---|---|---|---|",
    ]
    for phase in phases {
      let seconds = [
        phase.times.hostToPIM, phase.times.kernel, phase.times.pimToHost, phase.times.merge, phase.times.total, phase.times.load,
      ].map { "\(Text.number($0, 3)) s" }
      lines.append("| \(phase.name) | \(seconds.joined(separator: " | ")) | \(Text.number(100 * phase.utilisation, 2)) % |")
    }
    lines += ["", "| prediction | modelled ratio | rests on |", "|---|---|---|"]
    for prediction in predictions {
      lines.append("| \(prediction.name) | \(Text.number(prediction.ratio, 2)) | \(prediction.assumption) |")
    }
    return lines.joined(separator: "\n")
  }
}
