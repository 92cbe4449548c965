import Graphs
import Tensors

extension IngestEstimate {
  /// Memory of the program itself.
  private static let programBytes = 32 << 20

  /// Refuses to read where not even the buffers fit below the limit of `context`. How many edges come is not known yet: they go to files.
  ///
  /// - Throws: `InputError` for `--memory`.
  static func checkReading(_ file: GraphFile, _ format: EdgeListFormat, path: String, context: IngestContext) throws {
    let source: Source =
      switch file {
      case .text: .text
      case .arrays: .copiedArrays
      case .metis: .metis
      case .matrix: .matrix
      case .dataset, .chunked: .dataset
      }
    let estimate = IngestEstimate(source, format: format, context: context)
    try check(estimate.fixedBytes, below: context.memory, to: "read \(path)")
  }

  /// Refuses transforms of a graph that was read, where they do not fit below the limit of `context`.
  ///
  /// - Throws: `InputError` for `--memory`.
  static func check(_ transforms: EdgeTransforms, of graph: RawGraph, context: IngestContext) throws {
    guard transforms != EdgeTransforms() else { return }
    // One relation after the other is transformed.
    let needed = zip(graph.schema.relations, graph.edges).map { relation, edges in
      let format = EdgeListFormat(weight: edges.weights == nil ? nil : "weight")
      let estimate = IngestEstimate(
        edges.sources.isMapped ? .dataset : .copiedArrays, format: format, transforms: transforms, context: context)
      let nodes = graph.nodes[relation.destination].count
      return estimate.memory(edges: edges.count, nodes: nodes) + tableBytes(of: edges, transforms, nodes: nodes)
    }
    try check(needed.reduce(0, +), below: context.memory, to: "change the edges of \(graph.name)")
  }

  /// Bytes at most of the rows of transformed edges, and of the numbers that say which ones these are.
  private static func tableBytes(of edges: EdgeList, _ transforms: EdgeTransforms, nodes: Int) -> Int {
    guard !edges.tables.isEmpty else { return 0 }
    let most = (transforms.undirected ? 2 : 1) * edges.count + (transforms.selfLoops == .add ? nodes : 0)
    return edges.tables.values.reduce(12 * most) { sum, table in
      switch table {
      case .dense(let rows): sum + most * (rows.strideBytes + (rows.scales == nil ? 0 : 4))
      case .sparse(let rows): sum + 8 * (most + 1) + 8 * (transforms.undirected ? 2 : 1) * rows.indices.count
      }
    }
  }

  private static func check(_ bytes: Int, below limit: Int?, to work: String) throws {
    let needed = (bytes + programBytes + (1 << 20) - 1) >> 20
    guard let limit, needed > limit >> 20 else { return }
    throw InputError("--memory", expected: "at least \(needed)MiB to \(work)", found: "\(limit >> 20)MiB")
  }
}
