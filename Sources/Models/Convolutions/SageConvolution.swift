import Kernels
import Tensors

/// GraphSAGE with the mean aggregator, one neighbour weight per relation, and an edge weight per relation whose edges have rows.
///
/// `z[v] = x[v]·W_self + Σ_r mean(x[u] for u in N_r(v))·W_r + Σ_r mean(row of (u, v) for u in N_r(v))·E_r`.
///
/// Aggregate first: the joined matrix `[x | mean_1 | … | mean_R | edges]`, (D, (1 + R)·I + C), times all weights at once, where `edges` are
/// the means of edge rows side by side, `C` columns over all relations. Transform first: `y_r = x·W_r`, (S, R·O), whose means are added to
/// `x·W_self`; edge means are multiplied by themselves.
///
/// Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216. Edge rows: Lo et al., NOMS 2022, arXiv:2103.16329, which multiplies the mean of
/// neighbour and edge side by side.
struct SageConvolution: Convolution {
  let inputs: Int
  let outputs: Int
  let relations: Int
  /// `C`.
  let edgeColumns: Int
  let order: ModelShape.ProductOrder
  let range: Range<Int>

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    inputs = shape.inputWidth(of: layer)
    outputs = shape.outputWidth(of: layer)
    relations = shape.relations.count
    edgeColumns = shape.edgeColumns.reduce(0, +)
    order = shape.order(of: layer)
    let begin = layout.appendWeight("layers.\(layer).self.weight", inputs: inputs, outputs: outputs).lowerBound
    for relation in shape.relations {
      _ = layout.appendWeight("layers.\(layer).neighbor.\(relation).weight", inputs: inputs, outputs: outputs)
    }
    for (relation, columns) in zip(shape.relations, shape.edgeColumns) where columns > 0 {
      _ = layout.appendWeight("layers.\(layer).edge.\(relation).weight", inputs: columns, outputs: outputs)
    }
    range = begin..<layout.appendBias("layers.\(layer).bias", outputs).upperBound
  }

  /// Columns of the joined matrix that are made of node rows.
  var nodeWidth: Int { (1 + relations) * inputs }
  /// Columns of the joined matrix, rows of all weights together.
  var joinedWidth: Int { nodeWidth + edgeColumns }
  var transformedWidth: Int { order == .transformFirst ? relations * outputs : 0 }
  var ownProduct: OwnProduct { order == .transformFirst ? .inOutput : .none }
  /// The joined matrix, or its edge means.
  var keptWidth: Int { order == .aggregateFirst ? joinedWidth : edgeColumns }

  /// The parameters, or their gradient, at `base`, the first element of `range`.
  func parameters(at base: UnsafeMutablePointer<Float>) -> SageParameters {
    SageParameters(
      weights: MatrixView(base: base, rows: joinedWidth, columns: outputs, stride: outputs), inputs: inputs,
      nodeRows: nodeWidth, bias: base + joinedWidth * outputs)
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
  /// Self weight above the neighbour weights above the edge weights, ((1 + R)·I + C, O).
  let weights: MatrixView
  let inputs: Int
  /// `(1 + R)·I`.
  let nodeRows: Int
  /// (O).
  let bias: UnsafeMutablePointer<Float>

  /// Weight of a destination's own row, (I, O).
  var own: MatrixView { weights.rows(0..<inputs) }
  /// Weight of the neighbours of `relation`, (I, O).
  func neighbor(_ relation: Int) -> MatrixView { weights.rows((relation + 1) * inputs..<(relation + 2) * inputs) }
  /// Weights of nodes' rows, their own and their neighbours'.
  var nodes: MatrixView { weights.rows(0..<nodeRows) }
  /// Weights of edge means, (C, O).
  var edges: MatrixView { weights.rows(nodeRows..<weights.rows) }
}
