import Graphs
import Loading
public import Partitions
import Sampling
public import Tensors

/// Sampled in-neighbours, and the rows of sampled edges.
extension PartClient {
  private static var sampledNodesPerRequest: Int { 4_096 }

  /// Samples in-neighbours of nodes, as a training run with the servers' seed would.
  ///
  /// - Parameters:
  ///   - numbers: The user's numbers of nodes of type `type`.
  ///   - limits: In-edges taken of each node, by relation; `Int.max` takes all.
  ///   - purpose: One of `HopSampler.purposes`.
  ///   - hop: Distance from the seeds of a batch.
  ///   - step: Step of the run.
  /// - Throws: What `find` throws; `MessagingError` when a peer refuses, as it does where an answer would be too large.
  public func neighbors(
    of numbers: [Int64], type: Int, limits: [Int], purpose: RandomPurpose = .sample, hop: Int = 0, step: UInt32 = 0
  ) throws -> PulledNeighbors {
    precondition(limits.count == graph.relations.count, "\(limits.count) limits for \(graph.relations.count) relations")
    return try sample(numbers, type: type, HopSampler(seed: graph.seed, purpose: purpose, hop: hop, step: step, limits: limits)).neighbors
  }

  /// The table of edges called `name`; of several relations that have one, `relation` tells.
  ///
  /// - Throws: `InputError` when there is none, or there are several.
  public func edgeTable(named name: String, relation: String?) throws -> TableDescription {
    let names = graph.relations.map(\.name)
    if let relation, !names.contains(relation) {
      throw InputError("relation", expected: names.joined(separator: ", "), found: "'\(relation)'")
    }
    let tables = graph.edgeTables ?? []
    let found = tables.filter { $0.name == name && (relation == nil || relation == names[$0.slot]) }
    guard let table = found.first else {
      let known = tables.map { "\($0.name) of '\(names[$0.slot])'" }.joined(separator: ", ")
      throw InputError("edge table", expected: known.isEmpty ? "none: the graph has no tables of edges" : known, found: "'\(name)'")
    }
    guard found.count == 1 else {
      let relations = found.map { names[$0.slot] }.joined(separator: ", ")
      throw InputError("edge table '\(name)'", expected: "a relation, one of \(relations)", found: "none")
    }
    return table
  }

  /// Samples in-edges of one relation, as `neighbors` does, and pulls their rows, one for each edge.
  ///
  /// - Parameters:
  ///   - table: One of `graph.edgeTables`; in-edges of its relation are sampled.
  ///   - numbers: The user's numbers of nodes of its relation's destination type.
  ///   - limit: In-edges taken of each node.
  /// - Throws: What `neighbors` throws.
  public func edges(
    of numbers: [Int64], table: TableDescription, limit: Int, purpose: RandomPurpose = .sample, hop: Int = 0, step: UInt32 = 0
  ) throws -> (neighbors: PulledNeighbors, rows: PulledRows) {
    guard let place = graph.edgeTables?.firstIndex(of: table), let book = graph.edgeBook else {
      preconditionFailure("no table of this graph's edges")
    }
    let limits = graph.relations.indices.map { $0 == table.slot ? limit : 0 }
    let sampler = HopSampler(seed: graph.seed, purpose: purpose, hop: hop, step: step, limits: limits, wantsEdges: true)
    let sampled = try sample(numbers, type: table.nodeType, sampler)
    let rows = try pull(sampled.ids, of: table, number: graph.tables.count + place, book: book, .edges(sampled.neighbors))
    return (sampled.neighbors, rows)
  }

  /// Sampled in-edges of nodes with repetitions, and their global ids where the hop wants them.
  private func sample(
    _ numbers: [Int64], type: Int, _ sampler: HopSampler
  ) throws -> (neighbors: PulledNeighbors, ids: [GlobalID]) {
    let nodes = try find(numbers, type: type)
    let samples = try sample(nodes, sampler)
    var edges: [PulledNeighbors.Edge] = []
    var ids: [GlobalID] = []
    for (number, node) in zip(numbers, nodes) {
      for sampled in samples[node]! {
        edges.append(PulledNeighbors.Edge(node: number, relation: sampled.relation, neighbor: sampled.neighbor))
        if sampler.wantsEdges { ids.append(sampled.edge) }
      }
    }
    return (PulledNeighbors(relations: graph.relations.map(\.name), edges: edges), ids)
  }

  private struct SampledEdge {
    var relation: Int
    /// The user's number, or the global id until that is known.
    var neighbor: Int64
    /// Global id; −1 where it was not asked for.
    var edge: GlobalID
  }

  private var edgeRanges: EdgeRanges? {
    graph.edgeBook.map { edges in
      let withRows = Set((graph.edgeTables ?? []).map(\.slot))
      return EdgeRanges(
        nodes: book, edges: edges, hasRows: graph.relations.indices.map { graph.relations.count == 1 || withRows.contains($0) })
    }
  }

  /// Every sampled edge, by node.
  private func sample(_ ids: [GlobalID], _ sampler: HopSampler) throws -> [GlobalID: [SampledEdge]] {
    let source = RoutedNeighborSource(book: book, mapped: [:], worker: workers, client: client, listCount: 1, edges: edgeRanges)
    let distinct = Array(Set(ids)).sorted()
    let neighbors = SampledNeighbors(relationCount: sampler.relationCount)
    var samples: [GlobalID: [SampledEdge]] = [:]
    for start in stride(from: 0, to: distinct.count, by: Self.sampledNodesPerRequest) {
      let nodes = Array(distinct[start..<min(distinct.count, start + Self.sampledNodesPerRequest)])
      try nodes.withUnsafeBufferPointer { try source.sample([$0], hop: sampler, into: [neighbors], threads: Threads(1)) }
      let lists = Self.lists(neighbors, nodes: nodes.count)
      // A part knows the numbers of what its own nodes hear from.
      var asked: [Int: Set<Int64>] = [:]
      for (node, list) in zip(nodes, lists) { asked[book.owner(of: node), default: []].formUnion(list.map { $0.neighbor }) }
      var numbers: [Int: [Int64: Int64]] = [:]
      for (part, ids) in asked { numbers[part] = try originalNumbers(ids.sorted(), part: part) }
      for (node, list) in zip(nodes, lists) {
        let known = numbers[book.owner(of: node)]!  // Filled above, for every node's part.
        samples[node] = list.map { SampledEdge(relation: $0.relation, neighbor: known[$0.neighbor]!, edge: $0.edge) }
      }
    }
    return samples
  }

  /// Every sampled edge with its neighbour's global id, node by node.
  private static func lists(_ neighbors: SampledNeighbors, nodes: Int) -> [[SampledEdge]] {
    var edge = 0
    return (0..<nodes).map { node in
      (0..<neighbors.relationCount).flatMap { relation in
        let first = edge
        edge += Int(neighbors.counts[node * neighbors.relationCount + relation])
        return (first..<edge).map {
          SampledEdge(
            relation: relation, neighbor: neighbors.sources[$0].rawValue, edge: GlobalID(neighbors.hasEdges ? neighbors.edges[$0] : -1))
        }
      }
    }
  }
}
