import Tensors

/// Reads features from JSON that lists those of each node: `{"17": [3, 5], "0": [], …}`.
///
/// Keys are the node ids from 0 without gaps, in any order; a feature counts once however often a list names it.
struct FeatureListsReader {
  /// Reads the file at `path` into a sparse table of ones, as wide as the largest feature asks.
  ///
  /// - Throws: `InputError` with line and node where the file is other JSON, a node is missing or comes twice, or no list names a
  ///   feature.
  static func read(_ path: String) throws -> SparseRows {
    var reader = FeatureListsReader(path: path, text: try WholeFile.read(path))
    try reader.parse()
    return try reader.rows()
  }

  private let path: String
  private let text: [UInt8]
  private var position = 0
  private var line = 1
  /// The lists one after the other, in the order of the file.
  private let features = GrowingBuffer<UInt32>()
  /// For each list: its node, its line, and where it ends.
  private var lists: [(node: Int, line: Int, end: Int)] = []

  private init(path: String, text: [UInt8]) {
    self.path = path
    self.text = text
  }

  private mutating func parse() throws {
    try take("{", "an object of lists, {\"0\": [1, 2], …}")
    var node: UInt32
    repeat {
      try take("\"", "a node id in quotes")
      node = try number("a node id in quotes")
      try take("\"", "a closing quote after node id \(node)")
      try take(":", "a colon after node id \(node)")
      try list(of: Int(node))
    } while try goesOn(until: "}", "a comma or '}' after the list of node \(node)")
    skipBlanks()
    guard position == text.count else { throw fail("the end of the file after the object") }
  }

  private mutating func list(of node: Int) throws {
    let what = "a list of whole numbers for node \(node)"
    try take("[", what)
    skipBlanks()
    if position < text.count, text[position] == UInt8(ascii: "]") {
      position += 1
    } else {
      repeat { features.append(try number(what)) } while try goesOn(until: "]", what)
    }
    lists.append((node, line, features.count))
  }

  /// Whether a comma follows, not `end`; takes either.
  private mutating func goesOn(until end: Unicode.Scalar, _ expected: @autoclosure () -> String) throws -> Bool {
    skipBlanks()
    guard position < text.count, text[position] == UInt8(ascii: ",") || text[position] == UInt8(ascii: end) else { throw fail(expected()) }
    position += 1
    return text[position - 1] == UInt8(ascii: ",")
  }

  /// A whole number below 2³² − 1, which neither counts nodes nor columns.
  private mutating func number(_ expected: @autoclosure () -> String) throws -> UInt32 {
    skipBlanks()
    let start = position
    var value: UInt64 = 0
    while position < text.count, text[position] &- 0x30 <= 9, value < UInt64(UInt32.max) {
      value = value * 10 + UInt64(text[position] &- 0x30)
      position += 1
    }
    let ends = position == text.count || [UInt8](" \t\r\n,]\"".utf8).contains(text[position])
    guard position > start, ends, value < UInt64(UInt32.max) else {
      position = start
      throw fail(expected())
    }
    return UInt32(value)
  }

  private mutating func take(_ scalar: Unicode.Scalar, _ expected: @autoclosure () -> String) throws {
    skipBlanks()
    guard position < text.count, text[position] == UInt8(ascii: scalar) else { throw fail(expected()) }
    position += 1
  }

  private mutating func skipBlanks() {
    while position < text.count, [0x20, 0x09, 0x0D, 0x0A].contains(text[position]) {
      if text[position] == 0x0A { line += 1 }
      position += 1
    }
  }

  private func fail(_ expected: String) -> InputError {
    var end = position
    while end < text.count, ![0x20, 0x09, 0x0D, 0x0A, 0x2C].contains(text[end]) { end += 1 }
    end = max(end, min(position + 1, text.count))
    let found = text[position..<end].withUnsafeBytes { TextField(bytes: $0).shown }
    return InputError(path, line: line, expected: expected, found: position == text.count ? "the end of the file" : found)
  }

  /// The lists by node, sorted, without repeats.
  private func rows() throws -> SparseRows {
    var listOf = [Int?](repeating: nil, count: lists.count)
    for (index, list) in lists.enumerated() {
      guard list.node < lists.count else {
        throw InputError(
          path, line: list.line, expected: "nodes from 0 to \(lists.count - 1), one for each list", found: "node \(list.node)")
      }
      guard listOf[list.node] == nil else {
        throw InputError(path, line: list.line, expected: "each node once", found: "node \(list.node) again")
      }
      listOf[list.node] = index
    }
    guard let largest = features.readOnly.max() else { throw InputError(path, expected: "a feature of some node", found: "empty lists") }
    var indptr: [Int64] = [0]
    let indices = GrowingBuffer<UInt32>(capacity: features.count)
    for index in listOf.compactMap(\.self) {
      let start = index == 0 ? 0 : lists[index - 1].end
      let row = features.readOnly[start..<lists[index].end].sorted()
      for (position, feature) in row.enumerated() where position == 0 || row[position - 1] != feature { indices.append(feature) }
      indptr.append(Int64(indices.count))
    }
    let ones = Buffer<Float>(count: indices.count)
    ones.elements.update(repeating: 1)
    return SparseRows(
      rows: lists.count, columns: Int(largest) + 1, indptr: ArrayView(indptr), indices: Buffer(copying: indices.readOnly).view,
      values: ones.view)
  }
}
