import Graphs
import Tensors

/// One `.npz` archive, as the heterophilous graphs are published (Platonov et al., ICLR 2023).
///
/// ```
/// edges            whole numbers (edges, 2): source, destination
/// node_features    (nodes, features); optional
/// edge_features    (edges, features); optional
/// node_labels      (nodes): a class each; or targets: numbers that are not whole, or (nodes, columns); optional
/// train_masks, val_masks, test_masks    truth values (splits, nodes) or (nodes); optional, but all three or none
/// ```
/// The splits are called `fixed-0`, `fixed-1`, …
struct ArchiveLayout: DatasetLayout {
  private let archive: NPZArchive
  private static let maskNames = ["train_masks", "val_masks", "test_masks"]

  /// Opens the archive at `path`.
  ///
  /// - Throws: `SystemError` or `InputError` when it cannot be opened.
  init(_ path: String) throws { archive = try NPZArchive(mapping: path) }

  func splitNames() throws -> [String] { splitNames(try masks()) }

  private func splitNames(_ masks: [NPYArray]) -> [String] {
    guard let first = masks.first else { return [] }
    let count = first.shape.count == 1 ? 1 : first.shape[0]
    let digits = String(max(0, count - 1)).count
    return (0..<count).map { "fixed-" + String(repeating: "0", count: digits - String($0).count) + String($0) }
  }

  func read(splits: [String], context: IngestContext) throws -> RawGraph {
    var data = NodeData(count: 0)
    var nodeCount: (count: Int, source: String)?
    func agree(_ count: Int, _ array: NPYArray) throws {
      if let nodeCount, nodeCount.count != count {
        throw InputError(array.path, expected: "\(nodeCount.count) nodes as in \(nodeCount.source)", found: "\(count)")
      }
      nodeCount = nodeCount ?? (count, array.path)
    }
    if archive.names.contains("node_features") {
      let array = try archive.array("node_features")
      let table = try NodeFeatureReader.table(array, context: context)
      try agree(table.rows, array)
      data.tables["feat"] = table
    }
    var labels: Buffer<Int32>?
    if archive.names.contains("node_labels") {
      let array = try archive.array("node_labels")
      let targets = try NodeLabels(array)
      try agree(targets.nodeCount, array)
      labels = targets.labels
      targets.store(in: &data)
    }
    let masks = try masks()
    for mask in masks { try agree(mask.shape[mask.shape.count - 1], mask) }
    guard let nodeCount, nodeCount.count >= 1, nodeCount.count < Int(UInt32.max) else {
      throw InputError(archive.path, expected: "1 node or more, by node_features, node_labels or masks", found: "\(nodeCount?.count ?? 0)")
    }
    data.count = nodeCount.count
    let names = splitNames(masks)
    data.splits = try splits.map { name in try split(names.firstIndex(of: name)!, name: name, masks, labels, nodeCount: nodeCount.count) }
    var edges = try edges(nodeCount: nodeCount.count)
    if archive.names.contains("edge_features") {
      let array = try archive.array("edge_features")
      let table = try NodeFeatureReader.table(array, of: "edge", context: context)
      guard table.rows == edges.count else {
        throw InputError(array.path, expected: "\(edges.count) rows, one for each edge", found: "\(table.rows)")
      }
      edges.tables["feat"] = table
    }
    return RawGraph(name: RawEdgeListReader.stem(of: archive.path), schema: .plain, nodes: [data], edges: [edges])
  }

  /// The three mask arrays, of one shape; none where the archive has none.
  private func masks() throws -> [NPYArray] {
    guard archive.names.contains(where: Self.maskNames.contains) else { return [] }
    let masks = try Self.maskNames.map(archive.array)
    for mask in masks {
      guard mask.elementType == .bool || mask.elementType == .uint8, (1...2).contains(mask.shape.count) else {
        throw InputError(
          mask.path, expected: "truth values of shape (splits, nodes)", found: "\(mask.elementType) of shape \(mask.shape)")
      }
      guard mask.shape == masks[0].shape else {
        throw InputError(mask.path, expected: "shape \(masks[0].shape) as \(Self.maskNames[0])", found: "\(mask.shape)")
      }
    }
    return masks
  }

  private func split(_ index: Int, name: String, _ masks: [NPYArray], _ labels: Buffer<Int32>?, nodeCount: Int) throws -> Split {
    let sets = SplitSets(nodeCount: nodeCount)
    for (set, mask) in masks.enumerated() {
      let row = mask.bytes.slice(index * nodeCount..<(index + 1) * nodeCount)
      for node in 0..<nodeCount where row[node] != 0 {
        func fail(_ expected: String, _ found: String) -> InputError {
          InputError("\(mask.path), split \(name)", expected: expected, found: found)
        }
        if let labels, labels[node] < 0 { throw fail("nodes with a label", "node \(node) without one") }
        if let other = sets.set(of: node) {
          throw fail("each node in one set only", "node \(node), which is in \(Self.maskNames[other]) as well")
        }
        sets.put(node, in: set)
      }
    }
    let split = sets.split(named: name)
    guard !split.train.isEmpty else {
      throw InputError("\(masks[0].path), split \(name)", expected: "at least one training node", found: "none")
    }
    return split
  }

  private func edges(nodeCount: Int) throws -> EdgeList {
    let array = try archive.array("edges")
    guard array.shape.count == 2, array.shape[1] == 2 else {
      throw InputError(array.path, expected: "shape (edges, 2)", found: "shape \(array.shape)")
    }
    let ends = try array.copyIntegers()
    let count = array.shape[0]
    let (sources, destinations) = (Buffer<UInt32>(count: count), Buffer<UInt32>(count: count))
    for position in 0..<2 * count {
      let id = ends.pointer[position]
      guard id >= 0 && id < nodeCount else {
        throw InputError(array.path, expected: "node ids from 0 to \(nodeCount - 1)", found: "\(id) of edge \(position / 2)")
      }
      (position % 2 == 0 ? sources : destinations).pointer[position / 2] = UInt32(id)
    }
    return EdgeList(sources: sources.view, destinations: destinations.view)
  }
}
