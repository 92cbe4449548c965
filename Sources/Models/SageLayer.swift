import Kernels
import Tensors

/// A GraphSAGE layer with the mean aggregator, one neighbour weight per relation.
///
/// `z[v] = x[v]·W_self + Σ_r mean(x[u] for u in N_r(v))·W_r + b`, then ReLU and dropout except in the last layer. Letters: `D` destinations,
/// `S` sources, `I` inputs and `O` outputs per row, `R` relations.
///
/// Aggregate first: the joined matrix `[x | mean_1 | … | mean_R]`, (D, (1 + R)·I), times all weights at once. Transform first:
/// `y_r = x·W_r`, (S, R·O), whose means are added to `x·W_self`.
///
/// Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216.
struct SageLayer: Sendable {
  let index: Int
  let inputs: Int
  let outputs: Int
  let relations: Int
  let isLast: Bool
  let order: ModelShape.ProductOrder
  /// Elements of the flat vector.
  let range: Range<Int>

  init(_ shape: ModelShape, _ layout: ParameterLayout, index: Int) {
    self.index = index
    inputs = shape.inputWidth(of: index)
    outputs = shape.outputWidth(of: index)
    relations = shape.relations.count
    isLast = index == shape.layers - 1
    order = shape.order(of: index)
    range = layout.layers[index]
  }

  /// Columns of the joined matrix, rows of all weights together.
  var joinedWidth: Int { (1 + relations) * inputs }
  /// Columns of all transformed rows together.
  var transformedWidth: Int { relations * outputs }

  /// The layer's parameters, or their gradient, at `base`, the first element of `range`.
  func parameters(at base: UnsafeMutablePointer<Float>) -> SageParameters {
    SageParameters(
      weights: MatrixView(base: base, rows: joinedWidth, columns: outputs, stride: outputs), inputs: inputs,
      bias: base + joinedWidth * outputs)
  }

  /// The layer's parameters inside the flat vector. Nothing writes through the views made of `weights`.
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
