/// What a user wants to know of a partition: cut, halo and balance, beside those of a random partition.
///
/// Encodes as the one object that `--json` prints; `description` is the table for a terminal.
public struct PartitionReport: Codable, Hashable, Sendable, CustomStringConvertible {
  /// Sizes of one part.
  public struct Part: Codable, Hashable, Sendable {
    public var nodes: Int
    public var halo: Int
    public var edges: Int
    public var train: Int
  }

  /// How a table is stored.
  public struct Table: Codable, Hashable, Sendable {
    public var name: String
    public var columns: Int
    public var elementType: String
    /// Bytes of a row, with padding; absent for sparse tables, whose rows differ.
    public var rowBytes: Int?
  }

  public var name: String
  public var method: String
  public var nodes: Int
  public var edges: Int
  /// Directed edges between different parts, as a fraction of all edges.
  public var cut: Double
  public var cutEdges: Int
  /// Halo nodes of all parts over the number of nodes.
  public var halo: Double
  public var haloNodes: Int
  /// Largest part over the mean part, by constraint.
  public var imbalance: [String: Double]
  /// Tolerances asked, by constraint.
  public var tolerance: [String: Double]
  public var unmet: [UnmetTolerance]
  /// The same measures of a random partition.
  public var random: PartitionMetrics
  /// One entry per part.
  public var parts: [Part]
  public var tables: [Table]

  public init(_ manifest: Manifest) {
    let metrics = manifest.metrics
    name = manifest.name
    method = manifest.partitioner.method
    nodes = manifest.nodeCount
    edges = manifest.edgeCount
    cut = metrics.cut
    cutEdges = metrics.cutEdges
    halo = metrics.halo
    haloNodes = metrics.haloNodes
    imbalance = metrics.imbalance
    tolerance = manifest.partitioner.tolerances
    unmet = manifest.unmetTolerances
    random = manifest.randomMetrics
    tables = manifest.tables.map { table in
      Table(
        name: table.name, columns: table.columns, elementType: table.elementType.rawValue,
        rowBytes: table.layout == .dense ? table.strideBytes : nil)
    }
    parts = manifest.parts.map { counts in
      Part(
        nodes: counts.innerNodes.reduce(0, +), halo: counts.haloNodes, edges: counts.edges.reduce(0, +),
        train: counts.splits.first?.train.reduce(0, +) ?? 0)
    }
  }

  public var description: String {
    var rows = [["", method, "random", "asked"]]
    rows.append(["cut edges", "\(Percent(cut))", "\(Percent(random.cut))", ""])
    rows.append(["halo nodes / nodes", Self.decimals(halo), Self.decimals(random.halo), ""])
    for constraint in imbalance.keys.sorted() {
      rows.append([
        "imbalance \(constraint)", "\(Percent((imbalance[constraint] ?? 1) - 1))",
        random.imbalance[constraint].map { "\(Percent($0 - 1))" } ?? "", tolerance[constraint].map { "≤ \(Percent($0))" } ?? "",
      ])
    }
    var sizes = [["part", "nodes", "halo", "edges", "train"]]
    sizes += parts.enumerated().map { ["\($0)", "\($1.nodes)", "\($1.halo)", "\($1.edges)", "\($1.train)"] }
    let lines = ["\(name): \(nodes) nodes, \(edges) edges, \(parts.count) parts"] + Self.columns(rows) + [""] + Self.columns(sizes)
    let stored = tables.map { table in
      "table '\(table.name)': \(table.columns) \(table.columns == 1 ? "column" : "columns"), \(table.elementType), "
        + (table.rowBytes.map { "\($0) bytes a row" } ?? "sparse")
    }
    return (lines + (stored.isEmpty ? [] : [""] + stored) + unmet.map { "not met: \($0)" }).joined(separator: "\n")
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
