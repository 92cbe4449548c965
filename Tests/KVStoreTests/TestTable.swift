import Graphs
import KVStore
import Messaging
import Partitions
import Tensors

/// A table over the nodes of one type of a small made-up graph, whole and by part; the whole is the oracle.
struct TestTable {
  let book: PartitionBook
  let description: TableDescription
  /// By part.
  let shards: [Int: FeatureTable]
  /// What the row of each global id must be, as bytes of its elements and its scale (dense) or as entries (sparse); `nil` for nodes of
  /// another type.
  let rows: [Row?]

  struct Row: Equatable {
    var bytes: [UInt8] = []
    var columns: [UInt32] = []
    var values: [UInt32] = []  // Bit patterns: rows must be equal bit for bit.
  }

  /// - Parameters:
  ///   - sizes: Nodes of each type in each part.
  ///   - strideBytes: Of dense rows; sparse when absent.
  init(sizes: [[Int]], nodeType: Int = 0, columns: Int, elementType: ElementType = .float32, strideBytes: Int?, seed: UInt64) {
    let key = RandomKey(seed: seed, purpose: .generator)
    var bounds: [Int64] = [0]
    for size in sizes.flatMap({ $0 }) { bounds.append(bounds.last! + Int64(size)) }
    book = PartitionBook(partCount: sizes.count, typeCount: sizes[0].count, bounds: bounds)
    description = TableDescription(
      name: "x", nodeType: nodeType, layout: strideBytes == nil ? .sparse : .dense, columns: columns,
      elementType: strideBytes == nil ? .float32 : elementType, strideBytes: strideBytes ?? 0)
    var rows = [Row?](repeating: nil, count: Int(bounds.last!))
    var shards: [Int: FeatureTable] = [:]
    for part in sizes.indices {
      let range = book.innerRange(of: part, type: nodeType)
      for id in range { rows[Int(id)] = Self.row(UInt64(id), columns, strideBytes == nil ? nil : elementType, key) }
      let own = range.map { rows[Int($0)]! }
      shards[part] = strideBytes.map { Self.dense(own, columns, elementType, $0) } ?? Self.sparse(own, columns)
    }
    self.rows = rows
    self.shards = shards
  }

  private static func row(_ id: UInt64, _ columns: Int, _ elementType: ElementType?, _ key: RandomKey) -> Row {
    if let elementType {
      let elements = (0..<columns * elementType.size).map { UInt8(truncatingIfNeeded: key.bits(id: id, step: UInt32($0))[0]) }
      guard elementType == .int8 else { return Row(bytes: elements) }
      let scale = unitFloat(key.bits(id: id, step: 0)[1])
      return Row(bytes: elements + [UInt8](repeating: 0, count: (4 - columns % 4) % 4) + withUnsafeBytes(of: scale) { Array($0) })
    }
    let picked = (0..<columns).filter { key.bits(id: id, step: UInt32($0))[1] % 4 == 0 && id % 5 != 0 }
    return Row(columns: picked.map(UInt32.init), values: picked.map { key.bits(id: id, step: UInt32($0))[2] })
  }

  private static func dense(_ rows: [Row], _ columns: Int, _ type: ElementType, _ stride: Int) -> FeatureTable {
    let bytes = rows.flatMap { $0.bytes + [UInt8](repeating: 0, count: stride - $0.bytes.count) }
    return .dense(DenseRows(rows: rows.count, columns: columns, strideBytes: stride, elementType: type, bytes: ArrayView(bytes)))
  }

  private static func sparse(_ rows: [Row], _ columns: Int) -> FeatureTable {
    var indptr: [Int64] = [0]
    for row in rows { indptr.append(indptr.last! + Int64(row.columns.count)) }
    return .sparse(
      SparseRows(
        rows: rows.count, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(rows.flatMap(\.columns)),
        values: ArrayView(rows.flatMap { $0.values.map(Float.init(bitPattern:)) })))
  }

  /// Global ids of the nodes that have a row.
  var ids: [Int64] { rows.indices.filter { rows[$0] != nil }.map(Int64.init) }

  /// The table in these parts only.
  func shards(in parts: some Sequence<Int>, number: Int = 0) -> TableShards {
    let parts = Set(parts)
    return TableShards(number: number, description: description, shards: shards.filter { parts.contains($0.key) })
  }

  /// A server of these parts on the loopback interface.
  func server(of parts: Range<Int>, number: Int = 0, maximumReplyBytes: Int = 1 << 24) throws -> Server {
    let tables = [shards(in: parts, number: number)]
    let handlers = rowHandlers(book: book, tables: ServedTables(tables, serving: parts), maximumReplyBytes: maximumReplyBytes)
    return try Server(token: 8, handlers: handlers, host: "127.0.0.1")
  }

  /// A list of ids that have rows, with repetitions.
  func sample(_ count: Int, seed: UInt64) -> [GlobalID] {
    let key = RandomKey(seed: seed, purpose: .sample)
    let ids = ids
    return (0..<count).map { GlobalID(ids[Int(key.bits(id: UInt64($0), step: 0)[0]) % ids.count]) }
  }
}

extension Reply {
  /// A copy of the payload, which ends with the reply.
  var bytes: [UInt8] { withExtendedLifetime(self) { Array(payload) } }
}
