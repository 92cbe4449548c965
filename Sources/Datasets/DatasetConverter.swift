import Foundation
public import Graphs
import Tensors

/// Reads datasets from the files in which they are published; see `OGBLayout`, `MUSAELayout` and `ArchiveLayout`.
public struct DatasetConverter: Sendable {
  /// The default among the splits; the first by name where `nil`.
  public var split: String?
  /// Column of node ids in a table of targets; `id`, else the first, where `nil`.
  public var idColumn: String?
  /// Column of targets in such a table; the last where `nil`.
  public var labelColumn: String?
  /// How a list of edges is to be understood that is no published dataset.
  public var format: EdgeListFormat
  /// Number of nodes of such a list, where ids have gaps.
  public var nodeCount: Int?
  public var transforms: EdgeTransforms

  public init(
    split: String? = nil, idColumn: String? = nil, labelColumn: String? = nil, format: EdgeListFormat = EdgeListFormat(),
    nodeCount: Int? = nil, transforms: EdgeTransforms = EdgeTransforms()
  ) {
    self.split = split
    self.idColumn = idColumn
    self.labelColumn = labelColumn
    self.format = format
    self.nodeCount = nodeCount
    self.transforms = transforms
  }

  /// Reads the folder or `.npz` archive at `path` into a graph with one node type and one relation; features are the table `feat`,
  /// targets that are no classes the table `NodeData.targetTable`, and all splits are kept. What is no published dataset is read as
  /// `GraphReader` reads it: edges alone.
  ///
  /// What the transforms did comes as notices.
  ///
  /// - Throws: `InputError` with file and line where something is missing, damaged or does not fit.
  public func convert(folder path: String, context: IngestContext = IngestContext()) throws -> RawGraph {
    guard let layout = try layout(of: path) else {
      for (option, value) in [("--split", split), ("--id-column", idColumn), ("--label-column", labelColumn)] {
        if let value { throw InputError(option, expected: "a published dataset, which \(path) is not", found: "'\(value)'") }
      }
      return try GraphReader.read(path, nodeCount: nodeCount, format: format, transforms: transforms, context: context)
    }
    if nodeCount != nil || format != EdgeListFormat() {
      throw InputError(path, expected: "edges alone for --nodes, --ids, --header and column options", found: "a published dataset")
    }
    var graph = try layout.read(splits: try ordered(layout.splitNames(), context: context), context: context)
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    graph.name = name.hasSuffix(".npz") ? String(name.dropLast(4)) : name
    transforms.applyNoticing(to: &graph, context: context)
    return graph
  }

  /// The layout of a published dataset; `nil` for edges alone.
  private func layout(of path: String) throws -> (any DatasetLayout)? {
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    if exists, !isDirectory.boolValue { return path.hasSuffix(".npz") ? try ArchiveLayout(path) : nil }
    if !exists && EdgeArrayFiles.isPair(path) { return nil }
    let folder = try RawFolder(path)
    if let layout = try OGBLayout(folder) { return layout }
    let targets = TargetTableReader(idColumn: idColumn, labelColumn: labelColumn)
    if let layout = try MUSAELayout(folder, targets: targets) { return layout }
    if let archive = try folder.find(ending: "", suffixes: [".npz"]) { return try ArchiveLayout(archive) }
    // A dataset of ours, or a folder of edge lists.
    if (try? GraphFile(path)) != nil { return nil }
    throw InputError(
      path, expected: "edge.csv.gz, or NAME_edges.csv with NAME_features.json or NAME_target.csv, or one .npz archive",
      found: folder.listing)
  }

  /// The splits, the default first, the others by name.
  private func ordered(_ names: [String], context: IngestContext) throws -> [String] {
    if let split {
      guard names.contains(split) else {
        throw InputError(
          "--split", expected: names.isEmpty ? "no split, for the dataset has none" : "one of \(names.joined(separator: ", "))",
          found: "'\(split)'")
      }
      return [split] + names.filter { $0 != split }
    }
    if names.count > 1 {
      context.notice("splits \(names.joined(separator: ", ")): the first is the default; --split NAME names another")
    }
    return names
  }
}

extension EdgeTransforms {
  /// Transforms the graph and says what it did.
  func applyNoticing(to graph: inout RawGraph, context: IngestContext) {
    let counts = apply(to: &graph, threads: context.threads)
    if dedup { context.notice("removed \(counts.removed) repeated edges") }
    if selfLoops == .drop { context.notice("removed \(counts.removedLoops) self-loops") }
    if undirected { context.notice("added \(counts.added) missing reverse edges") }
    if selfLoops == .add { context.notice("added \(counts.addedLoops) self-loops") }
  }
}
