import Foundation
import Partitioning

/// What `halo bench partition` prints: for each method the cut and the seconds of the partitioning step over several seeds.
public struct PartitionBenchReport: Codable, Sendable, CustomStringConvertible {
  public struct Row: Codable, Sendable {
    public var method: PartitionBenchMethod
    /// Edges between parts.
    public var cut: EpochReport.Spread
    /// Wall seconds without reading the graph and building its adjacency.
    public var seconds: EpochReport.Spread
    /// Seeds whose result kept every tolerance.
    public var feasible: Int
    public var seeds: Int
    /// What the method said of its steps, of the first seed.
    public var steps: [String]

    init(_ method: PartitionBenchMethod, _ outcomes: [PartitionTrial.Outcome]) {
      self.method = method
      cut = EpochReport.Spread(outcomes.map { Double($0.cut) })
      seconds = EpochReport.Spread(outcomes.map(\.seconds))
      feasible = outcomes.count { $0.isFeasible }
      seeds = outcomes.count
      steps = outcomes[0].steps
    }
  }

  public var graph: String
  public var nodes: Int
  /// Pairs of neighbours.
  public var edges: Int
  public var parts: Int
  public var balance: [String]
  public var threads: Int
  public var methods: [Row]

  public var description: String {
    func spread(_ values: EpochReport.Spread, _ digits: Int) -> String {
      let texts = [values.median, values.lowest, values.highest].map { String(format: "%.\(digits)f", $0) }
      return "\(texts[0]) (\(texts[1]) to \(texts[2]))"
    }
    let rows = methods.map { row in
      let name = row.method.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
      return "\(name) cut \(spread(row.cut, 0)), \(spread(row.seconds, 3)) s, limits kept \(row.feasible) of \(row.seeds)"
    }
    return """
      \(graph): \(nodes) nodes, \(edges) pairs of neighbours, \(parts) parts, \(balance.joined(separator: " ")), \(threads) threads
      \(rows.joined(separator: "\n"))
      """
  }
}
