import Models
import Training

/// About the least seconds that the training steps of one epoch take on this machine, by stage, from counted work and measured rates.
///
/// ```
/// sample    edges · 64 B ÷ random lines             one adjacency line for each sampled edge
/// fetch     2 · pulled bytes ÷ copy                 pulled rows are written and read once
/// forward   (edges₀ + destinations₀) · row bytes ÷ random rows       input rows, read in place
///           + Σ edges_l · width · 4 B ÷ stream read                  hidden rows, l ≥ 1
///           + Σ operations_l ÷ rate of that layer's product
/// backward  Σ edges_l · width · 4 B ÷ stream read + Σ operations_l ÷ rate of that layer's product
///           + destinations₀ · row bytes ÷ random rows                rows of an exact first hop, read again
/// update    28 B per weight and step ÷ copy         gradient, weight and two moments read, three of them written
/// ```
/// Rates are the highest of their trials: a limit is what the machine can do, not what it did beside other work. Hidden rows are
/// charged as if they were streamed from memory; a stage whose rows stay in a cache can be faster than its line, so the sum is an
/// estimate, not a bound. Stages do not overlap. Letters: `width` is what a layer aggregates per edge. With an exact first hop the first
/// layer has no edges, and an input row is what it gathers. Sparse input rows are not modelled: their first layer counts no bytes.
public struct EpochLimits: Codable, Equatable, Sendable {
  /// Seconds by stage.
  public var stages: [String: Double]
  /// Sum over the stages.
  public var seconds: Double

  /// - Parameters:
  ///   - traffic: What one epoch computed, all workers together.
  ///   - rowBytes: Of a row that batches begin with.
  ///   - firstHop: What such a row holds beforehand; `nil`: the features.
  ///   - rates: Measured with all threads of all workers.
  init(shape: ModelShape, traffic: Traffic, rowBytes: Int, firstHop: FirstHop?, weights: Int, steps: Int, rates: MachineLimits) {
    var hiddenBytes = 0.0
    var forward = 0.0
    var backward = 0.0
    for (index, layer) in traffic.layers.enumerated() {
      let (inputs, outputs) = (Double(shape.inputWidth(of: index)), Double(shape.outputWidth(of: index)))
      let transformsFirst = shape.order(of: index) == .transformFirst
      let isAggregated = index == 0 && firstHop != nil
      let rows = Double(transformsFirst ? layer.sources + layer.destinations : 2 * layer.destinations)
      // A layer of sparse rows has no dense product to measure.
      let rate = rates.products.suffix(traffic.layers.count - index).first.flatMap { product in
        index == 0 && shape.sparseInput ? nil : product.rate.highest
      }
      let elements = isAggregated ? Double(layer.destinations) * Double(firstHop?.columns ?? 0) : rows * inputs
      let seconds = rate.map { 2 * elements * outputs / $0 } ?? 0
      forward += seconds
      // Weights' gradient everywhere, rows' gradient but for the input.
      backward += seconds * (index == 0 ? 1 : 2)
      if index > 0 || transformsFirst { hiddenBytes += Double(layer.edges) * (transformsFirst ? outputs : inputs) * 4 }
    }
    let first = traffic.layers[0]
    let inputBytes = shape.sparseInput ? 0 : Double(first.edges + first.destinations) * Double(rowBytes)
    stages = [
      "sample": Double(traffic.sampledEdges) * 64 / rates.randomLines.highest,
      "fetch": 2 * Double(traffic.remoteRowBytes) / rates.streamCopy.highest,
      "forward": inputBytes / rates.randomRows.highest + hiddenBytes / rates.streamRead.highest + forward,
      "backward": (firstHop == nil ? 0 : inputBytes / rates.randomRows.highest) + hiddenBytes / rates.streamRead.highest + backward,
      "reduce": 0,
      "update": 28 * Double(weights) * Double(steps) / rates.streamCopy.highest,
    ]
    seconds = stages.values.reduce(0, +)
  }
}
