import Synchronization
import Tensors

/// What stands before the first edge of a text file: a byte order mark, comments, blank lines and perhaps one line of column names.
///
/// Read on one thread, before any other asks for the layout.
final class EdgeListHead: Sendable {
  private struct State {
    var isFileStart = true
    var isRead = false
    var layout: EdgeTableLayout?
    var notice: String?
  }

  private let path: String
  private let format: EdgeListFormat
  private let state = Mutex(State())

  init(path: String, format: EdgeListFormat) {
    self.path = path
    self.format = format
  }

  /// The columns; `nil` while no line was seen, and where lines are pairs of numbers and nothing else.
  var layout: EdgeTableLayout? { state.withLock { $0.layout } }

  /// What the user should know of the first line.
  var notice: String? { state.withLock { $0.notice } }

  /// Looks at a piece of text of whole lines; returns what of it comes before the first edge.
  ///
  /// - Throws: `InputError` when the columns asked for are not there.
  func read(_ text: UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int) {
    try state.withLock { state in
      if state.isRead { return (0, 0) }
      var (position, lines) = (state.isFileStart && text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, 0)
      state.isFileStart = false
      while position < text.count {
        let end = Self.lineEnd(text, from: position)
        let line = UnsafeRawBufferPointer(rebasing: text[position..<end])
        if EdgeLine.isSkipped(line) {
          (position, lines) = (end + 1, lines + 1)
          continue
        }
        state.isRead = true
        let isHeader = try readFirst(line, rest: UnsafeRawBufferPointer(rebasing: text[(end + 1)...]), lines: lines, &state)
        return isHeader ? (end + 1, lines + 1) : (position, lines)
      }
      return (position, lines)
    }
  }

  /// Takes the first line; whether it is a header.
  private func readFirst(_ line: UnsafeRawBufferPointer, rest: UnsafeRawBufferPointer, lines: Int, _ state: inout State) throws -> Bool {
    let shown = TextField(bytes: line).shown
    let isHeader: Bool
    if format.isPairs {
      isHeader = format.header == .present || (format.header == .detect && EdgeLine.isHeader(line))
    } else {
      let separator = EdgeTableLayout.separator(of: line)
      let fields = try self.fields(of: line, separator: separator, lines: lines)
      isHeader = self.isHeader(line, fields: fields, separator: separator, rest: rest)
      state.layout = try EdgeTableLayout(
        format, separator: separator, fieldCount: fields.count, names: isHeader ? fields.map(\.text) : nil, path: path)
      if !isHeader && format.ids == .compact && format.header == .detect, !fields.allSatisfy({ Self.isNumber($0) }) {
        state.notice = "\(path): the first line is taken for an edge: \(shown); --header present skips it"
      }
    }
    if isHeader { state.notice = "\(path): the first line is taken for a header: \(shown)" }
    return isHeader
  }

  private func fields(of line: UnsafeRawBufferPointer, separator: UInt8, lines: Int) throws -> [RawField] {
    do throws(LineError) { return try EdgeTableLayout.fields(of: line, separator: separator) } catch {
      throw InputError(path, line: lines + 1, expected: error.expected, found: error.found)
    }
  }

  private func isHeader(_ line: UnsafeRawBufferPointer, fields: [RawField], separator: UInt8, rest: UnsafeRawBufferPointer) -> Bool {
    if format.header != .detect { return format.header == .present }
    if format.namesColumns { return true }
    if format.ids == .dense { return EdgeLine.isHeader(line) }
    // Names may be anything: only the next line tells that this one is of another kind.
    guard fields.count >= 2, let next = Self.firstLine(rest), let edge = try? EdgeTableLayout.fields(of: next, separator: separator),
      edge.count == fields.count
    else { return false }
    let positions = [format.source?.position ?? 0, format.destination?.position ?? 1]
    return positions.allSatisfy { $0 < fields.count && !Self.isNumber(fields[$0]) && Self.isNumber(edge[$0]) }
  }

  private static func isNumber(_ field: RawField) -> Bool { TextField(bytes: field.bytes).integer != .none }

  /// The first line that is no comment.
  private static func firstLine(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var position = 0
    while position < text.count {
      let end = lineEnd(text, from: position)
      let line = UnsafeRawBufferPointer(rebasing: text[position..<end])
      if !EdgeLine.isSkipped(line) { return line }
      position = end + 1
    }
    return nil
  }

  /// Position of the line feed that ends the line.
  private static func lineEnd(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var end = start
    while text[end] != 0x0A { end += 1 }
    return end
  }
}
