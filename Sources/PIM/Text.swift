import Foundation

/// Numbers as reports print them.
enum Text {
  /// `digits` after the point.
  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// Four digits that count.
  static func short(_ value: Double) -> String {
    String(format: abs(value) >= 1000 ? "%.0f" : "%.4g", value)
  }

  /// Seconds, as milliseconds where they are few.
  static func seconds(_ value: Double) -> String { value < 0.1 ? "\(short(1000 * value)) ms" : "\(short(value)) s" }
}
