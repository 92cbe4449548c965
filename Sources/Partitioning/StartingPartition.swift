import Graphs
import Partitions
import Tensors

/// An assignment to start from: that of a partition directory of the same nodes.
struct StartingPartition {
  /// Number of its parts.
  let partCount: Int
  /// Part of each node by flat number.
  let parts: [UInt16]
  /// Edges of the graph that it was made of.
  let edgeCount: Int

  /// Reads the parts' lists of original ids.
  ///
  /// - Throws: `InputError` when the directory is of other node types or numbers of nodes, or a part is absent; `SystemError` when it
  ///   cannot be read.
  init(_ directory: String, of graph: RawGraph) throws {
    let manifest = try Manifest.load(directory)
    let counts = manifest.schema.nodeTypes.indices.map { type in manifest.parts.reduce(0) { $0 + $1.innerNodes[type] } }
    guard manifest.schema.nodeTypes == graph.schema.nodeTypes, counts == graph.nodes.map(\.count) else {
      throw InputError(
        directory, expected: "parts of a graph with \(Self.text(graph.schema.nodeTypes, graph.nodes.map(\.count)))",
        found: Self.text(manifest.schema.nodeTypes, counts))
    }
    partCount = manifest.partCount
    edgeCount = manifest.edgeCount
    parts = try manifest.assignment(in: directory)
  }

  private static func text(_ types: [String], _ counts: [Int]) -> String {
    zip(types, counts).map { "\($1) nodes of type '\($0)'" }.joined(separator: ", ")
  }

  /// The assignment for another number of parts: whole parts are joined, or cut further, by METIS.
  ///
  /// Balance is what comes out; the refinement that follows sees to it.
  func parts(adjacency: Adjacency, loads: NodeLoads, seed: UInt64) throws(METISError) -> [UInt16] {
    if partCount == loads.partCount { return parts }
    guard loads.partCount > 1 else { return [UInt16](repeating: 0, count: parts.count) }
    return partCount > loads.partCount
      ? try PartMerge(adjacency, loads: loads, parts: parts, partCount: partCount).run(seed: seed)
      : try PartSplit(adjacency, loads: loads, parts: parts, partCount: partCount).run(seed: seed)
  }
}
