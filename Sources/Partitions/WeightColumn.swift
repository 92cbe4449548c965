package import Graphs
package import Tensors

/// What every node counts under the constraint `weight:NAME`: the values of the dense table NAME, which has one column.
///
/// Whole numbers below 2³² count as they are. Others are scaled so that the largest counts 2³⁰, and rounded: no value is off by more than
/// 2⁻³¹ of the largest. Nodes of types without the table count nothing.
package struct WeightColumn: Sendable {
  /// By flat number (`NodeNumbering`).
  package let loads: Buffer<UInt32>

  /// What the largest value of a scaled column counts; the sum over 2³² nodes then fits 63 bits.
  package static let scaledMaximum: UInt32 = 1 << 30

  /// Reads the table `name` of every node type that has one.
  ///
  /// - Throws: `InputError` when no type has one, one is sparse or of other than one column, or a value is negative or not finite.
  /// - Complexity: O(nodes); 8 bytes a node while it reads.
  package init(_ name: String, of graph: RawGraph) throws {
    let tables = graph.nodes.map { $0.tables[name] }
    guard tables.contains(where: { $0 != nil }) else {
      let names = Self.candidates(in: graph)
      throw InputError(
        "balance", expected: names.isEmpty ? "a constraint of a graph without tables of one column" : names.joined(separator: ", "),
        found: "'weight:\(name)'")
    }
    let numbering = NodeNumbering(graph)
    let values = Buffer<Double>(count: numbering.count)
    for (type, table) in tables.enumerated() {
      guard let table else { continue }
      let place = "table '\(name)' of \(graph.schema.nodeTypes[type])"
      guard case .dense(let rows) = table, rows.columns == 1 else {
        let found = if case .dense(let rows) = table { "\(rows.columns) columns" } else { "a sparse one" }
        throw InputError(place, expected: "a dense table of one column to balance", found: found)
      }
      let first = numbering.offsets[type]
      rows.readColumn(into: values.pointer + first)
      for row in 0..<rows.rows where !(values.pointer[first + row] >= 0 && values.pointer[first + row].isFinite) {
        throw InputError(
          "\(place), row \(row)", expected: "a finite number of 0 or more to balance", found: "\(values.pointer[first + row])")
      }
    }
    loads = Buffer(count: numbering.count)
    Self.round(values, to: loads)
  }

  /// The constraints that the tables of `graph` allow, `weight:NAME`, sorted.
  package static func candidates(in graph: RawGraph) -> [String] {
    let names = graph.nodes.flatMap { data in
      data.tables.compactMap { name, table -> String? in
        guard case .dense(let rows) = table, rows.columns == 1 else { return nil }
        return name
      }
    }
    return Set(names).sorted().map { "weight:\($0)" }
  }

  private static func round(_ values: Buffer<Double>, to loads: Buffer<UInt32>) {
    var largest = 0.0
    var whole = true
    for node in 0..<values.count {
      let value = values.pointer[node]
      largest = max(largest, value)
      whole = whole && value == value.rounded(.down)
    }
    guard largest > 0 else { return }
    if whole && largest <= Double(UInt32.max) {
      for node in 0..<values.count { loads.pointer[node] = UInt32(values.pointer[node]) }
    } else {
      for node in 0..<values.count {
        loads.pointer[node] = UInt32((values.pointer[node] / largest * Double(scaledMaximum)).rounded())
      }
    }
  }
}

extension DenseRows {
  /// Writes the first column to `output`, every value as float64.
  fileprivate func readColumn(into output: UnsafeMutablePointer<Double>) {
    func each<Stored: BitwiseCopyable>(_ convert: (Stored) -> Double) {
      for row in 0..<rows {
        output[row] = convert(UnsafeRawPointer(bytes.pointer + row &* strideBytes).loadUnaligned(as: Stored.self))
      }
    }
    switch elementType {
    case .float32: each { (value: Float) in Double(value) }
    case .float64: each { (value: Double) in value }
    case .float16: each { (value: Float16) in Double(value) }
    case .bfloat16: each { (value: UInt16) in Double(Float(bitPattern: UInt32(value) << 16)) }
    case .int16: each { (value: Int16) in Double(value) }
    case .int32: each { (value: Int32) in Double(value) }
    case .int64: each { (value: Int64) in Double(value) }
    case .uint8, .bool: each { (value: UInt8) in Double(value) }
    case .uint16: each { (value: UInt16) in Double(value) }
    case .uint32: each { (value: UInt32) in Double(value) }
    case .uint64: each { (value: UInt64) in Double(value) }
    case .int8:
      for row in 0..<rows {
        let element = UnsafeRawPointer(bytes.pointer + row &* strideBytes).load(as: Int8.self)
        output[row] = Double(Float(element) * scale(of: row))
      }
    }
  }
}
