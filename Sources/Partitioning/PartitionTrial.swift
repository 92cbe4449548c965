package import Graphs
import Telemetry
package import Tensors

/// Partitioning steps of a graph in memory, one after the other, for measurements: the adjacency is built once and its time not counted.
package struct PartitionTrial: Sendable {
  /// What is tried.
  package enum Method: Hashable, Sendable {
    /// One call of METIS under the tolerances as they are; nothing is repaired.
    case metisAlone
    /// METIS as the method `metis` uses it.
    case metis
    case multilevel(PartitionEffort)
    /// The method `multilevel` with its levels projected as they are, but for limits.
    case unrefined
  }

  /// How one trial went.
  package struct Outcome: Sendable {
    /// Part of each node by flat number.
    package var parts: [UInt16]
    /// Wall seconds.
    package var seconds: Double
    /// Edges between parts, repeated ones as often as they occur up to a common factor.
    package var cut: Int
    /// Whether every constraint is within its tolerance.
    package var isFeasible: Bool
    /// What the method said of its steps.
    package var steps: [String]
  }

  private let adjacency: Adjacency
  private let loads: NodeLoads

  /// - Throws: `InputError` when graph or options are not fit.
  package init(_ graph: RawGraph, _ options: PartitionOptions, threads: Threads) throws {
    try graph.check(threads: threads)
    let targets = try options.targets(for: graph)
    adjacency = try Adjacency(graph, threads: threads)
    loads = NodeLoads(graph, targets: targets, partCount: options.partCount, shares: try options.shares(), threads: threads)
  }

  /// Nodes and pairs of neighbours.
  package var size: (nodes: Int, edges: Int) { (adjacency.nodeCount, adjacency.neighbours.count / 2) }

  /// - Throws: `METISError` when the library fails.
  package func run(_ method: Method, seed: UInt64, threads: Threads) throws -> Outcome {
    var steps: [String] = []
    let begin = MonotonicClock.now()
    let parts = try parts(method, seed: seed, threads: threads) { steps.append($0) }
    let seconds = Double(MonotonicClock.now() - begin) * 1e-9
    let assignment = Assignment(Level(adjacency, loads), parts: Buffer(copying: parts))
    return Outcome(
      parts: parts, seconds: seconds, cut: assignment.cut(threads), isFeasible: assignment.isFeasible, steps: steps)
  }

  private func parts(_ method: Method, seed: UInt64, threads: Threads, progress: (String) -> Void) throws -> [UInt16] {
    switch method {
    case .metisAlone:
      try METIS.partition(
        adjacency, loads: loads.scaledForMETIS(), constraintCount: loads.constraintCount, shares: loads.shares,
        imbalance: loads.tolerances.map { 1 + max(0.001, $0) }, seed: Int32(truncatingIfNeeded: seed & 0x7FFF_FFFF)
      ).map { UInt16($0) }
    case .metis: try METISSearch(adjacency: adjacency, loads: loads, seed: seed).run(progress: progress).parts
    case .multilevel(let effort): try search(effort, seed, threads).run(progress: progress).parts
    case .unrefined: try search(.default, seed, threads, refinement: .off).run(progress: progress).parts
    }
  }

  private func search(
    _ effort: PartitionEffort, _ seed: UInt64, _ threads: Threads, refinement: Refinement? = nil
  ) -> MultilevelSearch {
    MultilevelSearch(
      adjacency: adjacency, loads: loads, effort: effort, seed: seed, threads: threads, refinement: refinement)
  }
}
