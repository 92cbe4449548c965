public import Graphs
public import Partitions
import Tensors

/// How nodes are given to parts.
public enum PartitionMethod: Hashable, Sendable {
  /// Contraction, METIS on the small graph, refinement on every level: few cut edges, in a fraction of METIS's time.
  case multilevel
  /// One node after the other goes where most of its neighbours are, in several passes: for graphs whose edges do not fit into memory.
  case streaming
  /// Multi-constraint k-way partitioning by METIS alone.
  case metis
  /// A keyed shuffle with equal node counts, as a baseline.
  case random
  /// One part number a node, read from a text file (a line each) or a `.npy` array of whole numbers.
  case given(path: String)
  /// The parts of a partition directory of the same nodes, balanced again and improved; where it has another number of parts, whole
  /// parts are joined or cut first.
  case refine(path: String)

  /// The name in options and reports.
  public var name: String {
    switch self {
    case .multilevel: "multilevel"
    case .streaming: "streaming"
    case .metis: "metis"
    case .random: "random"
    case .given: "given"
    case .refine: "refine"
    }
  }

  /// Whether the method can weigh edges, and so lower the bytes that are read rather than the edges that are cut.
  public var weighsEdges: Bool {
    switch self {
    case .multilevel, .metis, .refine: true
    case .streaming, .random, .given: false
    }
  }

  /// Whether the method sees to the constraints; the others take what comes.
  public var balances: Bool {
    switch self {
    case .multilevel, .streaming, .metis, .refine: true
    case .random, .given: false
    }
  }
}

/// What a partition is to have little of.
public enum PartitionObjective: String, Hashable, Sendable, CaseIterable {
  /// Edges between parts.
  case edges
  /// Bytes of rows that mini-batches are expected to read from other parts.
  case bytes
  /// Weight of the edges between parts.
  case weights
}

/// How long the methods `multilevel` and `streaming` look for fewer cut edges.
public enum PartitionEffort: String, Hashable, Sendable, CaseIterable {
  /// One contraction, refinement by label propagation alone; one pass of streaming.
  case fast
  /// Single moves besides, and a second round over the result; up to six passes.
  case `default`
  /// Several contractions, combined with each other, some thirty times the work; up to twenty passes.
  case strong

  var streamingPasses: Int {
    switch self {
    case .fast: 1
    case .default: 6
    case .strong: 20
    }
  }
}

/// A constraint to balance and how far it may be off.
public struct BalanceTarget: Hashable, Sendable {
  /// A name of `BalanceConstraint`, or `types` for every node type of a graph that has several.
  public var constraint: String
  /// A part may hold `(1 + tolerance)` times its target, 0.05 for 5 %.
  public var tolerance: Double

  public init(_ constraint: String, tolerance: Double = 0.05) {
    self.constraint = constraint
    self.tolerance = tolerance
  }
}

/// What to partition into, and how.
public struct PartitionOptions: Hashable, Sendable {
  /// Number of parts, k.
  public var partCount: Int
  public var method: PartitionMethod
  /// Of the methods `multilevel` and `streaming`; others do not look at it.
  public var effort = PartitionEffort.default
  /// Memory in which `streaming` keeps neighbours, in bytes.
  public var streamingBuffer = 1 << 30
  /// Where temporary files lie.
  public var scratchDirectory = "/tmp"
  /// Bytes of memory that the whole may take, pages of mapped files aside; as many as it takes where `nil`. What does not fit lies in
  /// temporary files; the parts are the same (`PartitionMemory`).
  public var memory: Int?
  /// What to balance; a constraint that counts nothing in the graph at hand is left out.
  public var balance: [BalanceTarget]
  /// One per part: of every constraint the parts are to hold shares in this proportion. Equal shares without any.
  public var partWeights: [Double]
  public var seed: UInt64
  public var objective = PartitionObjective.edges
  /// The training that the objective `bytes` is for; with it what parts are expected to read is reported under any objective.
  public var batches: ExpectedBatches?
  /// Replicas that a part keeps of other parts' nodes over its own nodes, 0.1 for 10 %.
  public var replicas = 0.0
  /// In-edges of halo nodes so many hops away or fewer are kept, as the writer is told: they take memory.
  public var haloHops = 0

