import Glibc
import KVStore
import Kernels
public import Partitions
public import Tensors

/// Rows of a table that were pulled for a list of nodes or of sampled edges, one for each, in their order.
public final class PulledRows {
  /// Whose rows they are.
  enum Subjects {
    /// The user's numbers.
    case nodes([Int64])
    case edges(PulledNeighbors)

    var count: Int {
      switch self {
      case .nodes(let numbers): numbers.count
      case .edges(let neighbors): neighbors.edges.count
      }
    }

    /// What stands before the columns of the table in text.
    var header: String {
      switch self {
      case .nodes: "node"
      case .edges: PulledNeighbors.header
      }
    }

    /// The same in the line of one of them.
    func text(_ index: Int) -> String {
      switch self {
      case .nodes(let numbers): "\(numbers[index])"
      case .edges(let neighbors): neighbors.text(neighbors.edges[index])
      }
    }
  }

  private let subjects: Subjects
  public let table: TableDescription
  private let rows: InputRows
  private let arena: RowArena

  init(_ subjects: Subjects, table: TableDescription, rows: InputRows, arena: RowArena) {
    self.subjects = subjects
    self.table = table
    self.rows = rows
    self.arena = arena
  }

  /// Type of the elements of a written array: bfloat16 and int8 are written as the float32 that they stand for.
  public var writtenType: ElementType {
    table.elementType == .bfloat16 || table.elementType == .int8 ? .float32 : table.elementType
  }

  /// Number of rows.
  public var count: Int { subjects.count }

  /// A header and lines, in pieces: of a dense table a line for each node, `node,feat_0,…`; of a sparse one a line for each entry,
  /// `node,column,value`. Rows of edges have `node,relation,neighbor` in the place of `node`.
  public func writeText(_ write: (String) throws -> Void) throws {
    let isDense = table.layout == .dense
    let name = CSVField.text(table.name)
    let columns = isDense ? (0..<table.columns).map { "\(name)_\($0)" } : ["column", "value"]
    var text = ([subjects.header] + columns).joined(separator: ",") + "\n"
    for index in 0..<count {
      let subject = subjects.text(index)
      if isDense {
        text += subject
        withDenseRow(index) { row in for column in 0..<table.columns { text += "," + element(column, of: row) } }
        text += "\n"
      } else {
        for entry in entries(index) { text += "\(subject),\(entry.column),\(entry.value)\n" }
      }
      if text.utf8.count > 1 << 20 {
        try write(text)
        text = ""
      }
    }
    try write(text)
  }

  /// Writes `path`, shape (rows, columns). A sparse table `x.npy` becomes `x.indptr.npy` (int64), `x.indices.npy` (uint32) and
  /// `x.data.npy` (float32), as in a partition directory.
  ///
  /// - Returns: The files written.
  /// - Throws: `SystemError` when the disk refuses; what was there is then as it was.
  public func writeArrays(to path: String) throws -> [String] {
    if table.layout == .dense {
      try PendingFiles.write([path]) { partial in
        let writer = try NPYWriter(creating: partial[0], elementType: writtenType, shape: [count, table.columns])
        for index in 0..<count { try withDenseRow(index) { try write($0, with: writer) } }
        try writer.close()
      }
      return [path]
    }
    let stem = path.hasSuffix(".npy") ? String(path.dropLast(4)) : path
    let paths = ["indptr", "indices", "data"].map { "\(stem).\($0).npy" }
    let all = (0..<count).map(entries)
    let offsets = all.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64($1.count)) }
    try PendingFiles.write(paths) { partial in
      try NPYWriter.write(offsets, to: partial[0], elementType: .int64, shape: [offsets.count])
      let total = Int(offsets[offsets.count - 1])
      try NPYWriter.write(all.flatMap { $0.map(\.column) }, to: partial[1], elementType: .uint32, shape: [total])
      try NPYWriter.write(all.flatMap { $0.map(\.value) }, to: partial[2], elementType: .float32, shape: [total])
    }
    return paths
  }

  /// Bytes of the `index`-th dense row as stored, without padding; with its scale for int8.
  package func bytes(of index: Int) -> [UInt8] {
    withDenseRow(index) { Array(UnsafeRawBufferPointer(start: $0, count: table.rowBytes)) }
  }

  /// Entries of the `index`-th sparse row.
  package func entries(_ index: Int) -> [(column: UInt32, value: Float)] {
    guard case .sparse(let segments) = rows.segments else { preconditionFailure("entries of a dense table") }
    return withExtendedLifetime(arena) {
      let (segment, row) = (segments[rows.references[index].segment], rows.references[index].row)
      return (Int(segment.indptr[row])..<Int(segment.indptr[row + 1])).map { (segment.indices[$0], segment.values[$0]) }
    }
  }

  private func withDenseRow<Result>(_ index: Int, _ body: (UnsafeRawPointer) throws -> Result) rethrows -> Result {
    guard case .dense(let segments) = rows.segments else { preconditionFailure("a dense row of a sparse table") }
    let reference = rows.references[index]
    let segment = segments[reference.segment]
    return try withExtendedLifetime(arena) { try body(segment.base + reference.row * segment.strideBytes) }
  }

  private func write(_ row: UnsafeRawPointer, with writer: NPYWriter) throws {
    guard writtenType != table.elementType else {
      return try writer.write(UnsafeRawBufferPointer(start: row, count: table.rowBytes))
    }
    try writer.write((0..<table.columns).map { float($0, of: row) })
  }

  /// An element of a row of bfloat16 or int8.
  private func float(_ column: Int, of row: UnsafeRawPointer) -> Float {
    if table.elementType == .bfloat16 {
      return Float(bitPattern: UInt32(row.loadUnaligned(fromByteOffset: 2 * column, as: UInt16.self)) << 16)
    }
    let scale = row.loadUnaligned(fromByteOffset: ElementType.scaleOffset(columns: table.columns), as: Float.self)
    return Float(row.loadUnaligned(fromByteOffset: column, as: Int8.self)) * scale
  }

  /// An element as text that reads back to the same value.
  private func element(_ column: Int, of row: UnsafeRawPointer) -> String {
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T { row.loadUnaligned(fromByteOffset: MemoryLayout<T>.stride * column, as: type) }
    return switch table.elementType {
    case .float32: "\(load(Float.self))"
    case .float64: "\(load(Double.self))"
    case .float16: "\(load(Float16.self))"
    case .bfloat16, .int8: "\(float(column, of: row))"
    case .int16: "\(load(Int16.self))"
    case .int32: "\(load(Int32.self))"
    case .int64: "\(load(Int64.self))"
    case .uint8, .bool: "\(load(UInt8.self))"
    case .uint16: "\(load(UInt16.self))"
    case .uint32: "\(load(UInt32.self))"
    case .uint64: "\(load(UInt64.self))"
    }
  }
}

/// A field of a CSV file.
enum CSVField {
  /// In quotes where CSV asks for them.
  static func text(_ name: String) -> String {
    let isPlain = !name.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return isPlain ? name : "\"\(name.replacing("\"", with: "\"\""))\""
  }
}
