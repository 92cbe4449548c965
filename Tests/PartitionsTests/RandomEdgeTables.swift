import Graphs
import Partitions
import Tensors

/// Graphs with several relations whose edges have tables of every kind.
struct RandomEdgeTables: RandomNumberGenerator {
  private let key: RandomKey
  private var draws: UInt64 = 0

  init(seed: UInt64) { key = RandomKey(seed: seed, purpose: .generator, layer: 0) }

  mutating func next() -> UInt64 {
    draws += 1
    let bits = key.bits(id: draws, step: 0)
    return UInt64(bits[0]) << 32 | UInt64(bits[1])
  }

  /// One to three node types and relations; a relation has up to three tables. Values are small halves, which every type holds.
  mutating func graph() -> RawGraph {
    let types = Int.random(in: 1...2, using: &self)
    let counts = (0..<types).map { _ in Int.random(in: 3...20, using: &self) }
    let relations = (0..<Int.random(in: 1...3, using: &self)).map {
      Relation(name: "r\($0)", source: Int.random(in: 0..<types, using: &self), destination: Int.random(in: 0..<types, using: &self))
    }
    let edges = relations.map { relation in
      let count = Int.random(in: 0...60, using: &self)
      func ends(_ nodes: Int) -> ArrayView<UInt32> {
        ArrayView((0..<count).map { _ in UInt32.random(in: 0..<UInt32(nodes), using: &self) })
      }
      var list = EdgeList(sources: ends(counts[relation.source]), destinations: ends(counts[relation.destination]))
      for index in 0..<Int.random(in: 0...3, using: &self) { list.tables["t\(index)"] = table(rows: count) }
      return list
    }
    return RawGraph(
      name: "random", schema: Schema(nodeTypes: (0..<types).map { "n\($0)" }, relations: relations),
      nodes: counts.map { NodeData(count: $0) }, edges: edges)
  }

  /// A part for every node, each of `partCount` used.
  mutating func parts(of graph: RawGraph, partCount: Int) -> [UInt16] {
    let nodes = graph.nodes.reduce(0) { $0 + $1.count }
    return ((0..<partCount) + (partCount..<nodes).map { _ in Int.random(in: 0..<partCount, using: &self) }).map { UInt16($0) }
      .shuffled(using: &self)
  }

  mutating func table(rows: Int) -> FeatureTable {
    let columns = Int.random(in: 1...40, using: &self)
    switch Int.random(in: 0..<6, using: &self) {
    case 0: return sparse(rows: rows, columns: columns)
    case 1: return dense(.float16, rows: rows, columns: columns) { Float16($0) }
    case 2: return dense(.bfloat16, rows: rows, columns: columns) { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
    case 3: return int8(rows: rows, columns: columns)
    default: return dense(.float32, rows: rows, columns: columns) { $0 }
    }
  }

  private mutating func dense<Stored: BitwiseCopyable>(
    _ type: ElementType, rows: Int, columns: Int, _ convert: (Float) -> Stored
  ) -> FeatureTable {
    let gap = Int.random(in: 0...2, using: &self)
    let stride = (columns + gap) * MemoryLayout<Stored>.stride
    let bytes = Buffer<UInt8>(count: rows * stride)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = convert(Float(Int.random(in: -40...40, using: &self)) / 2)
        UnsafeMutableRawPointer(bytes.pointer + row * stride)
          .storeBytes(of: value, toByteOffset: column * MemoryLayout<Stored>.stride, as: Stored.self)
      }
    }
    return .dense(DenseRows(rows: rows, columns: columns, strideBytes: stride, elementType: type, bytes: bytes.view))
  }

  private mutating func int8(rows: Int, columns: Int) -> FeatureTable {
    let bytes = (0..<rows * columns).map { _ in UInt8.random(in: 0...255, using: &self) }
    let scales = (0..<rows).map { _ in Float.random(in: 0...2, using: &self) }
    return .dense(
      DenseRows(
        rows: rows, columns: columns, strideBytes: columns, elementType: .int8, bytes: ArrayView(bytes), scales: ArrayView(scales)))
  }

  private mutating func sparse(rows: Int, columns: Int) -> FeatureTable {
    var indptr: [Int64] = [0]
    var indices: [UInt32] = []
    for _ in 0..<rows {
      indices += (0..<UInt32(columns)).filter { _ in Int.random(in: 0..<4, using: &self) == 0 }
      indptr.append(Int64(indices.count))
    }
    let values = indices.map { _ in Float(Int.random(in: 1...9, using: &self)) }
    return .sparse(
      SparseRows(
        rows: rows, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  /// What a row holds, for any layout: bytes of dense elements and the scale of int8, or entries.
  static func content(_ table: FeatureTable, _ row: Int) -> [UInt32] {
    switch table {
    case .dense(let rows):
      let width = rows.columns * rows.elementType.size
      let bytes = (0..<width).map { UInt32(rows.bytes[row * rows.strideBytes + $0]) }
      return rows.elementType == .int8 ? bytes + [rows.scale(of: row).bitPattern] : bytes
    case .sparse(let rows):
      return (Int(rows.indptr[row])..<Int(rows.indptr[row + 1])).flatMap { [rows.indices[$0], rows.values[$0].bitPattern] }
    }
  }
}
