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
  /// - Parameters:
  ///   - plan: How memory stays below `options.memory`; made here where `nil`.
  ///   - progress: Told each step of the work as one line of text.
  /// - Throws: `InputError` when graph, options or a given file are not fit, or less memory is allowed than the method takes;
  ///   `METISError` when the library fails, `SystemError` when a temporary file cannot be written.
  public static func assign(
    _ graph: RawGraph, _ options: PartitionOptions, plan: PartitionMemory? = nil, threads: Threads,
    progress: @Sendable (String) -> Void = { _ in }
  ) throws -> PartitionAssignment {
    try graph.check(threads: threads)
    try options.validate(for: graph)
    let targets = try options.targets(for: graph)
    let shares = try options.shares()
    let numbering = NodeNumbering(graph)
    let random = RandomPartition.parts(of: numbering, shares: shares, seed: options.seed)
    let plan = try plan ?? options.memory.map { _ in try PartitionMemory(graph, options, threads: threads) }
    let problem = Problem(
      graph: graph, targets: targets, shares: shares, seed: options.seed, objective: options.objective, batches: options.batches, plan: plan
    )
    let found = try assignment(of: problem, options, random: random, threads: threads, progress: progress)
    let parts = found.parts
    progress("measuring cut and halo")
    let metrics = problem.measure(parts, threads: threads)
    if options.batches != nil { progress("expected reads of \(options.partCount) parts") }
    let reads = options.batches.map { batches in
      ReadForecast(
        graph, parts: parts, partCount: options.partCount, batches: batches, replicas: options.replicas, threads: threads)
    }
    let tolerances = targets.map { ($0.constraint.name(in: graph.schema), $0.tolerance) }
    let record = PartitionerRecord(
      method: options.method.name, seed: options.seed,
      tolerances: Dictionary(uniqueKeysWithValues: tolerances.filter { metrics.imbalance[$0.0] != nil }),
      options: found.notes.merging(problem.notes) { own, _ in own },
      partWeights: shares.areEqual ? nil : shares.weights)
    return PartitionAssignment(
      partCount: options.partCount, parts: parts, record: record, metrics: metrics,
      randomMetrics: parts == random ? metrics : problem.measure(random, threads: threads),
      unmet: problem.unmet(parts, threads: threads), order: found.order, reads: reads)
  }

  /// What is to be partitioned, and under which constraints.
  private struct Problem {
    let graph: RawGraph
    let targets: [(constraint: BalanceConstraint, tolerance: Double)]
    let shares: PartShares
    let seed: UInt64
    let objective: PartitionObjective
    /// The training whose reads weigh the edges under the objective `bytes`.
    let batches: ExpectedBatches?
    /// How memory stays below a limit; `nil` without one.
    let plan: PartitionMemory?

    /// What the manifest should say of the objective.
    var notes: [String: String] {
      switch (objective, batches) {
      case (.bytes, let batches?): ["objective": "bytes", "fanout": batches.fanout, "batchSize": "\(batches.batchSize)"]
      case (.weights, _): ["objective": "weights"]
      default: [:]
      }
    }

    /// The graph that is cut, as the objective weighs it.
    ///
    /// - Parameter repeatsFrom: From so many entries on, neighbours of edges that all weigh the same may be repeated.
    func adjacency(repeatsFrom: Int = .max, threads: Threads, progress: (String) -> Void) throws -> Adjacency {
      progress("building the adjacency")
      let storage = plan?.rows ?? .memory
      let canRepeat = objective == .edges
      let adjacency = try Adjacency(graph, repeatsFrom: canRepeat ? repeatsFrom : .max, storage: storage, threads: threads)
      switch (objective, batches) {
      case (.bytes, let batches?):
        progress("weighing the edges by what fan-out \(batches.fanout) reads over them")
        return adjacency.weighted(by: batches.edgeUse(of: graph, threads: threads), graph, threads: threads)
      case (.weights, _): return try adjacency.weightedByEdges(graph, threads: threads)
      default: return adjacency
      }
    }

    func measure(_ parts: [UInt16], threads: Threads) -> PartitionMetrics {
      let weights = targets.map(\.constraint).filter { if case .weight = $0 { true } else { false } }
      return PartitionMetrics(
        measuring: parts, partCount: shares.partCount, graph: graph, shares: shares, weights: weights, threads: threads)
    }

    func unmet(_ parts: [UInt16], threads: Threads) -> [UnmetTolerance] {
      targets.compactMap { constraint, tolerance in
        let loads = PartLoads(of: constraint, graph: graph, parts: parts, partCount: shares.partCount, threads: threads)
        return shares.unmet(loads.counts, constraint: constraint.name(in: graph.schema), tolerance: tolerance)
      }
    }

    func loads(threads: Threads) -> NodeLoads {
      NodeLoads(graph, targets: targets, partCount: shares.partCount, shares: shares, threads: threads)
    }
  }

  /// The parts, and what the manifest should say of how they were found.
  /// What a method gives.
  private struct Found {
    var parts: [UInt16]
    /// What the manifest should say of how they were found.
    var notes: [String: String] = [:]
    /// The order in which parts list their nodes; `nil`: by original id.
    var order: Buffer<UInt32>?
  }

  private static func assignment(
    of problem: Problem, _ options: PartitionOptions, random: [UInt16], threads: Threads, progress: @Sendable (String) -> Void
  ) throws -> Found {
    let partCount = problem.shares.partCount
    let undivided = [UInt16](repeating: 0, count: random.count)
    switch options.method {
    case .random: return Found(parts: random)
    case .given(let path):
      let parts = try GivenPartition.read(path, nodeCount: random.count, partCount: partCount)
      return Found(parts: parts, notes: ["file": name(of: path)])
    case .multilevel: return try multilevel(problem, options, threads: threads, progress: progress)
    case .streaming:
      let parts = try streamed(problem, options, threads: threads, progress: progress)
      return Found(parts: parts, notes: ["effort": options.effort.rawValue])
    case .metis:
      guard partCount > 1 else { return Found(parts: undivided) }
      let adjacency = try problem.adjacency(threads: threads, progress: progress)
      let search = METISSearch(adjacency: adjacency, loads: problem.loads(threads: threads), seed: problem.seed)
      let found = try search.run(progress: progress)
      return Found(parts: found.parts, notes: ["attempts": "\(found.attempts)", "repaired": found.repaired ? "yes" : "no"])
    case .refine(let path):
      let start = try StartingPartition(path, of: problem.graph)
      let edges = problem.graph.edges.reduce(0) { $0 + $1.count }
      if edges != start.edgeCount { progress("\(path) was made of \(start.edgeCount) edges, this graph has \(edges)") }
      let notes = ["start": name(of: path), "startParts": "\(start.partCount)"]
      guard partCount > 1 else { return Found(parts: undivided, notes: notes) }
      let adjacency = try problem.adjacency(threads: threads, progress: progress)
      let loads = problem.loads(threads: threads)
      let begun = try start.parts(adjacency: adjacency, loads: loads, seed: problem.seed)
      progress("refining \(start.partCount) parts")
      return Found(parts: refined(begun, adjacency: adjacency, loads: loads), notes: notes)
    }
  }

  private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  private static func multilevel(
    _ problem: Problem, _ options: PartitionOptions, threads: Threads, progress: (String) -> Void
  ) throws -> Found {
    let search = MultilevelSearch(
      adjacency: try problem.adjacency(repeatsFrom: Adjacency.manyEntries, threads: threads, progress: progress),
      loads: problem.loads(threads: threads), effort: options.effort, seed: problem.seed, threads: threads,
      room: problem.plan?.room ?? Hierarchy.Room())
    let found = try search.run(progress: progress)
    return Found(
      parts: found.parts, notes: ["effort": options.effort.rawValue, "levels": "\(found.levels)", "rows": "by cluster"],
      order: found.order)
  }

  private static func streamed(
    _ problem: Problem, _ options: PartitionOptions, threads: Threads, progress: (String) -> Void
  ) throws -> [UInt16] {
    progress("gathering neighbours")
    let loads = problem.loads(threads: threads)
    let buffer = problem.plan?.streamingBuffer ?? options.streamingBuffer
    let rows = try StreamedRows(
      problem.graph, bufferBytes: buffer, directory: options.scratchDirectory, threads: threads)
    let (parts, isFeasible) = StreamingSearch(rows, loads: loads, passes: options.effort.streamingPasses).run(progress: progress)
    // Passing nodes never see the whole: small graphs that are still above a limit are repaired, and every part gets a node.
    guard !isFeasible, rows.ends.count * 4 <= options.streamingBuffer else { return parts }
    progress("repairing: a limit is broken, or a part is empty")
    let adjacency = try Adjacency(problem.graph, storage: problem.plan?.rows ?? .memory, threads: threads)
    let assignment = Assignment(Level(adjacency, loads), parts: Buffer(copying: parts))
    assignment.repair()
    return Array(assignment.parts.elements)
  }

  /// Brings an assignment within its limits and lowers its cut.
  private static func refined(_ parts: [UInt16], adjacency: Adjacency, loads: NodeLoads) -> [UInt16] {
    var repair = BalanceRepair(adjacency, loads: loads, parts: parts)
    repair.refine()
    return repair.parts
  }
}
