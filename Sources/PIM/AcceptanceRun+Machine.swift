import Kernels
import Tensors

extension AcceptanceRun {
  /// A core with 16 tasklets and 8 columns: whole rows of 500 edges.
  private func coreSeconds(_ type: PIMElementType, tasklets: Int = 16, addOnly: Bool = false) throws -> Double {
    var one = topology
    one.coresOfRanks = [1]
    var strategy = PIMStrategy(1, 1)
    strategy.elementType = type
    strategy.tasklets = tasklets
    strategy.addOnly = addOnly
    let degrees = ArrayView([UInt32](repeating: 500, count: 2400))
    return try PIMAggregation(one, strategy).estimate(PIMDegrees(degrees, sourceCount: 2400), columns: 8).kernel
  }

  mutating func coreRatio() throws {
    let ratio = try coreSeconds(.float32) / coreSeconds(.int32)
    acceptance.add(3, "float32 over int32, kernel of one core", ratio, target: 12, 8...16, remark: "8 columns, 500 edges a row")
  }

  /// First number of tasklets from which more gain less than a hundredth.
  mutating func tasklets() throws {
    let seconds = try (1...PIMCore.mostTasklets).map { try coreSeconds(.int32, tasklets: $0) }
    let least = seconds.min() ?? 0
    let saturated = 1 + (seconds.firstIndex { $0 <= 1.01 * least } ?? 0)
    acceptance.add(12, "tasklets from which more gain under 1 %", Double(saturated), target: 12, 11...16)
  }

  mutating func streams() throws {
    let rate = try StreamKernels.copy([Int32](repeating: 7, count: 1 << 20)).bytesPerSecond / 1e6
    acceptance.add(13, "copy inside a bank in blocks of 2048 bytes", rate, target: 628.5, 624 * 0.97...633 * 1.03, unit: "MB/s")
    let numbers = [Int32](repeating: 3, count: 1 << 20)
    acceptance.add(
      14, "vector addition", try StreamKernels.vectorAddition(numbers, numbers).cyclesPerElement, target: 10.25, within: 0.25,
      unit: "cycles")
    acceptance.add(
      14, "reduction", try StreamKernels.reduction([Int64](repeating: 3, count: 1 << 20)).cyclesPerElement, target: 8.27, within: 0.25,
      unit: "cycles", remark: "int64")
  }

  /// The oracle runs every strategy on the edges; the tuner counts. What it counts is what runs, so its choice is the best one unless it
  /// knows less than the graph.
  mutating func oracle() throws {
    report("tuner beside exhaustive runs")
    let ratios = try (0..<6).map { try TunerOracle(seed: UInt64($0)).ratios() }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let blind =
      "6 graphs of 600 nodes; \(Text.number(mean(ratios.map(\.degreesAlone)), 2)) where it is told degrees alone and half of the edges come from a sixteenth of the sources"
    acceptance.add(
      11, "tuner's choice over the best of exhaustive runs, mean", mean(ratios.map(\.graph)), target: 1, 1...1.03, remark: blind)
    acceptance.add(
      11, "tuner's choice over the best of exhaustive runs, worst", ratios.map(\.graph).max() ?? 0, target: 1, 1...1.10)
  }

  /// Add-only kernels, and overlap.
  mutating func predictions() throws {
    func add(_ name: String, _ ratio: Double, _ assumption: String) {
      acceptance.predictions.append(Acceptance.Prediction(name: name, ratio: ratio, assumption: assumption))
    }
    let rate = "additions at PrIM's rate, the loop over edges as in PyGim's kernel"
    for type in [PIMElementType.int32, .float32] {
      let gain = try coreSeconds(type) / coreSeconds(type, addOnly: true)
      add("multiply-add over add-only, kernel of one core, 8 columns, \(type.rawValue)", gain, rate)
    }
    for graph in graphs {
      report("predictions, \(graph.name)")
      var tuner = PIMTuner(topology)
      guard let plain = tuner.best(graph.degrees, columns: 256) else { continue }
      tuner.addOnly = [true]
      tuner.streamBytes = [32, 256]
      guard let added = tuner.best(graph.degrees, columns: 256) else { continue }
      add(
        "multiply-add over add-only, total, \(graph.name), 256 columns", plain.times.total / added.times.total,
        "\(rate); \(added.strategy), blocks of \(added.strategy.streamBytes) bytes")
      let overlap = OverlapSchedule.best(plain.times, dense: 0)
      add(
        "one phase after the other over overlapped, \(graph.name), 256 columns", overlap.gain,
        "\(overlap.blocks) blocks of rows that take their share of each phase; no product on the host")
    }
  }
}
