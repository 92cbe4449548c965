import Tensors

/// The rows of numbers in a piece of a feature file.
final class FloatLines: ParsedChunk {
  let values = GrowingBuffer<Float>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0
  /// Numbers on each line.
  nonisolated(unsafe) private(set) var width = 0

  /// Parses `text`, whole lines with the same number of finite numbers each, separated by commas or blanks.
  func parse(_ text: UnsafeRawBufferPointer) throws(LineError) {
    lineCount = 0
    width = 0
    values.removeAll()
    var position = 0
    while position < text.count {
      let before = values.count
      position = try parseLine(text, from: position)
      if lineCount == 0 { width = values.count }
      guard values.count - before == width && width > 0 else {
        let expected = width > 0 ? "\(width) features as on the line before" : "features"
        throw LineError(line: lineCount, expected: expected, found: "\(values.count - before)")
      }
      lineCount += 1
    }
  }

  /// Appends the numbers of one line; returns the position behind its line feed.
  private func parseLine(_ text: UnsafeRawBufferPointer, from start: Int) throws(LineError) -> Int {
    var position = start
    var isAfterComma = false
    while true {
      while TextField.isBlank(text[position]) { position += 1 }
      if text[position] == 0x0A && !isAfterComma { return position + 1 }
      let first = position
      while text[position] != 0x2C && text[position] != 0x0A && !TextField.isBlank(text[position]) { position += 1 }
      let field = UnsafeRawBufferPointer(rebasing: text[first..<position])
      guard let value = DecimalNumber.parse(field), value.isFinite else {
        throw LineError(
          line: lineCount, expected: "finite numbers",
          found: "\(TextField(bytes: field).shown) in column \(values.count - lineCount * width)")
      }
      values.append(value)
      while TextField.isBlank(text[position]) { position += 1 }
      isAfterComma = text[position] == 0x2C
      if isAfterComma { position += 1 }
    }
  }
}
