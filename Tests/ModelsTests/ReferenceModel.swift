import Glibc
import Models
import Tensors

/// Every model in float64 over plain arrays, written from the formulas and sharing nothing with the model but the batch and the
/// names of its parameters: the oracle of its tests.
struct ReferenceModel {
  var batch: Batch
  var shape: ModelShape
  let layout: ParameterLayout
  /// Seed and step of the dropout; `nil`: none.
  var dropout: (seed: UInt64, step: UInt32)?

  init(batch: Batch, model: Model, dropout: (seed: UInt64, step: UInt32)? = nil) {
    self.batch = batch
    shape = model.shape
    layout = model.parameters
    self.dropout = dropout
  }

  func vector(_ weights: [Double], _ name: String) -> [Double]? { layout[name].map { Array(weights[$0.range]) } }

  func matrix(_ weights: [Double], _ name: String) -> [[Double]]? {
    guard let parameter = layout[name], parameter.shape.count == 2 else { return nil }
    let columns = parameter.shape[1]
    return (0..<parameter.shape[0]).map { row in
      Array(weights[parameter.range.lowerBound + row * columns..<parameter.range.lowerBound + (row + 1) * columns])
    }
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

  /// Input rows, one feature moved.
  func inputs(moving place: (row: Int, column: Int, by: Double)? = nil) -> [[Double]] {
    batch.features.enumerated().map { row, values in
      let sum = shape.rowNormalise ? values.reduce(0) { $0 + Double($1) } : 1
      return values.enumerated().map { column, value in
        (sum == 0 ? 0 : (Double(value) + (place.map { $0.row == row && $0.column == column ? $0.by : 0 } ?? 0)) / sum)
          * factor(shape.inputDropout, layer: 0, id: batch.ids[0][row], column: column)
      }
    }
  }

  /// Logits of the seeds.
  func logits(_ weights: [Double], inputs: [[Double]]) -> [[Double]] {
    var x = inputs
    var outputs: [[[Double]]] = []
    for layer in 0..<shape.layers {
      x = output(of: layer, x, weights)
      outputs.append(x)
    }
    guard shape.jump != .none else { return x }
    return x.indices.map { seed in
      let rows = outputs.map { $0[seed] }
      let joined: [Double] =
        switch shape.jump {
        case .none, .last: rows.last!
        case .concatenate: rows.flatMap { $0 }
        case .max: rows[0].indices.map { column in rows.map { $0[column] }.max()! }
        }
      return sum(vector(weights, "output.bias")!, product(joined, matrix(weights, "output.weight")!))
    }
  }

  /// Rows of a layer's destinations from those of its sources.
  func output(of layer: Int, _ x: [[Double]], _ weights: [Double]) -> [[Double]] {
    let bias = vector(weights, "layers.\(layer).bias")!
    return convolution(layer, x, weights).enumerated().map { row, values in
      finish(layer, sum(values, bias), row, x[row], weights)
    }
  }

  private func finish(_ layer: Int, _ z: [Double], _ row: Int, _ x: [Double], _ weights: [Double]) -> [Double] {
    if shape.jump == .none && layer == shape.layers - 1 { return z }
    var z = z
    if shape.l2Normalise {
      let norm = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 1e-12 { z = z.map { $0 / norm } }
    }
    if shape.residual {
      z = sum(z, matrix(weights, "layers.\(layer).residual.weight").map { product(x, $0) } ?? x)
    }
    if shape.norm == .layer {
      let mean = z.reduce(0, +) / Double(z.count)
      let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(z.count)
      let gamma = vector(weights, "layers.\(layer).norm.weight")!
      let beta = vector(weights, "layers.\(layer).norm.bias")!
      z = z.indices.map { gamma[$0] * (z[$0] - mean) / (variance + 1e-5).squareRoot() + beta[$0] }
    }
    let slope = vector(weights, "layers.\(layer).activation.slope")?[0] ?? 0
    return z.enumerated().map { column, value in
      let activated = activate(value, slope: slope)
      return activated == 0 ? 0 : activated * factor(shape.dropout, layer: layer + 1, id: batch.ids[layer][row], column: column)
    }
  }

  private func activate(_ value: Double, slope: Double) -> Double {
    if value > 0 { return value }
    return switch shape.activation {
    case .relu: 0
    case .elu: exp(value) - 1
    case .prelu: slope * value
    }
  }

  private func convolution(_ layer: Int, _ x: [[Double]], _ weights: [Double]) -> [[Double]] {
    switch shape.kind {
    case .sage: sage(layer, x, weights, pooled: false)
    case .sagePool: sage(layer, x, weights, pooled: true)
    case .gcn: propagation(layer, x, weights)
    case .gin: gin(layer, x, weights)
    case .gat, .gatv2: attention(layer, x, weights)
    }
  }

  private func sage(_ layer: Int, _ x: [[Double]], _ weights: [Double], pooled: Bool) -> [[Double]] {
    (0..<batch.destinations[layer]).map { destination in
      var z = product(x[destination], matrix(weights, "layers.\(layer).self.weight")!)
      for (relation, name) in shape.relations.enumerated() {
        var rows = batch.edges[layer][relation][destination].map { x[Int($0)] }
        guard !rows.isEmpty else { continue }
        if pooled {
          let weight = matrix(weights, "layers.\(layer).pool.\(name).weight")!
          let bias = vector(weights, "layers.\(layer).pool.\(name).bias")!
          rows = rows.map { sum(bias, product($0, weight)).map { max(0, $0) } }
        }
        let gathered = rows[0].indices.map { column in
          pooled ? rows.map { $0[column] }.max()! : rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
        }
        z = sum(z, product(gathered, matrix(weights, "layers.\(layer).neighbor.\(name).weight")!))
        guard let weight = matrix(weights, "layers.\(layer).edge.\(name).weight") else { continue }
        for place in rows.indices {
          let row = batch.edgeRow(layer: layer, relation: relation, destination: destination, place: place)
          z = sum(z, product(row.map { Double($0) / Double(rows.count) }, weight))
        }
      }
      return z
    }
  }

  /// Neighbours scaled to their true number, before the bias.
  private func propagation(_ layer: Int, _ x: [[Double]], _ weights: [Double]) -> [[Double]] {
    let isGCN = shape.kind == .gcn
    let loops = isGCN && shape.selfLoops ? 1.0 : 0
    func root(_ row: Int) -> Double {
      guard isGCN else { return 1 }
      let degree = Double(batch.sourceDegrees[layer][row]) + loops
      return degree == 0 ? 0 : 1 / degree.squareRoot()
    }
    let own = isGCN ? loops : 1 + (vector(weights, "layers.\(layer).epsilon")?[0] ?? 0)
    return (0..<batch.destinations[layer]).map { destination in
      var z: [Double]?
      for (relation, name) in shape.relations.enumerated() {
        let sources = batch.edges[layer][relation][destination]
        let all = Double(batch.degrees[layer][relation][destination])
        var gathered = x[destination].map { $0 * own * root(destination) * root(destination) }
        for source in sources {
          for column in gathered.indices {
            gathered[column] +=
              root(destination) * root(Int(source)) * x[Int(source)][column] * all / Double(sources.count)
          }
        }
        let term = product(gathered, matrix(weights, "layers.\(layer).neighbor.\(name).weight")!)
        z = z.map { sum($0, term) } ?? term
      }
      return z!
    }
  }

  private func gin(_ layer: Int, _ x: [[Double]], _ weights: [Double]) -> [[Double]] {
    let bias = vector(weights, "layers.\(layer).mlp.0.bias")!
    let second = matrix(weights, "layers.\(layer).mlp.1.weight")!
    return propagation(layer, x, weights).map { product(sum($0, bias).map { max(0, $0) }, second) }
  }

  func product(_ row: [Double], _ weight: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: weight[0].count)
    for (input, value) in row.enumerated() where value != 0 {
      for output in result.indices { result[output] += value * weight[input][output] }
    }
    return result
  }

  func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(+) }

  /// Softmax cross-entropy summed over the seeds.
  func loss(_ weights: [Double], inputs: [[Double]]) -> Double {
    zip(logits(weights, inputs: inputs), batch.labels).reduce(0) { total, pair in
      let (row, label) = pair
      let largest = row.max()!
      return total + log(row.reduce(0) { $0 + exp($1 - largest) }) + largest - row[Int(label)]
    }
  }
}
