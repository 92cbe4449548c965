import Glibc
import Graphs
import Tensors

/// Names and checks of one part's files.
package struct PartFiles {
  let directory: String
  let part: Int

  /// Name of a part's folder, `part-000`.
  package static func folder(_ part: Int) -> String {
    let digits = String(part)
    return "part-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// `part 1 of 4 is absent`, `parts 1, 3 of 4 are absent`.
  static func absence(of parts: [Int], partCount: Int) -> String {
    let one = parts.count == 1
    let numbers = parts.map(String.init).joined(separator: ", ")
    return "\(one ? "part" : "parts") \(numbers) of \(partCount) \(one ? "is" : "are") absent"
  }

  /// Whether the part has a folder.
  var isPresent: Bool { access("\(directory)/\(Self.folder(part))", F_OK) == 0 }

  /// Names of the nodes of a type, the same for all parts: `names/<type>`, without the ends `.npy` and `.indptr.npy` of the two files.
  package static func names(ofType type: String) -> String { "names/\(type)" }

  func path(_ name: String) -> String { "\(directory)/\(Self.folder(part))/\(name).npy" }

  /// Checks the size of every file of the part, and the content of the lists that tell one run from another.
  func checkRecords(of manifest: Manifest) throws {
    let folder = Self.folder(part) + "/"
    let telling = Set(["original", "halo", "halo_degrees"].map { "\(folder)\($0).npy" })
    for record in manifest.files where record.path.hasPrefix(folder) {
      try record.check(in: directory, content: telling.contains(record.path))
    }
  }

  func array<T: BitwiseCopyable>(_ name: String, of type: T.Type, _ shape: [Int?]) throws -> ArrayView<T> {
    try NPYArray(mapping: path(name)).elements(as: type, shape: shape)
  }

  func shard(of type: Int, manifest: Manifest) throws -> NodeShard {
    let counts = manifest.parts[part]
    let folder = "nodes/\(manifest.schema.nodeTypes[type])"
    var tables: [String: FeatureTable] = [:]
    for table in manifest.tables where table.nodeType == type {
      tables[table.name] = try self.table(table, folder: folder, rows: counts.innerNodes[type])
    }
    let labelled = manifest.classCounts[type] > 0
    return NodeShard(
      tables: tables,
      labels: labelled ? try array("\(folder)/labels", of: Int32.self, [counts.innerNodes[type]]) : nil,
      splits: try zip(manifest.splits, counts.splits).enumerated().map { index, split in
        let (name, counts) = split
        let sets = "\(folder)/\(Split.folder(name, index: index))"
        return SplitShard(
          train: try array("\(sets)train", of: UInt32.self, [counts.train[type], 2]),
          validation: try array("\(sets)validation", of: UInt32.self, [counts.validation[type]]),
          test: try array("\(sets)test", of: UInt32.self, [counts.test[type]]))
      })
  }

  /// Maps the files of a table's rows in `folder`.
  func table(_ table: TableDescription, folder: String, rows: Int) throws -> FeatureTable {
    let name = "\(folder)/\(table.name)"
    switch table.layout {
    case .dense:
      let array = try NPYArray(mapping: path(name))
      let stored: ElementType = table.elementType == .bfloat16 ? .uint16 : table.elementType
      let width = table.strideBytes / stored.size
      guard array.elementType == stored, array.shape == [rows, width] else {
        throw InputError(
          array.path, expected: "\(stored) of shape [\(rows), \(width)]", found: "\(array.elementType) of shape \(array.shape)")
      }
      if table.elementType == .int8 { _ = try self.array("\(name).scale", of: Float.self, [rows]) }
      return .dense(
        DenseRows(
          rows: rows, columns: table.columns, strideBytes: table.strideBytes, elementType: table.elementType, bytes: array.bytes))
    case .sparse:
      let indptr = try array("\(name).indptr", of: Int64.self, [rows + 1])
      let indices = try array("\(name).indices", of: UInt32.self, [nil])
      let values = try array("\(name).data", of: Float.self, [indices.count])
      return .sparse(SparseRows(rows: rows, columns: table.columns, indptr: indptr, indices: indices, values: values))
    }
  }
}
