import Kernels
import Tensors

/// GraphSAGE with the mean aggregator, one neighbour weight per relation.
///
/// `z[v] = x[v]·W_self + Σ_r mean(x[u] for u in N_r(v))·W_r`.
///
/// Aggregate first: the joined matrix `[x | mean_1 | … | mean_R]`, (D, (1 + R)·I), times all weights at once. Transform first:
/// `y_r = x·W_r`, (S, R·O), whose means are added to `x·W_self`.
///
/// Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216.
struct SageConvolution: Convolution {
  let inputs: Int
  let outputs: Int
  let relations: Int
  let order: ModelShape.ProductOrder
  let range: Range<Int>

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    inputs = shape.inputWidth(of: layer)
    outputs = shape.outputWidth(of: layer)
    relations = shape.relations.count
    order = shape.order(of: layer)
    let begin = layout.appendWeight("layers.\(layer).self.weight", inputs: inputs, outputs: outputs).lowerBound
    for relation in shape.relations {
      _ = layout.appendWeight("layers.\(layer).neighbor.\(relation).weight", inputs: inputs, outputs: outputs)
    }
    range = begin..<layout.appendBias("layers.\(layer).bias", outputs).upperBound
  }

  /// Columns of the joined matrix, rows of all weights together.
  var joinedWidth: Int { (1 + relations) * inputs }
  var transformedWidth: Int { order == .transformFirst ? relations * outputs : 0 }
  var ownProduct: OwnProduct { order == .transformFirst ? .inOutput : .none }
  var keptWidth: Int { order == .aggregateFirst ? joinedWidth : 0 }

  /// The parameters, or their gradient, at `base`, the first element of `range`.
  func parameters(at base: UnsafeMutablePointer<Float>) -> SageParameters {
    SageParameters(
      weights: MatrixView(base: base, rows: joinedWidth, columns: outputs, stride: outputs), inputs: inputs,
      bias: base + joinedWidth * outputs)
  }

  /// The parameters inside the flat vector. Nothing writes through the views made of `weights`.
  func parameters(in weights: UnsafePointer<Float>) -> SageParameters {
    parameters(at: UnsafeMutablePointer(mutating: weights) + range.lowerBound)
  }

  /// Columns of the joined matrix that hold the mean of `relation`, or the row itself (`nil`).
  func joinedColumns(_ relation: Int?) -> Range<Int> {
    let place = relation.map { $0 + 1 } ?? 0
    return place * inputs..<(place + 1) * inputs
  }

  /// Columns of the transformed matrix that hold `relation`.
  func transformedColumns(_ relation: Int) -> Range<Int> { relation * outputs..<(relation + 1) * outputs }
}

/// The parameters of one layer, or their gradient.
struct SageParameters: @unchecked Sendable {
  // Sendable: parallel kernels write disjoint rows of a gradient and only read weights.
  /// Self weight above the neighbour weights, ((1 + R)·I, O).
  let weights: MatrixView
  let inputs: Int
  /// (O).
  let bias: UnsafeMutablePointer<Float>

  /// Weight of a destination's own row, (I, O).
  var own: MatrixView { weights.rows(0..<inputs) }
  /// Weight of the neighbours of `relation`, (I, O).
  func neighbor(_ relation: Int) -> MatrixView { weights.rows((relation + 1) * inputs..<(relation + 2) * inputs) }
}
