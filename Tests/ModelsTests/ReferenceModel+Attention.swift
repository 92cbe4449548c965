import Glibc
import Models
import Tensors

extension ReferenceModel {
  /// GAT and GATv2 by their formulas, relation by relation, before the bias.
  func attention(_ layer: Int, _ x: [[Double]], _ weights: [Double]) -> [[Double]] {
    let averages = shape.jump == .none && layer == shape.layers - 1
    let heads = averages ? shape.outputHeads : shape.heads
    let width = averages ? shape.classes : shape.hidden / heads
    var z = [[Double]](repeating: [Double](repeating: 0, count: averages ? width : heads * width), count: batch.destinations[layer])
    for (relation, name) in shape.relations.enumerated() {
      let h = x.map { product($0, matrix(weights, "layers.\(layer).neighbor.\(name).weight")!) }
      let score = scores(layer, name, x, h, width, weights)
      for destination in z.indices {
        let sources = batch.edges[layer][relation][destination].map { Int($0) } + (shape.selfLoops ? [destination] : [])
        for head in 0..<heads {
          let values = sources.map { score($0, destination, head) }
          let largest = values.max() ?? 0
          let sum = values.reduce(0) { $0 + exp($1 - largest) }
          for (ordinal, source) in sources.enumerated() {
            let coefficient =
              exp(values[ordinal] - largest) / sum * factor(layer, relation, destination, ordinal * heads + head)
            for column in 0..<width {
              let value = coefficient * h[source][head * width + column]
              z[destination][averages ? column : head * width + column] += averages ? value / Double(heads) : value
            }
          }
        }
      }
    }
    return z
  }

  private func scores(
    _ layer: Int, _ relation: String, _ x: [[Double]], _ h: [[Double]], _ width: Int, _ weights: [Double]
  ) -> (_ source: Int, _ destination: Int, _ head: Int) -> Double {
    func leaky(_ value: Double) -> Double { value > 0 ? value : 0.2 * value }
    let prefix = "layers.\(layer)"
    if shape.kind == .gat {
      let source = vector(weights, "\(prefix).attention.source.\(relation)")!
      let destination = vector(weights, "\(prefix).attention.destination.\(relation)")!
      return { u, v, head in
        leaky((head * width..<(head + 1) * width).reduce(0) { $0 + source[$1] * h[u][$1] + destination[$1] * h[v][$1] })
      }
    }
    let vectors = vector(weights, "\(prefix).attention.\(relation)")!
    let r = x.map { product($0, matrix(weights, "\(prefix).destination.\(relation).weight")!) }
    return { u, v, head in
      (head * width..<(head + 1) * width).reduce(0) { $0 + vectors[$1] * leaky(h[u][$1] + r[v][$1]) }
    }
  }

  /// What coefficient `number` = ordinal · heads + head of a destination is multiplied by: 0, or 1 / (chance to be kept).
  private func factor(_ layer: Int, _ relation: Int, _ destination: Int, _ number: Int) -> Double {
    guard let dropout, shape.attentionDropout > 0 else { return 1 }
    let block = RandomKey(seed: dropout.seed, purpose: .attentionDropout, layer: layer, relation: relation)
      .bits(id: UInt64(batch.ids[layer][destination]), step: dropout.step, block: UInt32(number / 8))
    let draw = block[number % 8 / 2] >> (number % 2 == 0 ? 0 : 16) & 0xffff
    let dropped = (Double(shape.attentionDropout) * 65_536).rounded()
    return Double(draw) < dropped ? 0 : 65_536 / (65_536 - dropped)
  }
}
