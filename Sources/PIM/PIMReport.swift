/// What the layers of a run are modelled to take on a machine, beside what was measured here.
public struct PIMReport: Hashable, Codable, Sendable {
  /// Name of the machine.
  public var machine: String
  public var elementType: PIMElementType
  /// Aggregations of a layer of a part, forward or backward.
  public var passes = 0
  /// Modelled times of all passes, one after the other; edges that stay in the banks are loaded once.
  public var modelled = PIMTimes()
  /// Measured seconds that simulating the passes took: no time of any machine.
  public var simulationSeconds = 0.0
  /// Measured seconds of everything else: products, activations, reading and writing.
  public var hostSeconds = 0.0

  public init(machine: String, elementType: PIMElementType) {
    self.machine = machine
    self.elementType = elementType
  }

  /// Workers side by side, their parts one after the other on one machine.
  ///
  /// - Parameters:
  ///   - workers: The report of each.
  ///   - seconds: Measured seconds of the whole run.
  public init(workers: [PIMReport], seconds: Double) {
    precondition(!workers.isEmpty, "reports of a worker or more")
    self = workers[0]
    for worker in workers.dropFirst() {
      passes += worker.passes
      modelled = modelled + worker.modelled
      simulationSeconds = max(simulationSeconds, worker.simulationSeconds)
    }
    hostSeconds = max(0, seconds - simulationSeconds)
  }
}

extension PIMReport: CustomStringConvertible {
  public var description: String {
    let phases = [
      ("load", modelled.load), ("host→PIM", modelled.hostToPIM), ("kernel", modelled.kernel), ("PIM→host", modelled.pimToHost),
      ("merge", modelled.merge), ("all", modelled.load + modelled.total),
    ]
    return """
      aggregation on \(machine), \(elementType.rawValue), \(passes) passes: \
      \(phases.map { "\($0.0) \(Text.seconds($0.1)) modelled" }.joined(separator: ", "))
      everything else: \(Text.seconds(hostSeconds)) measured here, and \(Text.seconds(simulationSeconds)) to simulate the machine
      """
  }
}
