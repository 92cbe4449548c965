/// The report of a partition as one HTML page with pictures: no scripts, no fonts, nothing to load.
///
/// Colours follow the reader's light or dark setting.
public struct ReportPage {
  /// Where a partition directory keeps it, outside the files that `graph.json` lists.
  public static let fileName = "report.html"

  let report: PartitionReport

  public init(_ report: PartitionReport) { self.report = report }

  /// The whole page; the same for equal reports.
  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Self.escaped(report.name)) in \(Self.count(report.parts.count, "part"))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    \(sections.joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  private var sections: [String] {
    let all: [String?] = [
      heading, section("Cut and halo", note: "Beside a random partition with as many parts; less is better.", randomChart),
      section("Balance", note: balanceNote, balanceCharts), readsSection, edgesSection, degreesSection,
      section("Parts", note: nil, partsTable),
      tablesSection,
    ]
    return all.compactMap(\.self)
  }

  func section(_ title: String, note: String?, _ body: String) -> String {
    let note = note.map { "<p class=\"note\">\($0)</p>\n" } ?? ""
    return "<section>\n<h2>\(title)</h2>\n\(note)\(body)\n</section>"
  }

  private var heading: String {
    let unmet = report.unmet.map { "<p class=\"bad\">Not met: \(Self.escaped($0.description)).</p>" }.joined(separator: "\n")
    return """
      <h1>\(Self.escaped(report.name)) <span>in \(Self.count(report.parts.count, "part"))</span></h1>
      <p class="lead">\(Self.grouped(report.nodes)) nodes, \(Self.grouped(report.edges)) edges; method \(Self.escaped(report.method)), \
      seed \(report.seed).</p>
      \(unmet)
      """
  }

  private var balanceNote: String {
    let target = report.partWeights == nil ? "the mean part" : "its own target"
    return "How far each part is above or below \(target). The dashed line is the most that was allowed."
  }

  private var edgesSection: String? {
    guard report.parts.count > 1 else { return nil }
    guard let edges = report.details?.edgesFromParts else {
      return section(
        "Edges between parts", note: "Drawn for at most \(PartitionDetails.largestMatrix) parts.", "")
    }
    return section(
      "Edges between parts",
      note:
        "In-edges of the part of the row whose source lies in the part of the column, over all edges; the stronger the colour, the more. "
        + "The part itself is left blank.", heatMap(edges))
  }

  private var degreesSection: String? {
    guard let degrees = report.details?.degrees else { return nil }
    return section(
      "In-degrees", note: "Share of a part's nodes with so many in-edges; the stronger the colour, the more.", degreeMap(degrees))
  }

  private var tablesSection: String? {
    guard !report.tables.isEmpty else { return nil }
    let rows = report.tables.map { table in
      [
        Self.escaped((table.relation.map { "\($0)/" } ?? "") + table.name), "\(table.columns)", table.elementType,
        table.rowBytes.map(Self.grouped) ?? "sparse",
      ]
    }
    return section("Tables", note: nil, Self.table([["table", "columns", "type", "bytes a row"]] + rows))
  }

  private var partsTable: String {
    var rows = [["part", "nodes", "halo", "in-edges", "training"]]
    rows += report.parts.enumerated().map { part, sizes in
      ["\(part)"] + [sizes.nodes, sizes.halo, sizes.edges, sizes.train].map(Self.grouped)
    }
    if let details = report.details {
      rows[0] += ["crossing", "largest in-degree"]
      for part in report.parts.indices {
        rows[part + 1] += [details.crossingEdges[part], details.largestDegrees[part]].map(Self.grouped)
      }
    }
    return Self.table(rows)
  }

  /// An HTML table whose first row is its head.
  static func table(_ rows: [[String]]) -> String {
    func line(_ cells: [String], _ tag: String) -> String { "<tr>" + cells.map { "<\(tag)>\($0)</\(tag)>" }.joined() + "</tr>" }
    let body = rows.dropFirst().map { line($0, "td") }.joined(separator: "\n")
    return "<div class=\"wide\"><table>\n<thead>\(line(rows[0], "th"))</thead>\n<tbody>\n\(body)\n</tbody>\n</table></div>"
  }

  /// Text as HTML shows it.
  static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }

  /// A whole number in groups of three digits, `1,000,000`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(abs(number)))
    let groups = digits.enumerated().map { index, digit in
      index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : "\(digit)"
    }
    return (number < 0 ? "-" : "") + groups.joined()
  }

  /// `1 part`, `8 parts`.
  static func count(_ number: Int, _ noun: String) -> String { "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")" }

  private static let style = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --ink: #1b1f24; --faint: #5c6670; --rule: #d5dae0; --panel: #f5f7f9;
      --mine: #2a66b0; --other: #9aa5b1; --bad: #b3261e; --heat: #1d5aa6;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14181d; --ink: #e6eaee; --faint: #9aa6b2; --rule: #343c45; --panel: #1c2229;
        --mine: #76aef0; --other: #66717d; --bad: #ff8a80; --heat: #7db7ff;
      }
    }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
    main { max-width: 760px; margin: 0 auto; padding: 32px 20px 64px; }
    h1 { font-size: 28px; line-height: 1.2; margin: 0; }
    h1 span { color: var(--faint); font-weight: 400; }
    h2 { font-size: 18px; margin: 36px 0 4px; }
    h3 { font-size: 14px; margin: 16px 0 2px; }
    h3 small { color: var(--faint); font-weight: 400; font-size: 13px; }
    .lead, .note { color: var(--faint); margin: 4px 0 12px; }
    .bad { color: var(--bad); font-weight: 600; margin: 4px 0; }
    svg { display: block; width: 100%; height: auto; }
    svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
    svg .faint { fill: var(--faint); }
    svg .mine { fill: var(--mine); } svg .other { fill: var(--other); } svg .over { fill: var(--bad); }
    svg .heat { fill: var(--heat); } svg .empty { fill: var(--panel); }
    svg .target { stroke: var(--ink); stroke-width: 1; }
    svg .limit { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 4 3; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
    th, td { text-align: right; padding: 3px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
    th { color: var(--faint); font-weight: 600; }
    th:first-child, td:first-child { text-align: left; padding-left: 0; }
    """
}
