/// One line of an edge list that is not just two numbers: a comment, quoted fields, blanks around them, or a mistake.
enum EdgeLine {
  /// Whether a line holds no edge: blank, or a comment that begins with `#` or `%`.
  static func isSkipped(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let first = line.first(where: { !TextField.isBlank($0) }) else { return true }
    return first == 0x23 || first == 0x25
  }

  /// Whether a line names columns: two fields or more, none of which begins like a number.
  static func isHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    let fields = TextField.split(line)
    return fields.count >= 2
      && fields.allSatisfy { field in
        guard let first = field.bytes.first else { return false }
        return !(0x30...0x39).contains(first) && first != 0x2B && first != 0x2D && first != 0x2E
      }
  }

  /// The edge of a line, or `nil` where it is skipped.
  ///
  /// - Parameters:
  ///   - number: Lines of the piece before this one, for errors.
  ///   - idLimit: Ids must be below.
  static func parse(
    _ line: UnsafeRawBufferPointer, number: Int, idLimit: UInt32
  ) throws(LineError) -> (source: UInt32, destination: UInt32)? {
    if isSkipped(line) { return nil }
    let fields = TextField.split(line)
    guard fields.count == 2 else {
      let shown = TextField(bytes: line).shown
      throw LineError(line: number, expected: "two node ids", found: fields.count == 1 ? shown : "\(fields.count) fields in \(shown)")
    }
    return (
      try NodeIDField.parse(fields[0], line: number, idLimit: idLimit), try NodeIDField.parse(fields[1], line: number, idLimit: idLimit)
    )
  }
}

/// A node id in text.
enum NodeIDField {
  /// - Parameter line: Lines of the piece before this one, for errors.
  /// - Throws: `LineError` when the field is no whole number from 0 to below `idLimit`.
  static func parse(_ field: TextField, line: Int, idLimit: UInt32) throws(LineError) -> UInt32 {
    switch field.integer {
    case .value(let value) where value >= 0 && value < Int64(idLimit): return UInt32(value)
    case .value(let value) where value < 0: throw LineError(line: line, expected: "a node id of 0 or more", found: field.shown)
    case .value, .tooLarge: throw LineError(line: line, expected: "a node id below \(idLimit)", found: field.shown)
    case .none: throw LineError(line: line, expected: "a node id", found: field.shown)
    }
  }
}
