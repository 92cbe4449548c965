import Tensors

/// The edges in a piece of a text file whose columns had to be found, or whose nodes have names.
final class EdgeTableChunk: ParsedChunk {
  /// Ends of the edges where ids are dense.
  let sources = GrowingBuffer<UInt32>()
  let destinations = GrowingBuffer<UInt32>()
  /// Ends of the edges where they are not: source and destination in turn.
  let keys = GrowingBuffer<NodeKey>()
  /// The names of the hashed keys, one after the other, and where each ends.
  let longNames = GrowingBuffer<UInt8>()
  let longNameEnds = GrowingBuffer<Int>()
  /// Weights of the edges where a column holds them.
  let weights = GrowingBuffer<Float>()
  /// Rows of the edges, one after the other, where columns hold them.
  let features = GrowingBuffer<Float>()
  // Written by the one thread that parses, read by the one that consumes afterwards.
  nonisolated(unsafe) private(set) var lineCount = 0
  nonisolated(unsafe) private var edgeCount = 0
  /// Largest dense id of the piece; 0 where it holds no edge.
  nonisolated(unsafe) private(set) var largestID: UInt32 = 0
  /// Bytes of the longest name.
  static let longestName = 65_535

  /// Parses `text`, whole lines of an edge each; comments and blank lines are skipped.
  ///
  /// - Parameters:
  ///   - ids: What stands for a node.
  ///   - idLimit: Dense ids must be below.
  func parse(
    _ text: UnsafeRawBufferPointer, _ layout: EdgeTableLayout, ids: EdgeListFormat.IDs, idLimit: UInt32
  ) throws(LineError) {
    removeAll(room: text.count / 4 + 1, layout, ids)
    // A row has as many numbers at most as there are fields between separators.
    features.resize(to: layout.featureCount * (text.count / (2 * (2 + layout.featureCount)) + 1))
    defer { shrink(layout, ids) }
    guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let end = start + text.count
    let room = Room(sources: sources.pointer, destinations: destinations.pointer, keys: keys.pointer, weights: weights.pointer)
    var line = start
    while line < end {
      if Self.isSkipped(line) {
        while line[0] != 0x0A { line += 1 }
      } else {
        line = try parseLine(line, layout, ids: ids, idLimit: idLimit, into: room)
      }
      lineCount &+= 1
      line += 1
    }
  }

  /// Where edges are written.
  private struct Room {
    var sources: UnsafeMutablePointer<UInt32>
    var destinations: UnsafeMutablePointer<UInt32>
    var keys: UnsafeMutablePointer<NodeKey>
    var weights: UnsafeMutablePointer<Float>
  }

  /// Makes room for `room` edges: growing by one is what would take the time of a line.
  private func removeAll(room: Int, _ layout: EdgeTableLayout, _ ids: EdgeListFormat.IDs) {
    lineCount = 0
    edgeCount = 0
    largestID = 0
    longNames.removeAll()
    longNameEnds.removeAll()
    resize(to: room, layout, ids)
  }

  private func shrink(_ layout: EdgeTableLayout, _ ids: EdgeListFormat.IDs) {
    resize(to: edgeCount, layout, ids)
    features.resize(to: layout.featureCount * edgeCount)
  }

  private func resize(to count: Int, _ layout: EdgeTableLayout, _ ids: EdgeListFormat.IDs) {
    switch ids {
    case .dense:
      sources.resize(to: count)
      destinations.resize(to: count)
    case .compact: keys.resize(to: 2 * count)
    }
    if layout.weight != nil { weights.resize(to: count) }
  }

  /// Whether a line that ends with a line feed holds no edge.
  @inline(__always)
  static func isSkipped(_ line: UnsafePointer<UInt8>) -> Bool {
    var p = line
    while TextField.isBlank(p[0]) { p += 1 }
    return p[0] == 0x0A || p[0] == 0x23 || p[0] == 0x25
  }

  /// Takes the edge of a line; returns the line's end.
  @inline(__always)
  private func parseLine(
    _ line: UnsafePointer<UInt8>, _ layout: EdgeTableLayout, ids: EdgeListFormat.IDs, idLimit: UInt32, into room: Room
  ) throws(LineError) -> UnsafePointer<UInt8> {
    var cursor = FieldCursor(line, separator: layout.separator, line: lineCount)
    var count = 0
    let nothing = RawField(start: line, count: 0, isEscaped: false)
    var (source, destination, weight) = (nothing, nothing, nothing)
    while let field = try cursor.next() {
      if count == layout.source { source = field }
      if count == layout.destination { destination = field }
      if count == layout.weight { weight = field }
      if count < layout.places.count, layout.places[count] >= 0 {
        // Safe: two ends and the numbers of an edge take two bytes each at least, and there is room for one more edge.
        features.pointer[edgeCount &* layout.featureCount &+ layout.places[count]] = try number(field, "a finite number")
      }
      count &+= 1
    }
    guard count == layout.fieldCount else {
      throw LineError(line: lineCount, expected: "\(layout.fieldCount) fields as on the first line", found: "\(count)")
    }
    switch ids {
    case .dense:
      let ends = (try id(source, idLimit), try id(destination, idLimit))
      // Safe: the shortest line is "0 0\n", and there is room for an edge of every four bytes.
      room.sources[edgeCount] = ends.0
      room.destinations[edgeCount] = ends.1
      largestID = max(largestID, max(ends.0, ends.1))
    case .compact:
      room.keys[2 &* edgeCount] = try key(source)
      room.keys[2 &* edgeCount &+ 1] = try key(destination)
    }
    if layout.weight != nil { room.weights[edgeCount] = try number(weight, "a finite weight") }
    edgeCount &+= 1
    return cursor.p
  }

  @inline(__always)
  private func id(_ field: RawField, _ limit: UInt32) throws(LineError) -> UInt32 {
    var value: UInt64 = 0
    var isUsual = field.count > 0 && field.count <= 10
    var position = 0
    while position < field.count && isUsual {
      let digit = field.start[position] &- 0x30
      isUsual = digit <= 9
      value = value &* 10 &+ UInt64(digit)
      position &+= 1
    }
    if isUsual && value < UInt64(limit) { return UInt32(truncatingIfNeeded: value) }
    return try NodeIDField.parse(TextField(bytes: field.bytes), line: lineCount, idLimit: limit)
  }

  @inline(__always)
  private func key(_ field: RawField) throws(LineError) -> NodeKey {
    guard field.count > 0, field.count <= Self.longestName else {
      throw LineError(
        line: lineCount, expected: "a node id of 1 to \(Self.longestName) bytes", found: field.count == 0 ? "''" : "\(field.count) bytes")
    }
    if field.isEscaped { return field.unescaped.withUnsafeBytes { key(name: $0) } }
    return key(name: field.bytes)
  }

  @inline(__always)
  private func key(name: UnsafeRawBufferPointer) -> NodeKey {
    let key = NodeKey(name: name)
    guard key.isHashed else { return key }
    longNames.append(contentsOf: UnsafeBufferPointer(start: name.baseAddress?.assumingMemoryBound(to: UInt8.self), count: name.count))
    longNameEnds.append(longNames.count)
    return key
  }

  @inline(__always)
  private func number(_ field: RawField, _ expected: String) throws(LineError) -> Float {
    guard let value = DecimalNumber.parse(field.bytes), value.isFinite else {
      throw LineError(line: lineCount, expected: expected, found: TextField(bytes: field.bytes).shown)
    }
    return value
  }
}
