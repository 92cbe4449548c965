import Kernels
import Tensors

/// Graph isomorphism network: two products with a ReLU between them, of a node's row and the sum of its neighbours'.
///
/// `z[v] = max(0, Σ_r ((1 + ε)·x[v] + Σ x[u] for u in N_r(v))·W_r + b_0)·W`, sums over sampled neighbours scaled to their true number;
/// ε is 0 or learned. Width between the products: the hidden width.
///
/// Xu et al., ICLR 2019, arXiv:1810.00826, eq. 4.1, without batch normalisation, which would tie a row to its batch.
struct GINConvolution: Convolution {
  let propagation: PropagationConvolution
  let outputs: Int
  /// Elements of the second weight.
  let second: Range<Int>
  let range: Range<Int>

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    outputs = shape.outputWidth(of: layer)
    let begin = layout.count
    let epsilon = shape.learnEpsilon ? layout.append("layers.\(layer).epsilon", [1], .constant(0), decays: false) : nil
    propagation = PropagationConvolution(
      shape, layer: layer, outputs: shape.hidden, bias: "layers.\(layer).mlp.0.bias", .sum(epsilon: epsilon?.lowerBound), &layout)
    second = layout.appendWeight("layers.\(layer).mlp.1.weight", inputs: shape.hidden, outputs: outputs)
    range = begin..<layout.appendBias("layers.\(layer).bias", outputs).upperBound
  }

  var inputs: Int { propagation.inputs }
  var transformedWidth: Int { propagation.transformedWidth }
  var ownProduct: OwnProduct { .none }
  /// What the propagation keeps, then the rows between the products.
  var keptWidth: Int { propagation.keptWidth + propagation.outputs }

  private var innerColumns: Range<Int> { propagation.keptWidth..<keptWidth }

  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    propagation.transform(rows, of: input, weights: weights, into: transformed, own: own, tile: tile)
  }

  func gather(_ edges: LayerEdges, _ input: LayerInput, transformed: MatrixView?, _ workspace: LayerWorkspace, _ threads: Threads) {
    propagation.gather(edges, input, transformed: transformed, workspace, threads)
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    let inner = kept.columns(innerColumns)
    propagation.combine(
      rows, along: edges, input: input, transformed: transformed, own: own, weights: weights,
      kept: kept.columns(0..<propagation.keptWidth), into: inner, workspace: workspace, mode: mode)
    applySecond(inner, weights: weights, into: z)
  }

  /// What follows the first product, a tile of which `inner` holds; it then holds the rows between the products.
  func applySecond(_ inner: MatrixView, weights: UnsafePointer<Float>, into z: MatrixView) {
    Activation.bias(inner, bias: weights + propagation.biasStart)
    for row in 0..<inner.rows { RowArithmetic.relu(inner.row(row), count: inner.columns) }
    MatrixProduct.multiply(inner, weights.weight(second, columns: outputs), into: z)
  }

  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    let inner = workspace.kept.matrix(rows: edges.destinationCount, columns: keptWidth).columns(innerColumns)
    let innerGradient = backwardSecond(inner, weights: weights, upstream: upstream, gradient: gradient, workspace, threads)
    propagation.backward(
      edges, input, weights: weights, upstream: OutputGradient(innerGradient), gradient: gradient, wantsInput: wantsInput,
      workspace: workspace, threads: threads)
  }

  /// Gradient of the second weight and its bias; returns that of the first product.
  ///
  /// - Parameter inner: The rows between the products.
  func backwardSecond(
    _ inner: MatrixView, weights: UnsafePointer<Float>, upstream: OutputGradient, gradient: UnsafeMutablePointer<Float>,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    let innerGradient = workspace.innerGradient.matrix(rows: inner.rows, columns: propagation.outputs)
    let weight = weights.weight(second, columns: outputs)
    let lanes = Lanes(rows: inner.rows)
    let tiles = workspace.tiles.tiles(lanes.count, columns: outputs)
    workspace.sums.sum(lanes, into: gradient + second.lowerBound, count: second.count + outputs, threads: threads) { rows, isFirst, sum in
      let dz = upstream.tile(rows, computedIn: tiles.tile(rows.lowerBound / lanes.length))
      let h = inner.rows(rows)
      MatrixProduct.multiply(transposed: h, dz, into: sum.weight(0..<second.count, columns: outputs), accumulating: !isFirst)
      ColumnSums.add(dz, to: sum + second.count, accumulating: !isFirst)
      let dh = innerGradient.rows(rows)
      MatrixProduct.multiply(dz, transposed: weight, into: dh)
      for row in 0..<dh.rows { RowArithmetic.passPositive(dh.row(row), of: h.row(row), count: dh.columns) }
    }
    return innerGradient
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    propagation.inputGradient(edges, workspace)
  }
}
