import Graphs
import Tensors

/// The layout of the MUSAE sets (Rozemberczki, Allen, Sarkar, J. Complex Networks 2021) and their kin.
///
/// ```
/// NAME_edges.csv       a header, then two node ids per line
/// NAME_features.json   {"<node id>": [feature, …], …}
/// NAME_target.csv      a header, then a row per node: one column of ids, one of targets
/// split/<name>/{train,valid,test}.csv    a node id per line; optional
/// ```
/// All may be plain, `.gz` or `.zst`, and one of features and targets may be missing: the other says how many nodes there are.
struct MUSAELayout: DatasetLayout {
  private let folder: RawFolder
  private let edges: String
  private let features: String?
  private let target: String?
  private let targetReader: TargetTableReader

  /// - Returns: `nil` for a folder without such files.
  init?(_ folder: RawFolder, targets: TargetTableReader) throws {
    guard let edges = try folder.find(ending: "_edges", suffixes: RawFolder.textSuffixes) else { return nil }
    self.folder = folder
    self.edges = edges
    features = try folder.find(ending: "_features", suffixes: [".json", ".json.gz", ".json.zst"])
    target = try folder.find(ending: "_target", suffixes: RawFolder.textSuffixes)
    targetReader = targets
    if features == nil && target == nil { return nil }
  }

  func splitNames() -> [String] { folder.splits }

  func read(splits: [String], context: IngestContext) throws -> RawGraph {
    var data = NodeData(count: 0)
    var nodeCount: Int?
    if let features {
      let rows = try FeatureListsReader.read(features)
      nodeCount = rows.rows
      data.tables["feat"] = .sparse(rows)
    }
    var labels: Buffer<Int32>?
    if let target {
      let targets = try targetReader.read(target, nodeCount: nodeCount, context: context)
      nodeCount = targets.nodeCount
      labels = targets.labels
      targets.store(in: &data)
    }
    var graph = try RawEdgeListReader.read(edges, nodeCount: nodeCount, context: context)
    data.count = graph.nodes[0].count
    let reader = SplitReader(folder: folder, nodeCount: data.count, labels: labels, context: context)
    data.splits = try splits.map(reader.read)
    graph.nodes[0] = data
    return graph
  }
}
