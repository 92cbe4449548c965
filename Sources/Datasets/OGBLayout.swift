import Graphs
import Tensors

/// The raw layout of the Open Graph Benchmark.
///
/// ```
/// edge.csv.gz                       one edge per line, two node ids
/// node-feat.npz | .npy | .csv.gz    a row per node (scipy CSR or dense); optional
/// edge-feat.csv.gz | .npy | .npz    a row per edge, likewise; optional
/// node-label.csv.gz | .npy | .npz   a class per node, −1 where unknown, or other targets; optional
/// num-node-list.csv.gz              the number of nodes; optional
/// split/<name>/{train,valid,test}.csv.gz    a node id per line; optional
/// ```
/// Text files may be plain, `.gz` or `.zst`; OGB's own folders keep all but `split` under `raw/`. The number of nodes is that of
/// num-node-list, else of feature rows, else of labels, else the largest id of an edge decides; all of them must agree.
struct OGBLayout: DatasetLayout {
  private let folder: RawFolder

  /// - Returns: `nil` for a folder with none of the files.
  init?(_ folder: RawFolder) throws {
    let files = try [
      folder.find("edge"), folder.find("node-feat", suffixes: NodeFeatureReader.suffixes),
      folder.find("node-label", suffixes: NodeLabelReader.suffixes), folder.find("num-node-list"),
    ]
    guard files.contains(where: { $0 != nil }) else { return nil }
    self.folder = folder
  }

  func splitNames() -> [String] { folder.splits }

  func read(splits: [String], context: IngestContext) throws -> RawGraph {
    let edgePath = try folder.require("edge")
    var nodeCount = try announcedCount("num-node-list", context: context)
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
    if let file = try folder.find("node-label", suffixes: NodeLabelReader.suffixes) {
      let targets = try NodeLabelReader.read(file, context: context)
      if let nodeCount, nodeCount.count != targets.nodeCount {
        throw InputError(
          file, expected: "labels of \(nodeCount.count) nodes, those of \(nodeCount.source)", found: "\(targets.nodeCount)")
      }
      nodeCount = nodeCount ?? (targets.nodeCount, file)
      labels = targets.labels
      targets.store(in: &data)
    }
    var graph = try readEdges(edgePath, nodeCount: nodeCount, context: context)
    if let announced = try announcedCount("num-edge-list", context: context), announced.count != graph.edges[0].count {
      throw InputError(edgePath, expected: "\(announced.count) edges as in \(announced.source)", found: "\(graph.edges[0].count)")
    }
    if let file = try folder.find("edge-feat", suffixes: NodeFeatureReader.suffixes) {
      graph.edges[0].tables["feat"] = try edgeFeatures(file, count: graph.edges[0].count, context: context)
    }
    data.count = graph.nodes[0].count
    let reader = SplitReader(folder: folder, nodeCount: data.count, labels: labels, context: context)
    data.splits = try splits.map(reader.read)
    graph.nodes[0] = data
    return graph
  }

  private func readEdges(_ path: String, nodeCount: (count: Int, source: String)?, context: IngestContext) throws -> RawGraph {
    if let nodeCount, nodeCount.count < 1 || nodeCount.count > Int(UInt32.max) {
      throw InputError(nodeCount.source, expected: "1 to \(UInt32.max) nodes", found: "\(nodeCount.count)")
    }
    return try RawEdgeListReader.read(path, nodeCount: nodeCount?.count, context: context)
  }

  private func edgeFeatures(_ path: String, count: Int, context: IngestContext) throws -> FeatureTable {
    let table = try NodeFeatureReader.read(path, of: "edge", context: context)
    guard table.rows == count else { throw InputError(path, expected: "\(count) rows, one for each edge", found: "\(table.rows) rows") }
    return table
  }

  /// The count that a file of one line announces.
  private func announcedCount(_ name: String, context: IngestContext) throws -> (count: Int, source: String)? {
    guard let file = try folder.find(name) else { return nil }
    let values = try IntegerLines.read(file, meaning: "a count", context: context)
    guard values.count == 1, values[0] >= 0 else {
      throw InputError(file, expected: "one count, for one graph", found: values.count == 1 ? "\(values[0])" : "\(values.count) lines")
    }
    return (Int(values[0]), file)
  }
}
