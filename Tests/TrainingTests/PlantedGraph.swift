import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors

/// A small graph of planted classes with features that hint at them, and partitions of it on disk.
///
/// Deterministic: every test process that asks for the same graph gets the same.
struct PlantedGraph {
  var nodes = 240
  var classes = 4
  var columns = 12
  var sparse = false
  var trainNodes = 120
  var seed: UInt64 = 11
  /// What a table `label` holds beside the class labels; a tenth of its entries is unknown.
  var targets: Targets?
  /// Whether every seventh node has no class label.
  var unknownLabels = false
  /// Whether all nodes after the training nodes have the class 0.
  var oneHeldOutClass = false

  enum Targets: Sendable { case labels, numbers }

  private func random(_ id: Int, _ block: UInt32 = 0) -> SIMD4<UInt32> {
    RandomKey(seed: seed, purpose: .generator).bits(id: UInt64(id), step: 0, block: block)
  }

  private func label(_ node: Int) -> Int { Int(random(node)[0] % UInt32(classes)) }

  var graph: RawGraph {
    var sources: [UInt32] = []
    var destinations: [UInt32] = []
    for node in 0..<nodes {
      // Node 5 stays isolated; every other node gets six in-edges, most of them from its own class.
      for edge in 0..<6 where node != 5 {
        var other = Int(random(node, UInt32(1 + edge))[0] % UInt32(nodes))
        while other == 5 || (edge < 5 && label(other) != label(node)) { other = (other + 1) % nodes }
        sources.append(UInt32(other))
        destinations.append(UInt32(node))
      }
    }
    let ids = (0..<UInt32(nodes)).map { $0 }
    var tables = ["feat": table]
    if let targets { tables["label"] = targetTable(targets) }
    let data = NodeData(
      count: nodes, tables: tables,
      labels: ArrayView((0..<nodes).map { unknownLabels && $0 % 7 == 0 ? -1 : oneHeldOutClass && $0 >= trainNodes ? 0 : Int32(label($0)) }),
      classCount: classes,
      split: Split(
        train: Array(ids.prefix(trainNodes)), validation: Array(ids[trainNodes..<trainNodes + (nodes - trainNodes) / 2]),
        test: Array(ids[(trainNodes + (nodes - trainNodes) / 2)...])))
    return RawGraph(
      name: "planted", schema: .plain, nodes: [data],
      edges: [EdgeList(sources: ArrayView(sources), destinations: ArrayView(destinations))])
  }

  private func value(_ node: Int, _ column: Int) -> Float {
    let noise = unitFloat(random(node, UInt32(100 + column))[1]) - 0.5
    return noise + (column % classes == label(node) ? 0.7 : 0)
  }

  /// Three labels or two numbers that the class and the first features decide.
  private func targetTable(_ targets: Targets) -> FeatureTable {
    let width = targets == .labels ? 3 : 2
    let floats = Buffer<Float>(count: nodes * width)
    for node in 0..<nodes {
      for column in 0..<width {
        let isUnknown = random(node, UInt32(900 + column))[2] % 10 == 0
        let target =
          targets == .labels
          ? (label(node) >> (column % 2) & 1 == 1 || column == 2 && value(node, 0) > 0.3 ? 1 : 0)
          : Float(label(node)) + 2 * value(node, column)
        floats[node * width + column] = isUnknown ? .nan : target
      }
    }
    return .dense(DenseRows(floats: floats, rows: nodes, columns: width))
  }

  private var table: FeatureTable {
    if !sparse {
      let floats = Buffer<Float>(count: nodes * columns)
      for node in 0..<nodes { for column in 0..<columns { floats[node * columns + column] = value(node, column) } }
      return .dense(DenseRows(floats: floats, rows: nodes, columns: columns))
    }
    var indptr: [Int64] = [0]
    var indices: [UInt32] = []
    var values: [Float] = []
    for node in 0..<nodes {
      for column in 0..<columns where value(node, column) > 0.35 {
        indices.append(UInt32(column))
        values.append(1 + Float(column % 3))
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(
        rows: nodes, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  /// Partitions the graph into `parts` keyed-random parts, so that every part has a large halo.
  func partition(into parts: Int, at directory: String, types: TableTypes = TableTypes()) throws {
    let graph = graph
    let assignment = try Partitioner.assign(
      graph, PartitionOptions(partCount: parts, method: .random, seed: 3), threads: Threads(1))
    try PartitionWriter.write(graph, assignment, to: directory, types: types, threads: Threads(1))
  }
}

/// A directory that is removed with its owner.
final class ScratchDirectory {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "halo-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
