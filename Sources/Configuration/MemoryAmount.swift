/// Memory that something may use: so many bytes, or a share of something else's.
public enum MemoryAmount: Codable, Equatable, Sendable, CustomStringConvertible {
  case bytes(Int)
  /// Of what the user of the amount says.
  case share(Double)

  private static let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]

  /// Reads `1500000`, `800MiB`, `2GiB` or `50%`.
  public init?(parsing text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent > 0, percent <= 100 else { return nil }
      self = .share(percent / 100)
      return
    }
    let unit = Self.units.first { text.hasSuffix($0.0) }
    guard let number = Double(unit.map { String(text.dropLast($0.0.count)) } ?? text), number.isFinite else { return nil }
    let bytes = number * Double(unit?.1 ?? 1)
    guard bytes >= 1, bytes < 1e18 else { return nil }
    self = .bytes(Int(bytes))
  }

  /// - Parameter option: What an error names.
  /// - Throws: `ConfigurationError` for a text that is no such notation.
  init(parsing text: String, option: String) throws {
    guard let amount = MemoryAmount(parsing: text) else {
      throw ConfigurationError(option, expected: "bytes (800MiB, 2GiB) or a share (50%)", found: "'\(text)'")
    }
    self = amount
  }

  /// As it is read.
  public var description: String {
    switch self {
    case .bytes(let bytes):
      let unit = Self.units.last { bytes % $0.1 == 0 && bytes > 0 }
      return unit.map { "\(bytes / $0.1)\($0.0)" } ?? "\(bytes)"
    case .share(let share):
      let percent = (share * 1e8).rounded() / 1e6
      return percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
    }
  }
}
