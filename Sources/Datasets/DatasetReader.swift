public import Graphs
import Tensors

/// Opens dataset directories.
public struct DatasetReader {
  private let directory: String
  private let manifest: DatasetManifest
  private let checksums: Bool

  /// Opens the dataset at `path`; its arrays are mapped, not read into memory.
  ///
  /// Sizes, shapes, types, ids, labels and splits are always checked.
  ///
  /// - Parameter verifyingChecksums: Reads every file and compares its checksum first.
  /// - Throws: `InputError` naming the file where something does not hold, `SystemError` where one cannot be opened.
  public static func open(
    _ path: String, verifyingChecksums: Bool = false, context: IngestContext = IngestContext()
  ) throws -> RawGraph {
    let directory = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let reader = DatasetReader(directory: directory, manifest: try DatasetManifest(reading: directory), checksums: verifyingChecksums)
    let graph = try reader.read()
    try GraphCheck(graph: graph, threads: context.threads) { "\(directory)/\($0).npy" }.run()
    return graph
  }

  private func read() throws -> RawGraph {
    let edges = try manifest.relations.map { relation in
      let sources: ArrayView<UInt32> = try array("edges/\(relation.name)/sources", [nil])
      let destinations: ArrayView<UInt32> = try array("edges/\(relation.name)/destinations", [sources.count])
      let isWeighted = manifest.weightedRelations?.contains(relation.name) ?? false
      let weights: ArrayView<Float>? = isWeighted ? try array("edges/\(relation.name)/weights", [sources.count]) : nil
      var edges = EdgeList(sources: sources, destinations: destinations, weights: weights)
      for table in manifest.edgeTables?[relation.name] ?? [] {
        edges.tables[table.name] = try self.table(table, "edges/\(relation.name)/\(table.name)", rows: edges.count)
      }
      return edges
    }
    let nodes = try manifest.nodeTypes.map { type in
      let folder = "nodes/\(type.name)"
      var data = NodeData(count: type.count, classCount: type.classCount)
      for table in type.tables { data.tables[table.name] = try self.table(table, "\(folder)/\(table.name)", rows: type.count) }
      if type.hasLabels { data.labels = try array("\(folder)/labels", [type.count]) }
      data.classNames = type.classNames
      if type.hasNames == true { data.names = try names("\(folder)/names", count: type.count) }
      data.splits = try type.splits.enumerated().map { index, name in
        let sets = "\(folder)/\(Split.folder(name, index: index))"
        return Split(
          name: name, train: Array(try array("\(sets)train", [nil])), validation: Array(try array("\(sets)validation", [nil])),
          test: Array(try array("\(sets)test", [nil])))
      }
      return data
    }
    return RawGraph(name: manifest.name, schema: manifest.schema, nodes: nodes, edges: edges)
  }

  private func table(_ table: DatasetManifest.Table, _ name: String, rows: Int) throws -> FeatureTable {
    switch table.layout {
    case .dense:
      let file = try mapped(name)
      let stored = table.elementType == .bfloat16 ? ElementType.uint16 : table.elementType
      guard file.shape == [rows, table.columns], file.elementType == stored else {
        throw InputError(
          file.path, expected: "shape [\(rows), \(table.columns)] of \(stored)", found: "\(file.shape) of \(file.elementType)")
      }
      let scales: ArrayView<Float>? = table.elementType == .int8 ? try array("\(name).scale", [rows]) : nil
      return .dense(
        DenseRows(
          rows: rows, columns: table.columns, strideBytes: table.columns * stored.size, elementType: table.elementType,
          bytes: file.bytes, scales: scales))
    case .sparse:
      let indptr: ArrayView<Int64> = try array("\(name).indptr", [rows + 1])
      let indices: ArrayView<UInt32> = try array("\(name).indices", [nil])
      let values: ArrayView<Float> = try array("\(name).data", [indices.count])
      return .sparse(SparseRows(rows: rows, columns: table.columns, indptr: indptr, indices: indices, values: values))
    }
  }

  private func names(_ name: String, count: Int) throws -> NodeNames {
    try NodeNames(
      checking: array("\(name).indptr", [count + 1]), bytes: array(name, [nil]), place: "\(directory)/\(name).indptr.npy")
  }

  private func array<T: BitwiseCopyable>(_ name: String, _ shape: [Int?]) throws -> ArrayView<T> {
    try mapped(name).elements(as: T.self, shape: shape)
  }

  private func mapped(_ name: String) throws -> NPYArray {
    let path = "\(directory)/\(name).npy"
    guard let record = manifest.files.first(where: { $0.path == "\(name).npy" }) else {
      throw InputError("\(directory)/\(DatasetManifest.fileName)", expected: "a record of \(name).npy", found: "none")
    }
    let size = try MappedFile(path).bytes.count
    guard size == record.size else { throw InputError(path, expected: "\(record.size) bytes", found: "\(size)") }
    if checksums {
      let checksum = try Checksum.of(file: path)
      guard checksum == record.checksum else { throw InputError(path, expected: "checksum \(record.checksum)", found: checksum) }
    }
    return try NPYArray(mapping: path)
  }
}
