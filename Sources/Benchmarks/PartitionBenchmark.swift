public import Graphs
public import Partitioning
public import Tensors

/// Measures partitioning methods on one graph in memory, in turn, with several seeds each: seconds of the partitioning step, cut, limits.
public enum PartitionBenchmark {
  /// What to measure.
  public struct Request: Sendable {
    /// Number of parts, constraints and their tolerances; method and seed are replaced.
    public var options: PartitionOptions
    public var methods: [PartitionBenchMethod]
    /// Seeds from 1 on.
    public var seeds: Int
    public var threads: Threads

    public init(options: PartitionOptions, methods: [PartitionBenchMethod], seeds: Int, threads: Threads) {
      self.options = options
      self.methods = methods
      self.seeds = seeds
      self.threads = threads
    }
  }

  /// - Throws: `InputError` when graph or options are not fit, `METISError` when the library fails.
  public static func run(_ graph: RawGraph, _ request: Request, report: (String) -> Void) throws -> PartitionBenchReport {
    precondition(request.seeds >= 1 && !request.methods.isEmpty, "methods and seeds")
    let trial = try PartitionTrial(graph, request.options, threads: request.threads)
    var outcomes = request.methods.map { _ in [PartitionTrial.Outcome]() }
    for seed in 1...request.seeds {
      for turn in request.methods.indices {
        let index = (turn + seed) % request.methods.count
        let method = request.methods[index]
        let outcome = try trial.run(method.trial, seed: UInt64(seed), threads: request.threads)
        report("\(method.rawValue), seed \(seed): cut \(outcome.cut), \((outcome.seconds * 1000).rounded() / 1000) s")
        outcomes[index].append(outcome)
      }
    }
    return PartitionBenchReport(
      graph: graph.name, nodes: trial.size.nodes, edges: trial.size.edges, parts: request.options.partCount,
      balance: request.options.balance.map { "\($0.constraint)=\($0.tolerance)" }, threads: request.threads.count,
      methods: zip(request.methods, outcomes).map { PartitionBenchReport.Row($0, $1) })
  }
}

/// A method of `halo bench partition`.
public enum PartitionBenchMethod: String, Codable, Sendable, CaseIterable {
  /// One call of METIS, nothing repaired.
  case metisAlone = "metis-alone"
  /// METIS as `--method metis` uses it: repaired, and small graphs several times.
  case metis
  case fast
  case multilevel
  case strong
  /// `multilevel` with refinement off.
  case unrefined

  var trial: PartitionTrial.Method {
    switch self {
    case .metisAlone: .metisAlone
    case .metis: .metis
    case .fast: .multilevel(.fast)
    case .multilevel: .multilevel(.default)
    case .strong: .multilevel(.strong)
    case .unrefined: .unrefined
    }
  }
}
