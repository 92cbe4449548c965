/// Where to aggregate: what this machine was measured to take beside what a machine with processing-in-memory is modelled to take.
public struct PIMPlan: Codable, Sendable {
  /// A layer of whole-graph inference, or of one direction of full-batch training.
  public struct Layer: Codable, Sendable {
    /// Columns of the rows it aggregates.
    public var columns: Int
    /// Measured seconds of the aggregation on the processors at hand, all parts.
    public var measuredCPU: Double
    /// Slices of each part's sources that the planner gave their cache; 1: none but the whole.
    public var cacheSlices: [Int] = []
    /// Joules of the machine's host over these seconds, as if it were the one at hand; `nil` where its watts are not known.
    public var hostJoules: Double?
    /// Strategy for each part.
    public var strategies: [PIMStrategy]
    /// Modelled times, part after part on one machine; `nil` where a part fits no strategy.
    public var modelled: PIMTimes?
    /// Modelled seconds where host and cores overlap and the host aggregates a share of the destinations as fast as it was measured here;
    /// without a product on the host.
    public var modelledOverlapped: Double?
    /// Share of the destinations that the host then takes, the mean over parts.
    public var modelledHostShare: Double?
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
  /// Watts of the machine's modules while their cores work, and of its host; `nil`: not known, and left out of energy.
  public var moduleWatts: Double
  public var hostWatts: Double?
  /// Threads that were measured.
  public var threads: Int
  public var nodes: Int
  public var edges: Int
  public var layers: [Layer]
  public var batch: Batch
}

extension PIMPlan: CustomStringConvertible {
  public var description: String {
    let host = hostWatts.map { "\(Text.short($0)) W of the host" } ?? "none of the host"
    var lines = [
      "\(nodes) nodes, \(edges) edges; CPU: measured here, \(threads) threads; PIM: modelled, \(machine), \(cores) cores",
      "energy: modelled, \(Text.short(moduleWatts)) W of the modules and \(host) over modelled seconds; CPU: the host's over measured seconds",
    ]
    for (number, layer) in layers.enumerated() {
      lines.append("layer \(number + 1), \(layer.columns) columns: CPU \(processors(layer)), " + text(layer))
      lines.append("  recommended: \(layer.recommendsPIM ? "PIM" : "CPU")" + reason(layer))
      if let strategy = layer.strategies.first { lines.append("  strategy of the first part: \(strategy)") }
    }
    lines.append(text(batch))
    return lines.joined(separator: "\n")
  }

  private func seconds(_ value: Double) -> String { Text.seconds(value) }

  private func processors(_ layer: Layer) -> String {
    let sliced = layer.cacheSlices.filter { $0 > 1 }.count
    let slices = sliced > 0 ? " (sources of \(sliced) of \(layer.cacheSlices.count) parts sliced for the cache)" : ""
    return "\(seconds(layer.measuredCPU)) measured\(slices)" + (layer.hostJoules.map { ", \(Text.short($0)) J modelled" } ?? "")
  }

  private func phases(_ times: PIMTimes) -> String {
    "host→PIM \(seconds(times.hostToPIM)), kernel \(seconds(times.kernel)), PIM→host \(seconds(times.pimToHost)), "
      + "merge \(seconds(times.merge))"
  }

  private func text(_ layer: Layer) -> String {
    guard let times = layer.modelled else { return "PIM: no strategy fits the banks" }
    let share = Text.short(100 * (layer.modelledHostShare ?? 0))
    let overlapped =
      layer.modelledOverlapped.map { ", \(seconds($0)) modelled with host and cores overlapped, the host taking \(share) % of the rows" }
      ?? ""
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
