import Foundation
import Models
import Tensors

/// Every model over a whole graph in float64, from the formulas and the names of the parameters: the oracle of exact inference.
struct FullGraphReference {
  let graph: RandomGraph
  let shape: ModelShape
  let layout: ParameterLayout
  let weights: [Double]
  /// Sources of each node's in-edges, by relation.
  private let sources: [[[Int]]]
  /// Input numbers of these in-edges.
  private let numbers: [[[Int]]]

  init(_ graph: RandomGraph, _ model: Model, _ weights: Buffer<Float>) {
    self.graph = graph
    shape = model.shape
    layout = model.parameters
    self.weights = (0..<weights.count).map { Double(weights[$0]) }
    sources = graph.relations.map { edges in
      edges.reduce(into: [[Int]](repeating: [], count: graph.nodes)) { $0[Int($1.1)].append(Int($1.0)) }
    }
    numbers = graph.relations.map { edges in
      edges.indices.reduce(into: [[Int]](repeating: [], count: graph.nodes)) { $0[Int(edges[$1].1)].append($1) }
    }
  }

  /// Logits by node, and what the last product reads; `nil` where that is the features.
  func outputs() -> (logits: [[Double]], embeddings: [[Double]]?) {
    var x = (0..<graph.nodes).map { node in
      let row = graph.features[node * graph.columns..<(node + 1) * graph.columns].map(Double.init)
      let sum = row.reduce(0, +)
      return shape.rowNormalise ? row.map { sum == 0 ? 0 : $0 / sum } : row
    }
    var outputs: [[[Double]]] = []
    for layer in 0..<shape.layers {
      let input = x
      x = convolution(layer, input).enumerated().map { node, z in
        finish(layer, added(z, vector("layers.\(layer).bias")!), input[node])
      }
      outputs.append(x)
    }
    guard shape.jump != .none else { return (x, shape.layers > 1 ? outputs[shape.layers - 2] : nil) }
    let joined = x.indices.map { node -> [Double] in
      let rows = outputs.map { $0[node] }
      return switch shape.jump {
      case .none, .last: rows[rows.count - 1]
      case .concatenate: rows.flatMap { $0 }
      case .max: rows[0].indices.map { column in rows.map { $0[column] }.max()! }
      }
    }
    return (joined.map { added(times($0, "output.weight"), vector("output.bias")!) }, joined)
  }

  private func convolution(_ layer: Int, _ x: [[Double]]) -> [[Double]] {
    switch shape.kind {
    case .sage, .sagePool: sage(layer, x)
    case .gcn, .gin: propagation(layer, x)
    case .gat, .gatv2: attention(layer, x)
    }
  }

  private func sage(_ layer: Int, _ x: [[Double]]) -> [[Double]] {
    x.indices.map { node in
      var z = times(x[node], "layers.\(layer).self.weight")
      for (relation, name) in graph.relationNames.enumerated() where !sources[relation][node].isEmpty {
        var rows = sources[relation][node].map { x[$0] }
        if shape.kind == .sagePool {
          let bias = vector("layers.\(layer).pool.\(name).bias")!
          rows = rows.map { added(times($0, "layers.\(layer).pool.\(name).weight"), bias).map { max(0, $0) } }
        }
        let gathered = rows[0].indices.map { column in
          let values = rows.map { $0[column] }
          return shape.kind == .sagePool ? values.max()! : values.reduce(0, +) / Double(values.count)
        }
        z = added(z, times(gathered, "layers.\(layer).neighbor.\(name).weight"))
        guard layout["layers.\(layer).edge.\(name).weight"] != nil else { continue }
        for edge in numbers[relation][node] {
          let row = graph.edgeRow(relation, edge).map { Double($0) / Double(rows.count) }
          z = added(z, times(row, "layers.\(layer).edge.\(name).weight"))
        }
      }
      return z
    }
  }

