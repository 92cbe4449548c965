import Foundation

extension ReportPage {
  /// Shades for numbers of very different size: the logarithm between the smallest and the largest above 0, the smallest still visible.
  private struct Shade {
    private let low: Double
    private let high: Double

    init(_ values: some Sequence<Double>) {
      let logs = values.filter { $0 > 0 }.map { log($0) }
      low = logs.min() ?? 0
      high = logs.max() ?? 0
    }

    func callAsFunction(_ value: Double) -> Double { high > low ? 0.12 + 0.88 * (log(value) - low) / (high - low) : 0.6 }
  }

  /// One cell for each two parts.
  func heatMap(_ edges: [[Int]]) -> String {
    let parts = edges.count
    let total = Double(max(1, report.edges))
    let others = edges.enumerated().flatMap { row, cells in cells.enumerated().filter { $0.offset != row }.map { Double($0.element) } }
    let shade = Shade(others)
    let (left, top) = (44.0, 22.0)
    let cell = min(34, (Self.width - left) / Double(parts))
    let every = parts > 32 ? 4 : 1
    var shapes = [Self.text("from", x: left - 8, y: top - 8, anchor: "end", style: "faint")]
    for part in stride(from: 0, to: parts, by: every) {
      let middle = (Double(part) + 0.5) * cell
      shapes.append(Self.text("\(part)", x: left + middle, y: top - 8, anchor: "middle", style: "faint"))
      shapes.append(Self.text("\(part)", x: left - 8, y: top + middle + 4, anchor: "end", style: "faint"))
    }
    for row in 0..<parts {
      for column in 0..<parts where column != row {
        let count = edges[row][column]
        shapes.append(
          Self.rectangle(
            count > 0 ? "heat" : "empty", x: left + Double(column) * cell, y: top + Double(row) * cell, width: cell - 1, height: cell - 1,
            opacity: count > 0 ? shade(Double(count)) : nil,
            tip: "from part \(column) to part \(row): \(Self.grouped(count)) edges, \(Percent(Double(count) / total)) of all"))
      }
    }
    return Self.picture("Edges between parts", height: top + Double(parts) * cell + 2, shapes)
  }

  /// A row of cells for each part, one for each range of degrees; of more than 64 parts the first 64.
  func degreeMap(_ degrees: [[Int]]) -> String {
    let shown = Array(degrees.prefix(PartitionDetails.largestMatrix))
    let buckets = shown.first?.count ?? 0
    let whole = (0..<buckets).map { bucket in degrees.reduce(0) { $0 + $1[bucket] } }
    let rows = [(name: "all", counts: whole)] + shown.enumerated().map { (name: "\($0)", counts: $1) }
    let shares = rows.map { row in row.counts.map { Double($0) / Double(max(1, row.counts.reduce(0, +))) } }
    let shade = Shade(shares.flatMap(\.self))
    let (left, top, height) = (44.0, 22.0, 18.0)
    let cell = min(56, (Self.width - left) / Double(max(1, buckets)))
    var shapes: [String] = []
    for bucket in 0..<buckets {
      shapes.append(
        Self.text(Self.shortBound(bucket), x: left + (Double(bucket) + 0.5) * cell, y: top - 8, anchor: "middle", style: "faint"))
    }
    var y = top
    for (index, row) in rows.enumerated() {
      shapes.append(Self.text(row.name, x: left - 8, y: y + height - 5, anchor: "end", style: "faint"))
      for bucket in 0..<buckets {
        let count = row.counts[bucket]
        shapes.append(
          Self.rectangle(
            count > 0 ? "heat" : "empty", x: left + Double(bucket) * cell, y: y, width: cell - 1, height: height - 1,
            opacity: count > 0 ? shade(shares[index][bucket]) : nil,
            tip: "\(index == 0 ? "all parts" : "part \(row.name)"), in-degree \(Self.range(bucket)): \(Self.grouped(count)) nodes, "
              + "\(Percent(shares[index][bucket]))"))
      }
      y += height + (index == 0 ? 6 : 0)
    }
    return Self.picture("In-degrees of the parts", height: y + 2, shapes)
  }

  /// Smallest degree of a bucket as a label, `0`, `1`, `2`, `64`, `1k`, `2M`.
  private static func shortBound(_ bucket: Int) -> String {
    let bound = bucket == 0 ? 0 : 1 << (bucket - 1)
    return bound >= 1 << 20 ? "\(bound >> 20)M" : bound >= 1 << 10 ? "\(bound >> 10)k" : "\(bound)"
  }

  private static func range(_ bucket: Int) -> String {
    bucket < 2 ? "\(bucket)" : "\(grouped(1 << (bucket - 1))) to \(grouped(1 << bucket - 1))"
  }
}