  public init(
    partCount: Int, method: PartitionMethod = .multilevel,
    balance: [BalanceTarget] = [BalanceTarget("nodes"), BalanceTarget("edges"), BalanceTarget("train")], partWeights: [Double] = [],
    seed: UInt64 = 1
  ) {
    self.partCount = partCount
    self.method = method
    self.balance = balance
    self.partWeights = partWeights
    self.seed = seed
  }

  /// Checks the options against the graph.
  ///
  /// - Throws: `InputError` for no parts, more parts than nodes or than 65,535, weights that are not one for each part, a negative
  ///   tolerance, an unknown constraint or one named twice, a table whose values cannot be balanced, an objective that the method or
  ///   the graph does not have, an objective or replicas without the training that they are for.
  public func validate(for graph: RawGraph) throws {
    guard objective == .edges || method.weighsEdges else {
      throw InputError(
        "objective \(objective.rawValue)", expected: "a method that weighs edges: multilevel, metis or refine", found: method.name)
    }
    guard objective != .weights || graph.edges.contains(where: { $0.weights != nil }) else {
      throw InputError("objective weights", expected: "edges with weights", found: "\(graph.name), which has none")
    }
    guard objective != .bytes && replicas == 0 || batches != nil else {
      throw InputError("objective \(objective.rawValue), replicas \(replicas)", expected: "the fan-out they are for", found: "none")
    }
    guard replicas >= 0, replicas.isFinite else {
      throw InputError("replicas", expected: "a share of a part's nodes from 0", found: "\(replicas)")
    }
    _ = try targets(for: graph)
    _ = try shares()
  }

  /// Tables whose values are balanced, which are stored as they are.
  package var balancedTables: Set<String> {
    Set(
      balance.compactMap { target in
        if case .weight(let table)? = BalanceConstraint(named: target.constraint, in: .plain) { table } else { nil }
      })
  }

  /// What each part is to hold.
  func shares() throws -> PartShares { try PartShares(weights: partWeights, partCount: partCount) }

  /// The constraints to balance with their tolerances, `types` written out.
  func targets(for graph: RawGraph) throws -> [(constraint: BalanceConstraint, tolerance: Double)] {
    let nodes = NodeNumbering(graph).count
    guard (1...Int(UInt16.max)).contains(partCount) else {
      throw InputError("number of parts", expected: "1 to \(UInt16.max)", found: "\(partCount)")
    }
    guard partCount <= nodes else {
      throw InputError("number of parts", expected: "at most one for each of the \(nodes) nodes of \(graph.name)", found: "\(partCount)")
    }
    guard !balance.isEmpty else { throw InputError("balance", expected: "a constraint", found: "none") }
    var targets: [(constraint: BalanceConstraint, tolerance: Double)] = []
    for target in balance {
      guard target.tolerance >= 0, target.tolerance.isFinite else {
        throw InputError("tolerance of \(target.constraint)", expected: "a fraction from 0", found: "\(target.tolerance)")
      }
      for constraint in try constraints(named: target.constraint, in: graph) {
        guard !targets.contains(where: { $0.constraint == constraint }) else {
          throw InputError("balance", expected: "each constraint once", found: "\(constraint.name(in: graph.schema)) twice")
        }
        targets.append((constraint, target.tolerance))
      }
    }
    return targets.isEmpty ? [(.nodes, balance[0].tolerance)] : targets
  }

  private func constraints(named name: String, in graph: RawGraph) throws -> [BalanceConstraint] {
    let schema = graph.schema
    let all = BalanceConstraint.all(in: schema)
    if name == "types" {
      return schema.nodeTypes.indices.map(BalanceConstraint.nodeType).filter(all.contains)
    }
    guard let constraint = BalanceConstraint(named: name, in: schema) else {
      let names = all.map { $0.name(in: schema) } + ["types"] + WeightColumn.candidates(in: graph)
      throw InputError("balance", expected: names.joined(separator: ", "), found: "'\(name)'")
    }
    if case .weight(let table) = constraint { _ = try WeightColumn(table, of: graph) }
    return [constraint]
  }
}
