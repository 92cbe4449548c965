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
      let rows = try joined(files, key: key)
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

  private func joined(_ files: ChunkedGraphMetadata.Files, key: String) throws -> DenseRows {
    try ChunkedRows(folder: folder, files: files, count: count, owner: "node", place: "\(folder), \(key)").joined()
  }

  /// The split of the three masks; `nil` without any.
  private func split() throws -> Split? {
    let sets = SplitSets(nodeCount: count)
    var isGiven = false
    for (set, key) in Self.masks.enumerated() {
      guard let files = files[key] else { continue }
      isGiven = true
      let rows = try joined(files, key: key)
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
