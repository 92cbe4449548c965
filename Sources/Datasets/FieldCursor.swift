import Tensors

/// A field in the text of a line, between its blanks or inside its quotes.
struct RawField {
  var start: UnsafePointer<UInt8>
  var count: Int
  /// Whether the text holds quotes that are written twice.
  var isEscaped: Bool

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}

/// Cuts one line into fields, as RFC 4180 has them but for line ends, which no field may hold.
///
/// Blanks around fields do not count. A field in double quotes may hold the separator, blanks and, doubled, quotes.
struct FieldCursor {
  /// The separator that stands for runs of blanks.
  static let blanks: UInt8 = 0x20
  private static let tab: UInt8 = 0x09
  private static let quote: UInt8 = 0x22
  private static let lineFeed: UInt8 = 0x0A

  /// Where the line is read; behind the last field, at the line feed.
  private(set) var p: UnsafePointer<UInt8>
  private let separator: UInt8
  private let line: Int
  private var isAtEnd = false

  /// - Parameters:
  ///   - start: The line, which ends with a line feed.
  ///   - separator: A comma, a semicolon, a tab, or `blanks`.
  ///   - line: Lines of the piece before this one, for errors.
  init(_ start: UnsafePointer<UInt8>, separator: UInt8, line: Int) {
    p = start
    self.separator = separator
    self.line = line
  }

  @inline(__always)
  private func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0D || (byte == Self.tab && separator != Self.tab)
  }

  /// The next field; `nil` behind the last.
  ///
  /// - Throws: `LineError` where a quoted field does not end, or more follows it.
  @inline(__always)
  mutating func next() throws(LineError) -> RawField? {
    if isAtEnd { return nil }
    while isBlank(p[0]) { p += 1 }
    if p[0] == Self.quote { return try quoted() }
    let start = p
    if separator == Self.blanks {
      while p[0] != Self.lineFeed && !isBlank(p[0]) { p += 1 }
      if p == start {
        isAtEnd = true
        return nil
      }
      return RawField(start: start, count: p - start, isEscaped: false)
    }
    while p[0] != separator && p[0] != Self.lineFeed { p += 1 }
    var end = p
    while end > start && isBlank(end[-1]) { end -= 1 }
    leaveField()
    return RawField(start: start, count: end - start, isEscaped: false)
  }

  private mutating func quoted() throws(LineError) -> RawField {
    p += 1
    let start = p
    var isEscaped = false
    while true {
      guard p[0] != Self.lineFeed else {
        throw LineError(line: line, expected: "a closing quote on the line", found: shown(start - 1))
      }
      if p[0] == Self.quote {
        if p[1] != Self.quote { break }
        isEscaped = true
        p += 1
      }
      p += 1
    }
    let field = RawField(start: start, count: p - start, isEscaped: isEscaped)
    p += 1
    let afterQuote = p
    while isBlank(p[0]) { p += 1 }
    guard p[0] == Self.lineFeed || (separator == Self.blanks ? p > afterQuote : p[0] == separator) else {
      throw LineError(line: line, expected: "a separator or the end of the line after a closing quote", found: shown(p))
    }
    if separator != Self.blanks { leaveField() }
    return field
  }

  /// Steps over the separator, or stays at the end of the line.
  @inline(__always)
  private mutating func leaveField() {
    if p[0] == Self.lineFeed { isAtEnd = true } else { p += 1 }
  }

  private func shown(_ start: UnsafePointer<UInt8>) -> String {
    var end = start
    while end[0] != Self.lineFeed { end += 1 }
    return TextField(bytes: UnsafeRawBufferPointer(start: start, count: end - start)).shown
  }
}

extension RawField {
  /// The field's text, quotes written twice once.
  var text: String {
    guard isEscaped else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: unescaped, as: UTF8.self)
  }

  /// The bytes of an escaped field with every quote once.
  var unescaped: [UInt8] {
    var result: [UInt8] = []
    var position = 0
    while position < count {
      result.append(start[position])
      position += start[position] == 0x22 ? 2 : 1
    }
    return result
  }
}