  /// GCN: `Σ_r (D^-1/2 (A_r + I) D^-1/2 x) W_r`; GIN: `max(0, Σ_r ((1 + ε) I + A_r) x W_r + b) W`.
  private func propagation(_ layer: Int, _ x: [[Double]]) -> [[Double]] {
    let isGCN = shape.kind == .gcn
    let loop = isGCN ? (shape.selfLoops ? 1.0 : 0) : 1 + (vector("layers.\(layer).epsilon")?[0] ?? 0)
    let factors = x.indices.map { node -> Double in
      guard isGCN else { return 1 }
      let degree = Double(sources.reduce(0) { $0 + $1[node].count }) + loop
      return degree == 0 ? 0 : 1 / degree.squareRoot()
    }
    return x.indices.map { node in
      var z: [Double]?
      for (relation, name) in graph.relationNames.enumerated() {
        var row = x[node].map { $0 * loop * factors[node] * factors[node] }
        for source in sources[relation][node] {
          row = added(row, x[source].map { $0 * factors[source] * factors[node] })
        }
        let term = times(row, "layers.\(layer).neighbor.\(name).weight")
        z = z.map { added($0, term) } ?? term
      }
      if isGCN { return z! }
      return times(added(z!, vector("layers.\(layer).mlp.0.bias")!).map { max(0, $0) }, "layers.\(layer).mlp.1.weight")
    }
  }

  private func attention(_ layer: Int, _ x: [[Double]]) -> [[Double]] {
    let averages = shape.jump == .none && layer == shape.layers - 1
    let heads = averages ? shape.outputHeads : shape.heads
    let width = averages ? shape.classes : shape.hidden / heads
    var z = x.map { _ in [Double](repeating: 0, count: averages ? width : heads * width) }
    for (relation, name) in graph.relationNames.enumerated() {
      let h = x.map { times($0, "layers.\(layer).neighbor.\(name).weight") }
      let targets = shape.kind == .gat ? h : x.map { times($0, "layers.\(layer).destination.\(name).weight") }
      for node in x.indices {
        let edges = sources[relation][node] + (shape.selfLoops ? [node] : [])
        for head in 0..<heads {
          let columns = head * width..<(head + 1) * width
          let scores = edges.map { exp(score(layer, name, h[$0], targets[node], columns)) }
          let sum = scores.reduce(0, +)
          for (edge, source) in edges.enumerated() {
            for column in columns {
              z[node][averages ? column - columns.lowerBound : column] +=
                scores[edge] / sum * h[source][column] / (averages ? Double(heads) : 1)
            }
          }
        }
      }
    }
    return z
  }

  private func score(_ layer: Int, _ relation: String, _ source: [Double], _ destination: [Double], _ columns: Range<Int>) -> Double {
    func leaky(_ value: Double) -> Double { value > 0 ? value : 0.2 * value }
    if shape.kind == .gatv2 {
      let a = vector("layers.\(layer).attention.\(relation)")!
      return columns.reduce(0) { $0 + a[$1] * leaky(source[$1] + destination[$1]) }
    }
    let s = vector("layers.\(layer).attention.source.\(relation)")!
    let d = vector("layers.\(layer).attention.destination.\(relation)")!
    return leaky(columns.reduce(0) { $0 + s[$1] * source[$1] + d[$1] * destination[$1] })
  }

  /// L2 normalisation, residual, layer normalisation, activation.
  private func finish(_ layer: Int, _ z: [Double], _ x: [Double]) -> [Double] {
    if shape.jump == .none && layer == shape.layers - 1 { return z }
    var z = z
    if shape.l2Normalise {
      let norm = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 1e-12 { z = z.map { $0 / norm } }
    }
    if shape.residual { z = added(z, layout["layers.\(layer).residual.weight"] != nil ? times(x, "layers.\(layer).residual.weight") : x) }
    if shape.norm == .layer {
      let mean = z.reduce(0, +) / Double(z.count)
      let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(z.count)
      let (gamma, beta) = (vector("layers.\(layer).norm.weight")!, vector("layers.\(layer).norm.bias")!)
      z = z.indices.map { gamma[$0] * (z[$0] - mean) / (variance + 1e-5).squareRoot() + beta[$0] }
    }
    return z.map { value in
      if value > 0 { return value }
      return switch shape.activation {
      case .relu: 0
      case .elu: exp(value) - 1
      case .prelu: value * vector("layers.\(layer).activation.slope")![0]
      }
    }
  }

  private func vector(_ name: String) -> [Double]? { layout[name].map { Array(weights[$0.range]) } }

  private func times(_ row: [Double], _ name: String) -> [Double] {
    let parameter = layout[name]!
    let columns = parameter.shape[1]
    var result = [Double](repeating: 0, count: columns)
    for (input, value) in row.enumerated() {
      for output in 0..<columns { result[output] += value * weights[parameter.range.lowerBound + input * columns + output] }
    }
    return result
  }

  private func added(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(+) }
}
