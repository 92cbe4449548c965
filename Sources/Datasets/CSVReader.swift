import Tensors

/// Reads the records of a CSV text one after the other, as RFC 4180 has them.
///
/// Fields are separated by commas, records by CRLF or LF. A field in double quotes may hold commas, line ends and, doubled, quotes; its
/// blanks count, as do those of other fields. The text is UTF-8, with or without a byte order mark.
package struct CSVReader {
  private let path: String
  private let text: [UInt8]
  private var position: Int
  /// Line at `position`, from 1.
  private var line = 1
  /// Line at which the record read last begins.
  package private(set) var recordLine = 1

  /// - Parameter path: The file's name, for errors.
  package init(_ text: [UInt8], path: String) {
    self.path = path
    self.text = text
    position = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The fields of the next record, or `nil` at the end.
  ///
  /// - Throws: `InputError` with the line when a quote stands inside an unquoted field, something follows a closing quote, a quoted
  ///   field does not end, or a field is not UTF-8.
  package mutating func next() throws -> [String]? {
    guard position < text.count else { return nil }
    recordLine = line
    var fields: [String] = []
    while true {
      fields.append(try byte == Self.quote ? quotedField() : plainField())
      guard byte == Self.comma else { break }
      position += 1
    }
    if byte == Self.carriageReturn { position += 1 }
    position += 1
    line += 1
    return fields
  }

  private static let quote: UInt8 = 0x22
  private static let comma: UInt8 = 0x2C
  private static let lineFeed: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D

  /// The byte at the position; a line feed at the end of the text.
  private var byte: UInt8 { position < text.count ? text[position] : Self.lineFeed }

  /// Whether a line ends at the position.
  private var isLineEnd: Bool {
    byte == Self.lineFeed || (byte == Self.carriageReturn && (position + 1 == text.count || text[position + 1] == Self.lineFeed))
  }

  private mutating func plainField() throws -> String {
    let start = position
    while byte != Self.comma && !isLineEnd {
      guard byte != Self.quote else { throw fail("a field in quotes as a whole, or no quote in it", "a quote in the middle") }
      position += 1
    }
    return try string(text[start..<position])
  }

  private mutating func quotedField() throws -> String {
    let firstLine = line
    position += 1
    var content: [UInt8] = []
    while true {
      guard position < text.count else {
        line = firstLine
        throw fail("a closing quote", "the end of the file")
      }
      let byte = text[position]
      position += 1
      if byte == Self.lineFeed { line += 1 }
      if byte == Self.quote {
        guard self.byte == Self.quote, position < text.count else { break }
        position += 1
      }
      content.append(byte)
    }
    guard byte == Self.comma || isLineEnd else { throw fail("a comma or the end of the line after a closing quote", "more text") }
    return try string(content[...])
  }

  private func string(_ bytes: ArraySlice<UInt8>) throws -> String {
    guard let string = String(validating: bytes, as: UTF8.self) else { throw fail("UTF-8 text", "other bytes") }
    return string
  }

  private func fail(_ expected: String, _ found: String) -> InputError { InputError(path, line: line, expected: expected, found: found) }
}
