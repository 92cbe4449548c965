extension ReportPage {
  /// Width of every picture in units of its own; the page scales it.
  static let width = 720.0

  /// An SVG picture with a title for readers that do not see it.
  static func picture(_ title: String, height: Double, _ shapes: [String]) -> String {
    "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(escaped(title))\">\n"
      + shapes.joined(separator: "\n") + "\n</svg>"
  }

  /// At most two decimals, without zeros at the end.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let fraction = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
    return (hundredths < 0 ? "-" : "") + "\(whole)\(fraction)"
  }

  static func rectangle(_ style: String, x: Double, y: Double, width: Double, height: Double, opacity: Double? = nil, tip: String)
    -> String
  {
    let opacity = opacity.map { " fill-opacity=\"\(number($0))\"" } ?? ""
    return
      "<rect class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\"\(opacity)>"
      + "<title>\(escaped(tip))</title></rect>"
  }

  static func text(_ text: String, x: Double, y: Double, anchor: String = "start", style: String = "") -> String {
    let style = style.isEmpty ? "" : " class=\"\(style)\""
    return "<text\(style) x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
  }

  static func line(_ style: String, x1: Double, y1: Double, x2: Double, y2: Double) -> String {
    "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
  }

  /// Cut and halo beside those of a random partition.
  var randomChart: String {
    let measures: [(name: String, mine: Double, other: Double, text: (Double) -> String)] = [
      ("cut edges", report.cut, report.random.cut, { "\(Percent($0))" }),
      ("halo / nodes", report.halo, report.random.halo, { Self.number($0) }),
    ]
    let (left, right, bar, gap) = (170.0, 70.0, 16.0, 12.0)
    var shapes: [String] = []
    var y = 4.0
    for measure in measures {
      let scale = max(measure.mine, measure.other)
      for (label, value, style) in [(report.method, measure.mine, "mine"), ("random", measure.other, "other")] {
        let length = scale > 0 ? value / scale * (Self.width - left - right) : 0
        if style == "mine" { shapes.append(Self.text(measure.name, x: 0, y: y + 13)) }
        shapes.append(Self.text(label, x: left - 8, y: y + 13, anchor: "end", style: "faint"))
        shapes.append(
          Self.rectangle(
            style, x: left, y: y, width: max(1, length), height: bar, tip: "\(measure.name), \(label): \(measure.text(value))"))
        shapes.append(Self.text(measure.text(value), x: left + max(1, length) + 6, y: y + 13))
        y += bar + 4
      }
      y += gap
    }
    return Self.picture("Cut and halo beside a random partition", height: y - gap, shapes)
  }

  /// A chart for each constraint, those with a tolerance first.
  var balanceCharts: String {
    report.loads.keys.sorted { (report.tolerance[$0] == nil ? 1 : 0, $0) < (report.tolerance[$1] == nil ? 1 : 0, $1) }
      .map(balanceChart).joined(separator: "\n")
  }

  private func balanceChart(_ constraint: String) -> String {
    let loads = report.loads[constraint] ?? []
    let total = loads.reduce(0, +)
    let tolerance = report.tolerance[constraint]
    let shares = report.shares
    let bars = loads.indices.map { part in
      Bar(
        part: part, value: total > 0 ? Double(loads[part]) / shares.target(of: part, total: total) - 1 : 0, load: loads[part],
        isOver: tolerance.map { loads[part] > shares.limit(of: part, total: total, tolerance: $0) } ?? false)
    }
    let asked = tolerance.map { ", \(Percent($0)) asked" } ?? ", nothing asked"
    let worst = "\(Percent((report.imbalance[constraint] ?? 1) - 1))"
    return "<h3>\(Self.escaped(constraint)) <small>\(worst) above\(asked)</small></h3>\n"
      + draw(bars, title: "Balance of \(constraint)", tolerance: tolerance)
  }

  private struct Bar {
    var part: Int
    /// Above its target, as a share of it; negative below.
    var value: Double
    var load: Int
    var isOver: Bool
  }

  /// Of more than 240 parts, bars stand for the fullest of several neighbours.
  private func draw(_ all: [Bar], title: String, tolerance: Double?) -> String {
    let group = (all.count + 239) / 240
    let bars = stride(from: 0, to: all.count, by: max(1, group)).compactMap { start in
      all[start..<min(all.count, start + group)].max { $0.value < $1.value }
    }
    let (left, top, height) = (68.0, 8.0, 84.0)
    let high = max(0.01, tolerance ?? 0, bars.map(\.value).max() ?? 0)
    let low = min(-0.2 * high, bars.map(\.value).min() ?? 0)
    func y(_ value: Double) -> Double { top + height * (high - value) / (high - low) }
    let step = (Self.width - left) / Double(max(1, bars.count))
    let margin = min(2, step * 0.1)
    var shapes = bars.enumerated().map { index, bar in
      Self.rectangle(
        bar.isOver ? "over" : "mine", x: left + Double(index) * step + margin, y: y(max(0, bar.value)), width: max(0.5, step - 2 * margin),
        height: max(1, abs(y(bar.value) - y(0))),
        tip: "part \(bar.part): \(Self.grouped(bar.load)), \(Percent(abs(bar.value))) \(bar.value < 0 ? "below" : "above") its target")
    }
    shapes.append(Self.line("target", x1: left, y1: y(0), x2: Self.width, y2: y(0)))
    shapes.append(Self.text("0 %", x: left - 6, y: y(0) + 4, anchor: "end", style: "faint"))
    if let tolerance {
      shapes.append(Self.line("limit", x1: left, y1: y(tolerance), x2: Self.width, y2: y(tolerance)))
      if y(0) - y(tolerance) > 12 {
        shapes.append(Self.text("+\(Self.number(100 * tolerance)) %", x: left - 6, y: y(tolerance) + 4, anchor: "end", style: "faint"))
      }
    }
    if low < -0.25 * high, y(low) - y(0) > 12 {
      shapes.append(Self.text("−\(Self.number(-100 * low)) %", x: left - 6, y: y(low) + 4, anchor: "end", style: "faint"))
    }
    let every = (bars.count + 31) / 32
    for (index, bar) in bars.enumerated() where index % max(1, every) == 0 {
      shapes.append(
        Self.text("\(bar.part)", x: left + (Double(index) + 0.5) * step, y: top + height + 14, anchor: "middle", style: "faint"))
    }
    return Self.picture(title, height: top + height + 18, shapes)
  }
}
