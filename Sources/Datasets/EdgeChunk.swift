import Tensors

/// The edges in a piece of an edge list, parsed from text.
final class EdgeChunk: ParsedChunk {
  let sources = GrowingBuffer<UInt32>()
  let destinations = GrowingBuffer<UInt32>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0
  /// Largest id of the piece; 0 where it holds no edge.
  nonisolated(unsafe) private(set) var largestID: UInt32 = 0

  /// Parses `text`, whole lines of two node ids each; comments and blank lines are skipped.
  ///
  /// The loop knows the usual line only: digits, one comma or semicolon or some blanks, digits, line end. Every other line goes
  /// to `EdgeLine`, which is slow and exact.
  ///
  /// - Parameters:
  ///   - text: Ends with a line feed, behind which seven more bytes may be read.
  ///   - idLimit: Ids must be below.
  func parse(_ text: UnsafeRawBufferPointer, idLimit: UInt32) throws(LineError) {
    lineCount = 0
    largestID = 0
    // The shortest line is "0 0\n".
    sources.resize(to: text.count / 4 + 1)
    destinations.resize(to: text.count / 4 + 1)
    guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count > 0 else {
      sources.resize(to: 0)
      destinations.resize(to: 0)
      return
    }
    let from = sources.pointer
    let to = destinations.pointer
    let end = start + text.count
    let limit = UInt64(idLimit)
    var p = start
    var count = 0
    var lines = 0
    var largest: UInt64 = 0
    // Safe: text ends with a line feed, and every step forward is over a byte that is none, or ends the line.
    while p < end {
      let line = p
      let source = Self.number(&p)
      let separator = p
      if p[0] == 0x2C || p[0] == 0x3B { p += 1 } else { while p[0] == 0x09 || p[0] == 0x20 { p += 1 } }
      let second = p
      let destination = Self.number(&p)
      let digits = p
      if p[0] == 0x0D { p += 1 }
      let isUsual =
        p[0] == 0x0A && separator > line && separator - line <= 10 && second > separator && digits > second && digits - second <= 10
      if isUsual && source < limit && destination < limit {
        from[count] = UInt32(truncatingIfNeeded: source)
        to[count] = UInt32(truncatingIfNeeded: destination)
        largest = max(largest, max(source, destination))
        count &+= 1
        p += 1
      } else {
        p = line
        while p[0] != 0x0A { p += 1 }
        let bytes = UnsafeRawBufferPointer(start: line, count: p - line)
        if let edge = try EdgeLine.parse(bytes, number: lines, idLimit: idLimit) {
          from[count] = edge.source
          to[count] = edge.destination
          largest = max(largest, UInt64(max(edge.source, edge.destination)))
          count &+= 1
        }
        p += 1
      }
      lines &+= 1
    }
    lineCount = lines
    largestID = UInt32(truncatingIfNeeded: largest)
    sources.resize(to: count)
    destinations.resize(to: count)
  }

  /// Reads digits; the value wraps around past twenty of them, and callers look at their number first.
  ///
  /// Up to eight digits take one load and three multiplications and no loop, whose end would be mispredicted for every other id:
  /// pairs of digits, then fours, then eight are joined inside one word (Lemire, "Number parsing at a gigabyte per second",
  /// Software: Practice and Experience 51, 2021, section 4).
  @inline(__always)
  private static func number(_ p: inout UnsafePointer<UInt8>) -> UInt64 {
    let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self).littleEndian ^ 0x3030_3030_3030_3030
    // The high bit of each byte that is no digit; a carry may disturb later bytes only, and the first one counts.
    let others = ((word &+ 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
    let bits = others.trailingZeroBitCount & ~7
    p += bits >> 3
    // Digits move up to the last byte, leading zeros come before them. Without a digit the value is never used.
    var value = word &<< UInt64(truncatingIfNeeded: 64 &- bits)
    value = value &* 10 &+ value >> 8
    value = ((value & 0xFF_0000_00FF) &* 0xF_4240_0000_0064 &+ (value >> 16 & 0xFF_0000_00FF) &* 0x2710_0000_0001) >> 32
    if bits < 64 { return value }
    while true {
      let digit = p[0] &- 0x30
      if digit > 9 { return value }
      value = value &* 10 &+ UInt64(digit)
      p += 1
    }
  }
}
