import Foundation
import Glibc
public import Graphs
import Tensors

/// Writes graphs as dataset directories, the format that partitioning and training start from.
public enum DatasetWriter {
  /// Writes `graph` to the directory `path`: under another name first, which becomes `path` when everything is written.
  ///
  /// - Parameter force: Replaces a dataset that is there. Anything else that is there stays, and is an error.
  /// - Throws: `InputError` when `path` exists or the graph breaks an invariant or holds values that are not finite,
  ///   `SystemError` when the disk refuses. Nothing is left behind then.
  public static func write(_ graph: RawGraph, to path: String, force: Bool = false, context: IngestContext = IngestContext()) throws {
    let target = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    try checkTarget(target, force: force)
    var manifest = DatasetManifest(graph)
    try manifest.check(place: "graph '\(graph.name)'")
    try GraphCheck(graph: graph, threads: context.threads) { "graph '\(graph.name)', \($0)" }.run()
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      for (name, table) in edges.tables {
        try FiniteValues.check(table, place: "edge table '\(name)' of '\(relation.name)'", threads: context.threads)
      }
    }
    for (type, nodes) in zip(graph.schema.nodeTypes, graph.nodes) {
      for (name, table) in nodes.tables {
        try FiniteValues.check(
          table, place: "table '\(name)' of '\(type)'", threads: context.threads, allowingNaN: name == NodeData.targetTable)
      }
    }
    let partial = "\(target).partial-\(getpid())"
    try? FileManager.default.removeItem(atPath: partial)
    do {
      let writer = DirectoryWriter(root: partial)
      try writer.write(graph)
      manifest.files = try writer.files()
      try writer.write(try manifest.encoded, to: DatasetManifest.fileName)
      try replace(target, by: partial)
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  /// Checks that a dataset may be written to `path`, before any long work is done.
  ///
  /// - Throws: `InputError` when something is there and `force` is not set, or it is not a dataset.
  public static func checkTarget(_ path: String, force: Bool) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard force else { throw InputError(path, expected: "a path that does not exist yet (or --force)", found: "something there") }
    let isDataset = FileManager.default.fileExists(atPath: "\(path)/\(DatasetManifest.fileName)")
    guard isDataset || (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == true else {
      throw InputError(path, expected: "a dataset to replace", found: "something without \(DatasetManifest.fileName)")
    }
  }

  /// Gives `partial` the name `path`; what had it is removed.
  private static func replace(_ path: String, by partial: String) throws {
    let old = "\(partial)-replaced"
    let hadOne = rename(path, old) == 0
    guard rename(partial, path) == 0 else {
      let code = errno
      if hadOne { rename(old, path) }
      throw SystemError("rename \(partial) to \(path)", code: code)
    }
    if hadOne { try? FileManager.default.removeItem(atPath: old) }
  }
}

/// The files of a dataset under construction.
private final class DirectoryWriter {
  private let root: String
  private var paths: [String] = []

  init(root: String) { self.root = root }

  func write(_ graph: RawGraph) throws {
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      try write(edges.sources, "edges/\(relation.name)/sources", .uint32)
      try write(edges.destinations, "edges/\(relation.name)/destinations", .uint32)
      if let weights = edges.weights { try write(weights, "edges/\(relation.name)/weights", .float32) }
      for (name, table) in edges.tables.sorted(by: { $0.key < $1.key }) { try write(table, "edges/\(relation.name)/\(name)") }
    }
    for (type, nodes) in zip(graph.schema.nodeTypes, graph.nodes) {
      for (name, table) in nodes.tables.sorted(by: { $0.key < $1.key }) { try write(table, "nodes/\(type)/\(name)") }
      if let names = nodes.names {
        try write(names.bytes, "nodes/\(type)/names", .uint8)
        try write(names.offsets, "nodes/\(type)/names.indptr", .int64)
      }
      if let labels = nodes.labels { try write(labels, "nodes/\(type)/labels", .int32) }
      for (index, split) in nodes.splits.enumerated() {
        let sets = "nodes/\(type)/\(Split.folder(split.name, index: index))"
        try write(split.train, "\(sets)train", .uint32)
        try write(split.validation, "\(sets)validation", .uint32)
        try write(split.test, "\(sets)test", .uint32)
      }
    }
  }

  private func write(_ table: FeatureTable, _ name: String) throws {
    switch table {
    case .dense(let rows): try write(rows, name)
    case .sparse(let rows):
      try write(rows.indptr, "\(name).indptr", .int64)
      try write(rows.indices, "\(name).indices", .uint32)
      try write(rows.values, "\(name).data", .float32)
    }
  }

  private func write(_ rows: DenseRows, _ name: String) throws {
    let writer = try NPYWriter(creating: try newFile("\(name).npy"), elementType: rows.elementType, shape: [rows.rows, rows.columns])
    let bytes = UnsafeRawBufferPointer(rows.bytes.elements)
    let width = rows.columns * rows.elementType.size
    if width == rows.strideBytes {
      try writer.write(bytes)
    } else {
      for row in 0..<rows.rows {
        try writer.write(UnsafeRawBufferPointer(rebasing: bytes[row * rows.strideBytes..<row * rows.strideBytes + width]))
      }
    }
    try writer.close()
    guard rows.elementType == .int8 else { return }
    try write((0..<rows.rows).map { rows.scale(of: $0) }, "\(name).scale", .float32)
  }

  private func write<T: BitwiseCopyable>(_ elements: some Collection<T>, _ name: String, _ type: ElementType) throws {
    let writer = try NPYWriter(creating: try newFile("\(name).npy"), elementType: type, shape: [elements.count])
    if let view = elements as? ArrayView<T> {
      try writer.write(UnsafeRawBufferPointer(view.elements))
    } else {
      try writer.write(elements)
    }
    try writer.close()
  }

  func write(_ data: Data, to name: String) throws {
    let path = try newFile(name)
    guard let file = fopen(path, "wbx") else { throw SystemError("create \(path)", code: errno) }
    let written = data.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    let code = errno
    guard fclose(file) == 0, written == data.count else { throw SystemError("write \(path)", code: code) }
  }

  /// Name, size and checksum of all files so far.
  func files() throws -> [DatasetManifest.File] {
    try paths.sorted().map { path in
      var status = stat()
      guard stat("\(root)/\(path)", &status) == 0 else { throw SystemError("stat \(root)/\(path)", code: errno) }
      return DatasetManifest.File(path: path, size: Int(status.st_size), checksum: try Checksum.of(file: "\(root)/\(path)"))
    }
  }

  /// Makes the folders above `name`; returns its whole path.
  private func newFile(_ name: String) throws -> String {
    paths.append(name)
    let path = "\(root)/\(name)"
    let folder = path[..<path.lastIndex(of: "/")!]
    var end = folder.startIndex
    while end < folder.endIndex {
      end = folder[folder.index(after: end)...].firstIndex(of: "/") ?? folder.endIndex
      let part = String(folder[..<end])
      guard mkdir(part, 0o755) == 0 || errno == EEXIST else { throw SystemError("create \(part)", code: errno) }
    }
    return path
  }
}
