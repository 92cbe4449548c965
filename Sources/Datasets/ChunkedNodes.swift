import Graphs
import Tensors

/// The data of the nodes of one type in a chunked graph.
struct ChunkedNodes {
  let folder: String
  /// By key.
  let files: [String: ChunkedGraphMetadata.Files]
  let count: Int
  let context: IngestContext

  private static let masks = ["train_mask", "val_mask", "test_mask"]

  /// - Throws: `InputError` when arrays do not have a row for each node, or two sets of the split share one.
  func read() throws -> NodeData {
    var data = NodeData(count: count)
    for (key, files) in files.sorted(by: { $0.key < $1.key }) {
      guard files.format.name == "numpy" else {
        throw InputError("\(folder), \(key)", expected: "node data as numpy", found: "'\(files.format.name)'")
      }
      let rows = try joined(files.data, key: key)
      if Self.masks.contains(key) { continue }
      if key == "label", rows.columns == 1, let values = Self.integers(rows) {
        try withExtendedLifetime(values) {
          try NodeLabels(classes: UnsafeBufferPointer(values.elements)) { node, expected in
            InputError("\(folder), label", expected: expected, found: "\(values[node]) of node \(node)")
          }.store(in: &data)
        }
      } else {
        try FiniteValues.check(
          .dense(rows), place: "\(folder), \(key)", threads: context.threads, allowingNaN: key == NodeData.targetTable)
        data.tables[key] = .dense(rows)
      }
    }
    if let split = try split() { data.splits = [split] }
    return data
  }

  /// The chunks of an array one after the other; a single one stays mapped.
  private func joined(_ names: [String], key: String) throws -> DenseRows {
    let chunks = try names.map { try NPYArray(mapping: ChunkedGraphMetadata.place($0, in: folder)) }
    let filled = chunks.filter { $0.shape.first != 0 }
    guard let first = filled.first ?? chunks.first, (1...2).contains(first.shape.count) else {
      throw InputError("\(folder), \(key)", expected: "arrays of shape (nodes) or (nodes, columns)", found: "others")
    }
    let columns = first.shape.count == 1 ? 1 : first.shape[1]
    for chunk in filled where chunk.elementType != first.elementType || chunk.shape.dropFirst() != first.shape.dropFirst() {
      throw InputError(
        chunk.path, expected: "\(first.elementType) of shape \(first.shape) as in \(first.path), but for the first number",
        found: "\(chunk.elementType) of shape \(chunk.shape)")
    }
    let found = filled.reduce(0) { $0 + $1.shape[0] }
    guard found == count, columns > 0 else {
      throw InputError("\(folder), \(key)", expected: "\(count) rows, one for each node", found: "\(found) of \(columns) columns")
    }
    let stride = columns * first.elementType.size
    var bytes = first.bytes
    if filled.count > 1 {
      let whole = Buffer<UInt8>(count: count * stride)
      var done = 0
      for chunk in filled {
        (whole.pointer + done).update(from: chunk.bytes.pointer, count: chunk.bytes.count)
        done += chunk.bytes.count
      }
      bytes = whole.view
    }
    // NumPy's int8 has no scales, which rows of that type need here.
    if first.elementType == .int8 {
      let floats = Buffer<Float>(count: count * columns)
      for index in 0..<floats.count { floats.pointer[index] = Float(Int8(bitPattern: bytes.pointer[index])) }
      return DenseRows(floats: floats, rows: count, columns: columns)
    }
    return DenseRows(rows: count, columns: columns, strideBytes: stride, elementType: first.elementType, bytes: bytes)
  }

  /// The split of the three masks; `nil` without any.
  private func split() throws -> Split? {
    let sets = SplitSets(nodeCount: count)
    var isGiven = false
    for (set, key) in Self.masks.enumerated() {
      guard let files = files[key] else { continue }
      isGiven = true
      let rows = try joined(files.data, key: key)
      guard rows.columns == 1, [.bool, .uint8].contains(rows.elementType) else {
        throw InputError("\(folder), \(key)", expected: "a bool or uint8 for each node", found: "\(rows.elementType)")
      }
      for node in 0..<count where rows.bytes[node] != 0 {
        if let other = sets.set(of: node) {
          throw InputError(
            "\(folder), \(key)", expected: "each node in one set only", found: "node \(node), which is in \(Self.masks[other]) as well")
        }
        sets.put(node, in: set)
      }
    }
    let split = sets.split(named: "default")
    return isGiven && !split.isEmpty ? split : nil
  }

  /// The values of a column of whole numbers; `nil` for other types.
  private static func integers(_ rows: DenseRows) -> Buffer<Int64>? {
    func each<Stored: FixedWidthInteger & BitwiseCopyable>(_ type: Stored.Type) -> Buffer<Int64> {
      let values = Buffer<Int64>(count: rows.rows)
      for row in 0..<rows.rows {
        let value = UnsafeRawPointer(rows.bytes.pointer + row * rows.strideBytes).loadUnaligned(as: Stored.self)
        values.pointer[row] = Int64(clamping: value)
      }
      return values
    }
    return switch rows.elementType {
    case .int16: each(Int16.self)
    case .int32: each(Int32.self)
    case .int64: each(Int64.self)
    case .uint8: each(UInt8.self)
    case .uint16: each(UInt16.self)
    case .uint32: each(UInt32.self)
    case .uint64: each(UInt64.self)
    default: nil
    }
  }
}
