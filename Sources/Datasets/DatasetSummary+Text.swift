import Telemetry

extension DatasetSummary: CustomStringConvertible {
  /// The summary as lines of text, numbers in groups of three digits.
  public var description: String {
    (["dataset \(name)"] + nodeTypes.flatMap(Self.lines) + relations.flatMap(Self.lines)).joined(separator: "\n")
  }

  private static func lines(_ type: NodeType) -> [String] {
    var lines = ["\(grouped(type.count)) nodes of type '\(type.name)'"]
    lines += type.tables.map(line)
    if !type.classSizes.isEmpty {
      lines.append(classes(type))
      if type.unlabelled > 0 { lines.append("  without label: \(grouped(type.unlabelled))") }
    }
    for split in type.splits {
      lines.append(
        "  split '\(split.name)': \(grouped(split.train)) training, \(grouped(split.validation)) validation, \(grouped(split.test)) test nodes"
      )
    }
    return lines
  }

  private static func line(_ table: Table) -> String {
    let stored = table.storedValues.map { ", sparse, \(grouped($0)) values" } ?? ", dense"
    let unknown = table.unknownValues.map { ", \(grouped($0)) values unknown" } ?? ""
    return "  \(table.unknownValues == nil ? "table" : "targets") '\(table.name)': \(grouped(table.columns)) columns, "
      + "\(table.elementType.rawValue)\(stored)\(unknown)"
  }

  /// Sizes of the first twenty classes, each after its name where it has one.
  private static func classes(_ type: NodeType) -> String {
    let shown = min(20, type.classSizes.count)
    let more = type.classSizes.count > shown ? " …" : ""
    guard !type.classNames.isEmpty else {
      return "  classes: \(type.classSizes.count), of \(type.classSizes.prefix(shown).map(grouped).joined(separator: " "))\(more) nodes"
    }
    let named = zip(type.classNames, type.classSizes).prefix(shown).enumerated().map { "\($0) \($1.0) (\(grouped($1.1)))" }
    return "  classes: \(type.classSizes.count): \(named.joined(separator: ", "))\(more)"
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
    lines += (relation.tables ?? []).map(line)
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
