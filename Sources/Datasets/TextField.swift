/// A field of a line of text: its bytes without blanks around them and without quotes.
struct TextField {
  /// A whole number in decimal digits, perhaps with a minus sign.
  enum Integer: Equatable {
    case value(Int64)
    /// Digits only, but beyond 64 bits.
    case tooLarge
    case none
  }

  var bytes: UnsafeRawBufferPointer

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// Splits a line at its commas, where it has none at its semicolons, else at runs of blanks. A field in double quotes may hold them.
  static func split(_ line: UnsafeRawBufferPointer) -> [TextField] {
    var fields = [TextField]()
    var start = 0
    var quoted = false
    let separator: UInt8? = contains(0x2C, line) ? 0x2C : contains(0x3B, line) ? 0x3B : nil
    for position in 0...line.count {
      let byte = position < line.count ? line[position] : 0x0A
      if byte == 0x22 { quoted.toggle() }
      guard position == line.count || (!quoted && (separator.map { byte == $0 } ?? isBlank(byte))) else { continue }
      let field = trimmed(line, start..<position)
      if separator != nil || field.bytes.count > 0 { fields.append(field) }
      start = position + 1
    }
    return fields
  }

  /// Whether a line holds `wanted` outside of quotes.
  static func contains(_ wanted: UInt8, _ line: UnsafeRawBufferPointer) -> Bool {
    var quoted = false
    for byte in line {
      if byte == 0x22 { quoted.toggle() }
      if byte == wanted && !quoted { return true }
    }
    return false
  }

  private static func trimmed(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> TextField {
    var first = range.lowerBound
    var end = range.upperBound
    while first < end && isBlank(line[first]) { first += 1 }
    while end > first && isBlank(line[end - 1]) { end -= 1 }
    if end - first >= 2 && line[first] == 0x22 && line[end - 1] == 0x22 { (first, end) = (first + 1, end - 1) }
    return TextField(bytes: UnsafeRawBufferPointer(rebasing: line[first..<end]))
  }

  var integer: Integer {
    let negative = bytes.first == 0x2D
    let digits = bytes.dropFirst(negative ? 1 : 0)
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return .none }
    var value: Int64 = 0
    for digit in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) = product.addingReportingOverflow(Int64(digit) - 0x30)
      if overflow || overflowed { return .tooLarge }
      value = sum
    }
    return .value(negative ? -value : value)
  }

  /// The bytes for a message: in quotes, at most 40 of them, unprintable ones as dots.
  var shown: String {
    var end = bytes.count
    while end > 0 && Self.isBlank(bytes[end - 1]) { end -= 1 }
    let printable = bytes[..<min(end, 40)].map { byte in (0x20..<0x7F).contains(byte) ? Character(UnicodeScalar(byte)) : "." }
    return "'\(String(printable))\(end > 40 ? "…" : "")'"
  }
}
