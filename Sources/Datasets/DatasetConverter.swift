import Foundation
public import Graphs
import Tensors

/// Reads folders in OGB's raw layout.
///
/// ```
/// edge.csv.gz                       one edge per line, two node ids
/// node-feat.npz | .npy | .csv.gz    a row per node (scipy CSR or dense); optional
/// node-label.csv.gz                 a class per node, −1 where unknown; optional
/// num-node-list.csv.gz              the number of nodes; optional
/// split/<name>/{train,valid,test}.csv.gz    a node id per line; optional
/// ```
/// Text files may be plain, `.gz` or `.zst`; OGB's own folders keep all but `split` under `raw/`.
public struct DatasetConverter: Sendable {
  /// The default among the splits; the first by name where `nil`.
  public var split: String?
  public var transforms: EdgeTransforms

  public init(split: String? = nil, transforms: EdgeTransforms = EdgeTransforms()) {
    self.split = split
    self.transforms = transforms
  }

  /// Reads `path` into a graph with one node type and one relation; features are the table `feat`.
  ///
  /// The number of nodes is that of num-node-list, else of feature rows, else of labels, else the largest id of an edge decides;
  /// all of them must agree. What the transforms did comes as notices.
  ///
  /// - Throws: `InputError` with file and line where something is missing, damaged or does not fit.
  public func convert(folder path: String, context: IngestContext = IngestContext()) throws -> RawGraph {
    let folder = try RawFolder(path)
    let edgePath = try folder.require("edge")
    var nodeCount = try announcedCount(in: folder, "num-node-list", context: context)
    var data = NodeData(count: 0)
    if let file = try folder.find("node-feat", suffixes: NodeFeatureReader.suffixes) {
      let table = try NodeFeatureReader.read(file, context: context)
      if let nodeCount, nodeCount.count != table.rows {
        throw InputError(
          file, expected: "\(nodeCount.count) rows, one for each node of \(nodeCount.source)", found: "\(table.rows) rows")
      }
      nodeCount = nodeCount ?? (table.rows, file)
      data.tables["feat"] = table
    }
    var labels: Buffer<Int32>?
    if let file = try folder.find("node-label") {
      let read = try NodeLabelReader.read(file, nodeCount: nodeCount, context: context)
      nodeCount = nodeCount ?? (read.labels.count, file)
      labels = read.labels
      data.labels = read.labels.view
      data.classCount = read.classCount
    }
    var graph = try readEdges(edgePath, nodeCount: nodeCount, context: context)
    if let announced = try announcedCount(in: folder, "num-edge-list", context: context), announced.count != graph.edges[0].count {
      throw InputError(edgePath, expected: "\(announced.count) edges as in \(announced.source)", found: "\(graph.edges[0].count)")
    }
    data.count = graph.nodes[0].count
    let splits = SplitReader(folder: folder, nodeCount: data.count, labels: labels, context: context)
    data.splits = try splitNames(in: folder, context: context).map(splits.read)
    graph.nodes[0] = data
    graph.name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    transforms.applyNoticing(to: &graph, context: context)
    return graph
  }

  private func readEdges(_ path: String, nodeCount: (count: Int, source: String)?, context: IngestContext) throws -> RawGraph {
    if let nodeCount, nodeCount.count < 1 || nodeCount.count > Int(UInt32.max) {
      throw InputError(nodeCount.source, expected: "1 to \(UInt32.max) nodes", found: "\(nodeCount.count)")
    }
    return try RawEdgeListReader.read(path, nodeCount: nodeCount?.count, context: context)
  }

  /// The count that a file of one line announces.
  private func announcedCount(in folder: RawFolder, _ name: String, context: IngestContext) throws -> (count: Int, source: String)? {
    guard let file = try folder.find(name) else { return nil }
    let values = try IntegerLines.read(file, meaning: "a count", context: context)
    guard values.count == 1, values[0] >= 0 else {
      throw InputError(file, expected: "one count, for one graph", found: values.count == 1 ? "\(values[0])" : "\(values.count) lines")
    }
    return (Int(values[0]), file)
  }

  /// All splits, the default first, the others by name.
  private func splitNames(in folder: RawFolder, context: IngestContext) throws -> [String] {
    let names = folder.splits
    if let split {
      guard names.contains(split) else {
        throw InputError(
          "--split", expected: names.isEmpty ? "no split, for the folder has none" : "one of \(names.joined(separator: ", "))",
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
    if undirected { context.notice("added \(counts.added) missing reverse edges") }
  }
}
