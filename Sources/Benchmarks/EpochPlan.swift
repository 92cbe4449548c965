import Foundation
import Telemetry

/// What `halo plan` prints: one epoch on a cluster, as predicted.
public struct EpochPlan: Codable, Sendable, CustomStringConvertible {
  public var graph: String
  public var nodes: Double
  public var edges: Double
  public var trainingNodes: Double
  public var workers: Int
  public var cores: Int
  /// Bytes per second that a worker receives, and sends at the same time; `nil`: workers share a host and map each other's parts.
  public var networkBytesPerSecond: Double?
  public var steps: Int
  /// Wall seconds of an epoch's steps.
  public var seconds: Double
  public var stages: [String: Double]
  public var seedsPerSecondAndCore: Double
  /// Bytes of an epoch that one worker receives.
  public var bytes: [String: Double]
  public var memory: PlanMemory
  /// Mean sizes of a worker's part and step.
  public var batch: BatchSizes
  /// Everything that was taken for granted, a line each.
  public var assumptions: [String]

  public var description: String {
    func number(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }
    func millions(_ value: Double) -> String { number(value / 1e6, 1) }
    var lines = [
      "\(graph): \(millions(nodes)) M nodes, \(millions(edges)) M edges, \(millions(trainingNodes)) M training nodes",
      "\(workers) workers of \(cores) cores, "
        + (networkBytesPerSecond.map { "\(number($0 / 1e9, 2)) GB/s each way" } ?? "one host, parts mapped") + ", \(steps) steps an epoch",
      "epoch     \(number(seconds)) s, \(number(seedsPerSecondAndCore, 0)) seeds/s and core",
    ]
    for stage in Stage.allCases.map(\.rawValue) {
      let moved = bytes[stage].map { ", \(millions($0)) MB received by a worker" } ?? ""
      lines.append("  " + stage.padding(toLength: 10, withPad: " ", startingAt: 0) + "\(number(stages[stage] ?? 0)) s\(moved)")
    }
    lines.append(
      "memory    \(millions(memory.total)) MB a worker: graph \(millions(memory.graph)), features \(millions(memory.features)), batch "
        + "\(millions(memory.workspace)), weights \(millions(memory.weights)), program \(millions(memory.program))")
    lines.append("a part's batch: \(number(batch.seeds, 1)) seeds")
    for (index, layer) in batch.layers.enumerated() {
      lines.append(
        "  layer \(index): \(number(layer.destinations, 0)) destinations, \(number(layer.edges, 0)) edges, \(number(layer.sources, 0)) rows"
      )
    }
    lines.append("  \(number(batch.remoteRows, 0)) rows and \(number(batch.remoteNodes, 0)) nodes' samples from other workers")
    return (lines + ["assumed:"] + assumptions.map { "  - \($0)" }).joined(separator: "\n")
  }
}
