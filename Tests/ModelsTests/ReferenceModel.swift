import Glibc
import Tensors

/// GraphSAGE with means in float64 over plain arrays, written from the formulas and sharing nothing with the model but the
/// batch: the oracle of its tests.
struct ReferenceModel {
  var batch: Batch
  /// Seed and step of the dropout; `nil`: none.
  var dropout: (seed: UInt64, step: UInt32)?

  /// Parameters of one layer cut from the flat vector: self weight, weight by relation, bias.
  private func parameters(_ weights: [Double], layer: Int) -> (own: [[Double]], neighbors: [[[Double]]], bias: [Double]) {
    let shape = batch.shape
    let width = { (layer: Int) in layer == 0 ? shape.inputColumns : layer == shape.layers ? shape.classes : shape.hidden }
    var begin = (0..<layer).reduce(0) { $0 + (1 + shape.relations.count) * width($1) * width($1 + 1) + width($1 + 1) }
    func matrix() -> [[Double]] {
      defer { begin += width(layer) * width(layer + 1) }
      return (0..<width(layer)).map { Array(weights[begin + $0 * width(layer + 1)..<begin + ($0 + 1) * width(layer + 1)]) }
    }
    let own = matrix()
    let neighbors = shape.relations.map { _ in matrix() }
    return (own, neighbors, Array(weights[begin..<begin + width(layer + 1)]))
  }

  /// What an element is multiplied by: 0, or 1 / (chance to be kept).
  private func factor(_ probability: Float, layer: Int, id: Int64, column: Int) -> Double {
    guard let dropout, probability > 0 else { return 1 }
    let block = RandomKey(seed: dropout.seed, purpose: .dropout, layer: layer)
      .bits(id: UInt64(id), step: dropout.step, block: UInt32(column / 8))
    let draw = block[column % 8 / 2] >> (column % 2 == 0 ? 0 : 16) & 0xffff
    let dropped = (Double(probability) * 65_536).rounded()
    return Double(draw) < dropped ? 0 : 65_536 / (65_536 - dropped)
  }

  func inputs() -> [[Double]] {
    batch.features.enumerated().map { row, values in
      let sum = batch.shape.rowNormalise ? values.reduce(0) { $0 + Double($1) } : 1
      return values.enumerated().map { column, value in
        (sum == 0 ? 0 : Double(value) / sum)
          * factor(batch.shape.inputDropout, layer: 0, id: batch.ids[0][row], column: column)
      }
    }
  }

  func logits(_ weights: [Double], inputs: [[Double]]) -> [[Double]] {
    var x = inputs
    for layer in 0..<batch.shape.layers {
      let (own, neighbors, bias) = parameters(weights, layer: layer)
      x = (0..<batch.destinations[layer]).map { destination in
        var z = bias
        func add(_ row: [Double], _ weight: [[Double]], _ factor: Double) {
          for (input, value) in row.enumerated() where value != 0 {
            for output in z.indices { z[output] += factor * value * weight[input][output] }
          }
        }
        add(x[destination], own, 1)
        for (relation, weight) in neighbors.enumerated() {
          let sources = batch.edges[layer][relation][destination]
          for source in sources { add(x[Int(source)], weight, 1 / Double(sources.count)) }
        }
        guard layer < batch.shape.layers - 1 else { return z }
        return z.enumerated().map { column, value in
          max(value, 0) * factor(batch.shape.dropout, layer: layer + 1, id: batch.ids[layer][destination], column: column)
        }
      }
    }
    return x
  }

  /// Cross-entropy summed over the seeds.
  func loss(_ weights: [Double], inputs: [[Double]]) -> Double {
    zip(logits(weights, inputs: inputs), batch.labels).reduce(0) { sum, seed in
      let largest = seed.0.max() ?? 0
      return sum + log(seed.0.reduce(0) { $0 + exp($1 - largest) }) + largest - seed.0[Int(seed.1)]
    }
  }
}
