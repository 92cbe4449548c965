import Telemetry

extension DatasetSummary: CustomStringConvertible {
  /// The summary as lines of text, numbers in groups of three digits.
  public var description: String {
    (["dataset \(name)"] + nodeTypes.flatMap(Self.lines) + relations.flatMap(Self.lines)).joined(separator: "\n")
  }

  private static func lines(_ type: NodeType) -> [String] {
    var lines = ["\(grouped(type.count)) nodes of type '\(type.name)'"]
    for table in type.tables {
      let stored = table.storedValues.map { ", sparse, \(grouped($0)) values" } ?? ", dense"
      lines.append("  table '\(table.name)': \(grouped(table.columns)) columns, \(table.elementType.rawValue)\(stored)")
    }
    if !type.classSizes.isEmpty {
      let sizes = type.classSizes.prefix(20).map(grouped).joined(separator: " ")
      lines.append("  classes: \(type.classSizes.count), of \(sizes)\(type.classSizes.count > 20 ? " … " : " ")nodes")
      if type.unlabelled > 0 { lines.append("  without label: \(grouped(type.unlabelled))") }
    }
    if type.train + type.validation + type.test > 0 {
      lines.append("  split: \(grouped(type.train)) training, \(grouped(type.validation)) validation, \(grouped(type.test)) test nodes")
    }
    return lines
  }

  private static func lines(_ relation: RelationSummary) -> [String] {
    let ends = "'\(relation.source)' to '\(relation.destination)'"
    var lines = ["\(grouped(relation.edges)) edges of relation '\(relation.name)', \(ends)"]
    lines.append("  in-degree: \(text(relation.inDegree)); out-degree: \(text(relation.outDegree))")
    let missing = relation.missingReverses.map { ", missing reverse edges: \(grouped($0))" } ?? ""
    lines.append(
      "  self-loops: \(grouped(relation.selfLoops)), repeated: \(grouped(relation.repeated))\(missing), isolated nodes: \(grouped(relation.isolated))"
    )
    if let homophily = relation.homophily { lines.append("  homophily: \(rounded(homophily, places: 3)) of the edges join equal labels") }
    return lines
  }

  private static func text(_ spread: Spread) -> String {
    "\(grouped(spread.smallest)) to \(grouped(spread.largest)), mean \(rounded(spread.mean, places: 2))"
  }

  private static func rounded(_ value: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let units = Int((value * Double(scale)).rounded())
    let fraction = String(units % scale)
    return "\(units / scale).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
  }

  private static func grouped(_ value: Int) -> String { ProgressReporter.grouped(value) }
}
