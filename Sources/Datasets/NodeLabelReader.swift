import Tensors

/// Reads the labels of all nodes from one file: text, `.npy`, or a `.npz` of one array.
///
/// One whole number per node is its class, −1, empty or `nan` where unknown. Several columns, or numbers that are not whole, are
/// targets of their own: a row of float32 per node, NaN where empty or `nan`.
enum NodeLabelReader {
  static let suffixes = RawFolder.textSuffixes + [".npz", ".npy"]

  /// - Throws: `InputError` with file and line when a label is no number, a class is out of range, or lines differ in length.
  static func read(_ path: String, context: IngestContext) throws -> NodeLabels {
    if path.hasSuffix(".npy") { return try NodeLabels(NPYArray(mapping: path)) }
    if path.hasSuffix(".npz") {
      let archive = try NPZArchive(mapping: path)
      guard archive.names.count == 1 else {
        throw InputError(path, expected: "one array", found: "\(archive.names.count) (\(archive.names.joined(separator: ", ")))")
      }
      return try NodeLabels(archive.array(archive.names[0]))
    }
    return try readText(path, context: context)
  }

  private static func readText(_ path: String, context: IngestContext) throws -> NodeLabels {
    let values = GrowingBuffer<Float>()
    let classes = GrowingBuffer<Int64>()
    var width: Int?
    var rows = 0
    var isWhole = true
    try TextPipeline<LabelLines>(path: path, context: context, longestLine: 1 << 26).run(
      parse: { (text, lines: LabelLines) throws(LineError) in try lines.parse(text) },
      consume: { lines in
        if let width, lines.width != width {
          throw InputError(path, line: rows + 1, expected: LabelLines.expectation(width), found: "\(lines.width)")
        }
        width = lines.width
        rows += lines.lineCount
        values.append(contentsOf: lines.values.readOnly)
        isWhole = isWhole && lines.isWhole
        if isWhole { classes.append(contentsOf: lines.classes.readOnly) }
      })
    guard let width else { throw InputError(path, expected: "a label for each node", found: "an empty file") }
    guard isWhole else { return .values(DenseRows(floats: Buffer(copying: values.readOnly), rows: rows, columns: width)) }
    return try NodeLabels(classes: classes.readOnly) { node, expected in
      InputError(path, line: node + 1, expected: expected, found: "\(classes[node])")
    }
  }
}

/// The labels in a piece of a file that has those of one node on each line.
final class LabelLines: ParsedChunk {
  /// All numbers, NaN where unknown.
  let values = GrowingBuffer<Float>()
  /// The class on each line while `isWhole`, −1 where unknown.
  let classes = GrowingBuffer<Int64>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0
  /// Numbers on each line.
  nonisolated(unsafe) private(set) var width = 0
  /// Whether every line is one whole number or unknown.
  nonisolated(unsafe) private(set) var isWhole = true

  /// What a line of the wrong length should hold.
  static func expectation(_ width: Int) -> String { "\(width) \(width == 1 ? "label" : "labels") as on the line before" }

  /// Parses `text`, whole lines with the same number of labels each, separated by commas or blanks.
  func parse(_ text: UnsafeRawBufferPointer) throws(LineError) {
    lineCount = 0
    isWhole = true
    values.removeAll()
    classes.removeAll()
    var start = 0
    while start < text.count {
      var end = start
      while text[end] != 0x0A { end += 1 }
      let fields = TextField.split(UnsafeRawBufferPointer(rebasing: text[start..<end]))
      // A line without text is one unknown label.
      let count = max(1, fields.count)
      if lineCount == 0 { width = count }
      guard count == width else { throw LineError(line: lineCount, expected: Self.expectation(width), found: "\(count)") }
      if fields.isEmpty { appendUnknown() }
      for field in fields { try append(field) }
      lineCount += 1
      start = end + 1
    }
  }

  private func append(_ field: TextField) throws(LineError) {
    if field.bytes.isEmpty { return appendUnknown() }
    guard let value = DecimalNumber.parse(field.bytes), !value.isInfinite else {
      throw LineError(line: lineCount, expected: "finite numbers, nan or nothing", found: field.shown)
    }
    if value.isNaN { return appendUnknown() }
    values.append(value)
    switch field.integer {
    case .value(let value) where width == 1: classes.append(value)
    case .tooLarge where width == 1:
      throw LineError(line: lineCount, expected: "whole numbers below 2^63", found: field.shown)
    default: isWhole = false
    }
  }

  private func appendUnknown() {
    values.append(.nan)
    if width == 1 { classes.append(-1) } else { isWhole = false }
  }
}
