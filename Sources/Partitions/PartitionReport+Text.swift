extension PartitionReport: CustomStringConvertible {
  /// Tables of measures and of parts, for a terminal.
  public var description: String {
    let title = "\(name): \(nodes) nodes, \(edges) edges, \(parts.count) parts"
    let lines = [title] + Self.columns(measures) + [""] + Self.columns(sizes)
    let stored = tables.map { table in
      "\(table.title): \(table.columns) \(table.columns == 1 ? "column" : "columns"), \(table.elementType), "
        + (table.rowBytes.map { "\($0) bytes a row" } ?? "sparse")
    }
    let basis = reads.map {
      ["", "reads: expected of fan-out \($0.fanout) and \($0.batchSize) seeds a step over all parts, \($0.steps) steps an epoch"]
    }
    return (lines + (basis ?? []) + (stored.isEmpty ? [] : [""] + stored) + unmet.map { "not met: \($0)" }).joined(separator: "\n")
  }

  /// The measures beside those of a random partition.
  private var measures: [[String]] {
    var rows = [["", method, "random", "asked"]]
    rows.append(["cut edges", "\(Percent(cut))", "\(Percent(random.cut))", ""])
    rows.append(["halo nodes / nodes", Self.decimals(halo), Self.decimals(random.halo), ""])
    for constraint in imbalance.keys.sorted() {
      rows.append([
        "imbalance \(constraint)", "\(Percent((imbalance[constraint] ?? 1) - 1))",
        random.imbalance[constraint].map { "\(Percent($0 - 1))" } ?? "", tolerance[constraint].map { "≤ \(Percent($0))" } ?? "",
      ])
    }
    if let reads {
      rows.append(["remote rows / epoch", "\(Int(reads.totalRows.rounded()))", "", ""])
      rows.append(["remote bytes / epoch", "\(Bytes(reads.totalBytes))", "", ""])
      if reads.totalReplicatedRows > 0 {
        rows.append(["rows saved by replicas", "\(Int(reads.totalReplicatedRows.rounded()))", "", ""])
        rows.append(["bytes saved by replicas", "\(Bytes(reads.totalReplicatedBytes))", "", ""])
      }
    }
    if let replicas { rows.append(["bytes of replicas", "\(Bytes(Double(replicas.bytes.reduce(0, +))))", "", ""]) }
    return rows
  }

  /// A line for each part.
  private var sizes: [[String]] {
    var table = [["part", "nodes", "halo", "edges", "train"]]
    table += parts.enumerated().map { ["\($0)", "\($1.nodes)", "\($1.halo)", "\($1.edges)", "\($1.train)"] }
    func add(_ title: String, _ cells: [String]) {
      table[0].append(title)
      for (part, cell) in cells.enumerated() { table[part + 1].append(cell) }
    }
    if let details {
      add("crossing", details.crossingEdges.map(String.init))
      add("max degree", details.largestDegrees.map(String.init))
    }
    if let reads { add("remote rows", reads.rows.map { "\(Int($0.rounded()))" }) }
    if let replicas {
      add("replicas", replicas.nodes.map(String.init))
      add("their bytes", replicas.bytes.map(String.init))
    }
    for constraint in loads.keys.sorted() where constraint.hasPrefix("weight:") {
      add(constraint, (loads[constraint] ?? []).map(String.init))
    }
    if partWeights != nil { add("share asked", parts.indices.map { "\(Percent(shares.fraction(of: $0)))" }) }
    return table
  }

  /// Three decimals, `1.943`.
  private static func decimals(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  /// Lines of equal columns: the first to the left, the others to the right.
  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, text in
        let gap = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + gap : gap + text
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
