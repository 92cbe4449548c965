public import Graphs
import Tensors

extension RawGraph {
  /// XXH3-128 over schema, edges, tables, labels and splits: equal for equal graphs, whatever files they came from.
  ///
  /// The graph's name and the padding of table rows do not count. O(bytes of the graph).
  public var fingerprint: String {
    var sum = RunningChecksum()
    for (type, node) in zip(schema.nodeTypes, nodes) {
      sum.add(type)
      sum.add(node.count)
      sum.add(node.classCount)
      if let labels = node.labels { sum.add(labels.elements) }
      sum.add(node.classNames.count)
      for name in node.classNames { sum.add(name) }
      sum.add(node.splits.count)
      for split in node.splits {
        sum.add(split.name)
        for set in [split.train, split.validation, split.test] { set.withUnsafeBufferPointer { sum.add($0) } }
      }
      for (name, table) in node.tables.sorted(by: { $0.key < $1.key }) {
        sum.add(name)
        sum.add(table)
      }
      if let names = node.names {
        sum.add(names.offsets.elements)
        sum.add(names.bytes.elements)
      }
    }
    for (relation, edges) in zip(schema.relations, edges) {
      sum.add(relation.name)
      sum.add(relation.source)
      sum.add(relation.destination)
      sum.add(edges.sources.elements)
      sum.add(edges.destinations.elements)
      if let weights = edges.weights { sum.add(weights.elements) }
      for (name, table) in edges.tables.sorted(by: { $0.key < $1.key }) {
        sum.add(name)
        sum.add(table)
      }
    }
    return sum.digest
  }
}

extension RunningChecksum {
  fileprivate mutating func add(_ value: Int) { withUnsafeBytes(of: Int64(value).littleEndian) { update($0) } }

  fileprivate mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    add(bytes.count)
    bytes.withUnsafeBytes { update($0) }
  }

  /// The count goes in first, so that two neighbouring arrays cannot be cut differently.
  fileprivate mutating func add<T: BitwiseCopyable>(_ elements: UnsafeBufferPointer<T>) {
    add(elements.count)
    update(UnsafeRawBufferPointer(elements))
  }

  fileprivate mutating func add(_ table: FeatureTable) {
    add(table.rows)
    add(table.columns)
    switch table {
    case .dense(let rows):
      add(rows.elementType.rawValue)
      let width = rows.columns * rows.elementType.size
      if width == rows.strideBytes {
        update(UnsafeRawBufferPointer(rows.bytes.elements))
      } else {
        for row in 0..<rows.rows { update(UnsafeRawBufferPointer(start: rows.bytes.pointer + row * rows.strideBytes, count: width)) }
      }
      guard rows.elementType == .int8 else { return }
      for row in 0..<rows.rows { withUnsafeBytes(of: rows.scale(of: row)) { update($0) } }
    case .sparse(let rows):
      add(rows.indptr.elements)
      add(rows.indices.elements)
      add(rows.values.elements)
    }
  }
}
