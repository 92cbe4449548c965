import Telemetry
import Training

/// About the least seconds that the training steps of one epoch take on this machine, by stage, from counted work and measured rates.
///
/// ```
/// sample    sampled edges · 64 B ÷ random lines                 one adjacency line for each sampled edge
/// fetch     2 · pulled bytes ÷ copy                             pulled rows are written and read once
/// forward   Σ rows · row bytes ÷ rate of those rows + Σ operations ÷ rate of that product
/// backward  the same of what backward reads and multiplies
/// reduce    2 · bytes sent ÷ copy                               sums and weights are read and written once
/// update    28 B per weight and step ÷ copy                     gradient, weight and two moments read, three of them written
/// ```
/// What each layer reads and multiplies stands at `EpochWork`. A rate of rows is that of a loop which touches the very rows of the last
/// batch, on their pages and in the kernels' order (matrices of hidden rows: in huge pages, of the batch's size); a rate of a product that
/// of its shape in a mean batch, forward and for both gradients apart. Rates are the highest of their trials: a limit is what the machine
/// can do, not what it did beside other work. Stages do not overlap in it. Products of sparse rows are not counted.
public struct EpochLimits: Codable, Equatable, Sendable {
  /// Seconds by stage.
  public var stages: [String: Double]
  /// Sum over the stages.
  public var seconds: Double
  /// How each stage's seconds came about, with numbers.
  public var formulas: [String: String]

  /// - Parameters:
  ///   - traffic: What one epoch computed and moved, all workers together.
  ///   - rates: Measured with all threads of all workers.
  init(work: EpochWork, traffic: Traffic, weights: Int, steps: Int, rates: MachineLimits) {
    var terms: [Stage: [(text: String, seconds: Double)]] = [:]
    func add(_ stage: Stage, _ text: String, amount: Double, unit: String, rate: Double) {
      guard amount > 0 else { return }
      let seconds = amount / rate
      terms[stage, default: []].append(
        ("\(text): \(short(amount)) \(unit) / \(short(rate)) \(unit)/s = \(short(seconds)) s", seconds))
    }
    add(.sample, "adjacency lines", amount: Double(traffic.sampledEdges) * 64, unit: "B", rate: rates.randomLines.highest)
    add(.fetch, "pulled rows, twice", amount: 2 * Double(traffic.remoteRowBytes), unit: "B", rate: rates.streamCopy.highest)
    add(.reduce, "sent sums and weights, twice", amount: 2 * Double(traffic.reduceBytesSent), unit: "B", rate: rates.streamCopy.highest)
    add(.update, "state of the optimiser", amount: 28 * Double(weights) * Double(steps), unit: "B", rate: rates.stateCopy.highest)
    for stage in [Stage.forward, .backward] {
      for line in work.reads[stage] ?? [] {
        guard let rate = rates.reads.first(where: { $0.reads == line.reads })?.rate else { continue }
        add(
          stage, "layer \(line.reads.layer) \(line.reads.rows.rawValue)", amount: line.count * Double(line.reads.rowBytes), unit: "B",
          rate: rate.highest)
      }
      for line in work.products[stage] ?? [] {
        guard let rate = rates.products.first(where: { $0.shape == line.shape })?.rate else { continue }
        let shape = line.shape
        add(
          stage, "\(shape.rows)x\(shape.inner)x\(shape.columns) \(shape.form.rawValue)", amount: line.times * shape.operations,
          unit: "flop",
          rate: rate.highest)
      }
    }
    stages = [:]
    formulas = [:]
    for stage in Stage.allCases {
      let terms = terms[stage] ?? []
      stages[stage.rawValue] = terms.reduce(0) { $0 + $1.seconds }
      if !terms.isEmpty { formulas[stage.rawValue] = terms.map(\.text).joined(separator: "; ") }
    }
    seconds = stages.values.reduce(0, +)
  }
}

/// Three digits and a power of ten where they say enough, `1.47e10`.
private func short(_ value: Double) -> String {
  func digits(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
  guard value < 0.01 || value >= 1e4, value > 0 else { return digits(value) }
  var (mantissa, exponent) = (value, 0)
  while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  return "\(digits(mantissa))e\(exponent)"
}
