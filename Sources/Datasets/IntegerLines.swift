import Tensors

/// The whole numbers in a piece of a file that has one on each line: labels, node ids, counts.
final class IntegerLines: ParsedChunk {
  let values = GrowingBuffer<Int64>()
  var lineCount: Int { values.count }

  /// Parses `text`, whole lines of one number each.
  ///
  /// - Parameter meaning: What the numbers are, for errors: `a class`.
  func parse(_ text: UnsafeRawBufferPointer, meaning: String) throws(LineError) {
    values.removeAll()
    var start = 0
    while start < text.count {
      var end = start
      while text[end] != 0x0A { end += 1 }
      let fields = TextField.split(UnsafeRawBufferPointer(rebasing: text[start..<end]))
      guard fields.count == 1, case .value(let value) = fields[0].integer else {
        let found = fields.count == 1 ? fields[0].shown : "\(fields.count) fields"
        throw LineError(line: values.count, expected: "\(meaning), a whole number", found: found)
      }
      values.append(value)
      start = end + 1
    }
  }

  /// All numbers of a file, compressed or not; number `i` stands on line `i + 1`.
  ///
  /// - Throws: `InputError` with file and line.
  static func read(_ path: String, meaning: String, context: IngestContext) throws -> Buffer<Int64> {
    let all = GrowingBuffer<Int64>()
    try TextPipeline<IntegerLines>(path: path, context: context).run(
      parse: { (text, lines: IntegerLines) throws(LineError) in try lines.parse(text, meaning: meaning) },
      consume: { lines in all.append(contentsOf: lines.values.readOnly) })
    return Buffer(copying: all.readOnly)
  }
}
