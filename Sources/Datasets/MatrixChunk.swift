import Tensors

/// What the head of a matrix says.
struct MatrixLayout: Sendable {
  var hasValues: Bool
  var isSymmetric: Bool
  var rows = 0
  var entries = 0
}

/// The entries in a piece of a matrix.
final class MatrixChunk: ParsedChunk {
  let sources = GrowingBuffer<UInt32>()
  let destinations = GrowingBuffer<UInt32>()
  let weights = GrowingBuffer<Float>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0
  nonisolated(unsafe) private(set) var entryCount = 0
  nonisolated(unsafe) private var edgeCount = 0

  /// Parses `text`, whole lines of an entry each; comments and blank lines are skipped.
  func parse(_ text: UnsafeRawBufferPointer, _ layout: MatrixLayout) throws(LineError) {
    lineCount = 0
    entryCount = 0
    edgeCount = 0
    // The shortest line is "1 1\n", and may be two edges.
    resize(to: 2 * (text.count / 4 + 1))
    defer { resize(to: edgeCount) }
    guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let end = start + text.count
    var line = start
    while line < end {
      if EdgeTableChunk.isSkipped(line) {
        while line[0] != 0x0A { line += 1 }
      } else {
        line = try parseEntry(line, layout)
      }
      lineCount &+= 1
      line += 1
    }
  }

  /// Takes the entry of a line; returns the line's end.
  private func parseEntry(_ line: UnsafePointer<UInt8>, _ layout: MatrixLayout) throws(LineError) -> UnsafePointer<UInt8> {
    var cursor = FieldCursor(line, separator: FieldCursor.blanks, line: lineCount)
    let row = try index(try cursor.next(), layout)
    let column = try index(try cursor.next(), layout)
    var weight: Float = 1
    if layout.hasValues {
      guard let field = try cursor.next(), let value = DecimalNumber.parse(field.bytes), value.isFinite else {
        throw LineError(line: lineCount, expected: "a row, a column and a finite value", found: shown(line))
      }
      weight = value
    }
    guard try cursor.next() == nil else {
      throw LineError(
        line: lineCount, expected: layout.hasValues ? "a row, a column and a value" : "a row and a column", found: shown(line))
    }
    entryCount &+= 1
    append(row, column, weight)
    guard layout.isSymmetric, row != column else { return cursor.p }
    guard row > column else {
      throw LineError(line: lineCount, expected: "entries on or below the diagonal of a symmetric matrix", found: shown(line))
    }
    append(column, row, weight)
    return cursor.p
  }

  private func append(_ row: UInt32, _ column: UInt32, _ weight: Float) {
    sources.pointer[edgeCount] = row
    destinations.pointer[edgeCount] = column
    weights.pointer[edgeCount] = weight
    edgeCount &+= 1
  }

  private func resize(to count: Int) {
    sources.resize(to: count)
    destinations.resize(to: count)
    weights.resize(to: count)
  }

  /// A row or column, from 0.
  @inline(__always)
  private func index(_ field: RawField?, _ layout: MatrixLayout) throws(LineError) -> UInt32 {
    guard let field else { throw LineError(line: lineCount, expected: "a row and a column", found: "the end of the line") }
    let text = TextField(bytes: field.bytes)
    guard case .value(let value) = text.integer, value >= 1, value <= Int64(layout.rows) else {
      throw LineError(line: lineCount, expected: "rows and columns from 1 to \(layout.rows)", found: text.shown)
    }
    return UInt32(value - 1)
  }

  private func shown(_ line: UnsafePointer<UInt8>) -> String {
    var end = line
    while end[0] != 0x0A { end += 1 }
    return TextField(bytes: UnsafeRawBufferPointer(start: line, count: end - line)).shown
  }
}
