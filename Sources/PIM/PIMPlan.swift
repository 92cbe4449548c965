/// Where to aggregate: what this machine was measured to take beside what a machine with processing-in-memory is modelled to take.
public struct PIMPlan: Codable, Sendable {
  /// A layer of whole-graph inference, or of one direction of full-batch training.
  public struct Layer: Codable, Sendable {
    /// Columns of the rows it aggregates.
    public var columns: Int
    /// Measured seconds of the aggregation on the processors at hand, all parts.
    public var measuredCPU: Double
    /// Strategy for each part.
    public var strategies: [PIMStrategy]
    /// Modelled times, part after part on one machine; `nil` where a part fits no strategy.
    public var modelled: PIMTimes?
    /// Modelled seconds where host and cores overlap, without a product on the host.
    public var modelledOverlapped: Double?
    /// Joules of the machine's modules over the modelled total, and of its host where its watts are known.
    public var modelledJoules: Double?

    /// Whether the modelled machine is the faster one.
    public var recommendsPIM: Bool { modelled.map { $0.total < measuredCPU } ?? false }
  }

  /// One hop of a sampled mini-batch, whose edges and source rows are new each time.
  public struct Batch: Codable, Sendable {
    public var destinations: Int
    public var fanout: Int
    public var columns: Int
    public var measuredCPU: Double
    /// Modelled times; `load` counts for every batch.
    public var modelled: PIMTimes?
  }

  public var machine: String
  public var cores: Int
  /// Threads that were measured.
  public var threads: Int
  public var nodes: Int
  public var edges: Int
  public var layers: [Layer]
  public var batch: Batch
}

extension PIMPlan: CustomStringConvertible {
  public var description: String {
    var lines = ["\(nodes) nodes, \(edges) edges; CPU: measured here, \(threads) threads; PIM: modelled, \(machine), \(cores) cores"]
    for (number, layer) in layers.enumerated() {
      lines.append("layer \(number + 1), \(layer.columns) columns: CPU \(seconds(layer.measuredCPU)) measured, " + text(layer))
      lines.append("  recommended: \(layer.recommendsPIM ? "PIM" : "CPU")" + reason(layer))
      if let strategy = layer.strategies.first { lines.append("  strategy of the first part: \(strategy)") }
    }
    lines.append(text(batch))
    return lines.joined(separator: "\n")
  }

  private func seconds(_ value: Double) -> String { value < 0.1 ? "\(Text.short(1000 * value)) ms" : "\(Text.short(value)) s" }

  private func phases(_ times: PIMTimes) -> String {
    "host→PIM \(seconds(times.hostToPIM)), kernel \(seconds(times.kernel)), PIM→host \(seconds(times.pimToHost)), "
      + "merge \(seconds(times.merge))"
  }

  private func text(_ layer: Layer) -> String {
    guard let times = layer.modelled else { return "PIM: no strategy fits the banks" }
    let overlapped = layer.modelledOverlapped.map { ", \(seconds($0)) modelled with host and cores overlapped" } ?? ""
    let joules = layer.modelledJoules.map { ", \(Text.short($0)) J modelled" } ?? ""
    return "PIM \(seconds(times.total)) modelled (\(phases(times)); once: load \(seconds(times.load)))\(overlapped)\(joules)"
  }

  private func reason(_ layer: Layer) -> String {
    guard let times = layer.modelled else { return "" }
    let (faster, slower) = layer.recommendsPIM ? (times.total, layer.measuredCPU) : (layer.measuredCPU, times.total)
    return ", \(Text.number(slower / max(faster, 1e-12), 2)) times as fast"
  }

  private func text(_ batch: Batch) -> String {
    let name = "sampled mini-batch (\(batch.destinations) nodes, fan-out \(batch.fanout), \(batch.columns) columns)"
    guard let times = batch.modelled else { return "\(name): CPU; it fits no strategy of the machine" }
    let total = times.total + times.load
    let moved = times.load + times.hostToPIM + times.pimToHost
    let verdict =
      total > batch.measuredCPU
      ? "stays on the CPU: its edges and rows are new each time, and moving them alone is modelled to take \(seconds(moved))"
      : "is modelled to be faster on the machine, moving its edges and rows counted"
    return
      "\(name): CPU \(seconds(batch.measuredCPU)) measured, PIM \(seconds(total)) modelled (load \(seconds(times.load)), \(phases(times))); "
      + verdict
  }
}
