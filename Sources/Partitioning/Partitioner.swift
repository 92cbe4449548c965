public import Graphs
public import Partitions
public import Tensors

/// Gives every node of a graph to a part.
public enum Partitioner {
  /// Assigns the nodes of `graph` to `options.partCount` parts, none of them empty, and measures the result beside a random
  /// assignment with as many parts.
  ///
  /// The same graph, options and METIS version give the same assignment for any number of threads. A tolerance that could
  /// not be kept is listed in `unmet`; the method `random` balances nodes and types alone, `given` nothing.
  ///
  /// - Parameter progress: Told each step of the work as one line of text.
  /// - Throws: `InputError` when graph, options or a given file are not fit; `METISError` when the library fails.
  public static func assign(
    _ graph: RawGraph, _ options: PartitionOptions, threads: Threads, progress: @Sendable (String) -> Void = { _ in }
  ) throws -> PartitionAssignment {
    try graph.check(threads: threads)
    let targets = try options.targets(for: graph)
    let numbering = NodeNumbering(graph)
    let random = RandomPartition.parts(of: numbering, partCount: options.partCount, seed: options.seed)
    let found = try assignment(of: graph, options, targets: targets, random: random, threads: threads, progress: progress)
    let parts = found.parts
    progress("measuring cut and halo")
    let metrics = PartitionMetrics(measuring: parts, partCount: options.partCount, graph: graph, threads: threads)
    let tolerances = targets.map { ($0.constraint.name(in: graph.schema), $0.tolerance) }
    let record = PartitionerRecord(
      method: options.method.name, seed: options.seed,
      tolerances: Dictionary(uniqueKeysWithValues: tolerances.filter { metrics.imbalance[$0.0] != nil }), options: found.notes)
    return PartitionAssignment(
      partCount: options.partCount, parts: parts, record: record, metrics: metrics,
      randomMetrics: parts == random
        ? metrics : PartitionMetrics(measuring: random, partCount: options.partCount, graph: graph, threads: threads),
      unmet: unmet(targets, graph: graph, parts: parts, partCount: options.partCount, threads: threads), order: found.order)
  }

  /// What a method gives.
  private struct Found {
    var parts: [UInt16]
    /// What the manifest should say of how they were found.
    var notes: [String: String] = [:]
    /// The order in which parts list their nodes; `nil`: by original id.
    var order: Buffer<UInt32>?
  }

  private static func assignment(
    of graph: RawGraph, _ options: PartitionOptions, targets: [(constraint: BalanceConstraint, tolerance: Double)],
    random: [UInt16], threads: Threads, progress: @Sendable (String) -> Void
  ) throws -> Found {
    switch options.method {
    case .random: return Found(parts: random)
    case .given(let path):
      let parts = try GivenPartition.read(path, nodeCount: random.count, partCount: options.partCount)
      return Found(parts: parts, notes: ["file": path.split(separator: "/").last.map(String.init) ?? path])
    case .multilevel:
      progress("building the adjacency")
      let search = MultilevelSearch(
        adjacency: try Adjacency(graph, threads: threads),
        loads: NodeLoads(graph, targets: targets, partCount: options.partCount, threads: threads), effort: options.effort,
        seed: options.seed, threads: threads)
      let found = try search.run(progress: progress)
      return Found(
        parts: found.parts, notes: ["effort": options.effort.rawValue, "levels": "\(found.levels)", "rows": "by cluster"],
        order: found.order)
    case .streaming:
      let loads = NodeLoads(graph, targets: targets, partCount: options.partCount, threads: threads)
      return Found(
        parts: try streamed(graph, options, loads, threads: threads, progress: progress), notes: ["effort": options.effort.rawValue])
    case .metis:
      guard options.partCount > 1 else { return Found(parts: [UInt16](repeating: 0, count: random.count)) }
      progress("building the adjacency")
      let adjacency = try Adjacency(graph, threads: threads)
      let loads = NodeLoads(graph, targets: targets, partCount: options.partCount, threads: threads)
      let search = METISSearch(adjacency: adjacency, loads: loads, seed: options.seed)
      let found = try search.run(progress: progress)
      return Found(parts: found.parts, notes: ["attempts": "\(found.attempts)", "repaired": found.repaired ? "yes" : "no"])
    }
  }

  private static func streamed(
    _ graph: RawGraph, _ options: PartitionOptions, _ loads: NodeLoads, threads: Threads, progress: (String) -> Void
  ) throws -> [UInt16] {
    progress("gathering neighbours")
    let rows = try StreamedRows(graph, bufferBytes: options.streamingBuffer, directory: options.scratchDirectory, threads: threads)
    let parts = StreamingSearch(rows, loads: loads, passes: options.effort.streamingPasses).run(progress: progress)
    // Passing nodes never see the whole: small graphs are brought within their limits, and every part gets a node.
    guard rows.ends.count * 4 <= options.streamingBuffer else { return parts }
    let assignment = Assignment(Level(try Adjacency(graph, threads: threads), loads), parts: Buffer(copying: parts))
    assignment.repair()
    return Array(assignment.parts.elements)
  }

  private static func unmet(
    _ targets: [(constraint: BalanceConstraint, tolerance: Double)], graph: RawGraph, parts: [UInt16], partCount: Int,
    threads: Threads
  ) -> [UnmetTolerance] {
    targets.compactMap { constraint, tolerance in
      let loads = PartLoads(of: constraint, graph: graph, parts: parts, partCount: partCount, threads: threads)
      let limit = PartLoads.limit(total: loads.total, partCount: partCount, tolerance: tolerance)
      guard loads.largest > limit else { return nil }
      return UnmetTolerance(constraint: constraint.name(in: graph.schema), tolerance: tolerance, excess: loads.imbalance - 1)
    }
  }
}
