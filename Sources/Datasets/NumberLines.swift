import Tensors

/// The whole numbers on the lines of a piece of text; lines that begin with `%` are left out.
final class NumberLines: ParsedChunk {
  let values = GrowingBuffer<UInt32>()
  /// For each line that is no comment: how many values stand before its end.
  let ends = GrowingBuffer<Int>()
  /// For each line that is no comment: lines of the piece before it.
  let lineNumbers = GrowingBuffer<Int>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0

  /// Parses `text`, whole lines of numbers separated by blanks.
  func parse(_ text: UnsafeRawBufferPointer) throws(LineError) {
    lineCount = 0
    ends.removeAll()
    lineNumbers.removeAll()
    values.resize(to: text.count / 2 + 1)
    var count = 0
    var position = 0
    while position < text.count {
      if text[position] == 0x25 {
        while text[position] != 0x0A { position += 1 }
      } else {
        while text[position] != 0x0A {
          if TextField.isBlank(text[position]) {
            position += 1
          } else {
            values.pointer[count] = try number(text, &position)
            count += 1
          }
        }
        ends.append(count)
        lineNumbers.append(lineCount)
      }
      position += 1
      lineCount += 1
    }
    values.resize(to: count)
  }

  private func number(_ text: UnsafeRawBufferPointer, _ position: inout Int) throws(LineError) -> UInt32 {
    let start = position
    var value: UInt64 = 0
    while (0x30...0x39).contains(text[position]) && position - start < 11 {
      value = value * 10 + UInt64(text[position] &- 0x30)
      position += 1
    }
    let isWhole = position > start && (text[position] == 0x0A || TextField.isBlank(text[position]))
    guard isWhole, value <= UInt64(UInt32.max) else {
      var end = start
      while text[end] != 0x0A && !TextField.isBlank(text[end]) { end += 1 }
      let found = TextField(bytes: UnsafeRawBufferPointer(rebasing: text[start..<end])).shown
      throw LineError(line: lineCount, expected: "whole numbers from 0 to \(UInt32.max)", found: found)
    }
    return UInt32(value)
  }
}
