import Kernels
import Tensors

/// The first layer over rows that hold its neighbourhoods already: one product, then what follows it as in `Layer`.
///
/// `z = X·V`, with `X` the rows of `FirstHop` and `V` the layer's weights below each other. An own row that the layer does not multiply by
/// a weight of its own has `(1 + ε)·Σ_r W_r` there, of GIN, or zeros, where it serves the residual alone.
struct AggregatedLayer: Sendable {
  let firstHop: FirstHop
  private let finish: LayerFinish
  /// What follows the product of GIN.
  private let gin: GINConvolution?
  /// Weights of the product, then its bias.
  private let range: Range<Int>
  /// Columns of the product.
  private let width: Int
  /// The element that holds ε.
  private let epsilon: Int?

  /// `nil` where parameters take part in what the layer gathers.
  init?(_ shape: ModelShape, _ layer: Layer) {
    guard let firstHop = FirstHop(shape) else { return nil }
    self.firstHop = firstHop
    finish = layer.finish
    gin = layer.convolution as? GINConvolution
    range = gin?.propagation.range ?? layer.convolution.range
    width = gin?.propagation.outputs ?? layer.convolution.outputs
    if case .sum(let element)? = gin?.propagation.weighing { epsilon = element } else { epsilon = nil }
  }

  /// Elements of the weights as the layer has them.
  private var weightCount: Int { range.count - width }
  /// Elements of `V`.
  private var productCount: Int { firstHop.columns * width }
  /// Whether `V` is not simply the layer's weights.
  private var isFolded: Bool { productCount != weightCount }

  /// Computes the layer's output of all rows, (D, O), in `workspace`.
  func forward(
    _ input: AggregatedInput, weights: UnsafePointer<Float>, dropout: Dropout?, workspace: LayerWorkspace, threads: Threads
  ) -> MatrixView {
    let edges = input.edges
    let output = workspace.output.matrix(rows: edges.destinationCount, columns: finish.outputs)
    let inner = gin.map { _ in workspace.kept.matrix(rows: edges.destinationCount, columns: width) }
    let product = productWeight(weights, workspace.transformed)
    finish.prepare(rows: edges.destinationCount, dropout: dropout, keeps: true, workspace.finish)
    let residual = finish.residual(edges, input.own, weights, workspace.finish, threads)
    let lanes = Lanes(rows: edges.destinationCount)
    let kept = keptRows(input, workspace)
    nonisolated(unsafe) let weights = weights
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { rows in
        let z = output.rows(rows)
        input.rows.multiply(rows, by: product, into: inner?.rows(rows) ?? z, tile: kept.rows(kept.rows > 0 ? rows : 0..<0))
        if let gin, let inner { gin.applySecond(inner.rows(rows), weights: weights, into: z) }
        finish.apply(
          z, rows: rows, weights: weights, residual: residual, dropout: dropout, ids: edges.ids, keeps: true, workspace.finish, rows)
      }
    }
    return output
  }

  /// Computes the gradient of the layer's parameters after `forward`.
  ///
  /// - Parameters:
  ///   - upstream: Gradient with respect to the layer's output.
  ///   - gradient: The flat gradient; the layer's range is overwritten.
  func backward(
    _ input: AggregatedInput, weights: UnsafePointer<Float>, upstream: OutputGradient, gradient: UnsafeMutablePointer<Float>,
    workspace: LayerWorkspace, threads: Threads
  ) {
    let count = input.edges.destinationCount
    var dy = finish.backward(
      input.edges, input.own, weights: weights, upstream: upstream, gradient: gradient, wantsInput: false,
      target: workspace.activationGradient, workspace.finish, threads)
    if let gin {
      let inner = workspace.kept.matrix(rows: count, columns: width)
      dy = OutputGradient(gin.backwardSecond(inner, weights: weights, upstream: dy, gradient: gradient, workspace, threads))
    }
    let target = isFolded ? workspace.transformedGradient.matrix(rows: 1, columns: productCount + width).base : gradient + range.lowerBound
    switch input.rows {
    case .sparse:
      let weight = productWeight(weights, workspace.transformed)
      ProductGradient(
        input: input.rows, rows: count, weight: weight, weightGradient: product(at: target), hasBias: true
      ).compute(dy.materialised(rows: count, columns: width, in: workspace.scaledGradient, threads), workspace.products, threads)
    case .matrix(let rows): sumDense(rows, dy, into: target, rows: count, workspace, threads)
    case .rows: sumDense(keptRows(input, workspace), dy, into: target, rows: count, workspace, threads)
    }
    if isFolded { unfold(target, weights: weights, into: gradient) }
  }

  /// Rows that lie apart as `forward` put them together, for backward to read in order; none where they are one matrix, or sparse.
  private func keptRows(_ input: AggregatedInput, _ workspace: LayerWorkspace) -> MatrixView {
    let columns = input.rows.tileColumns(firstHop.columns)
    return workspace.own.matrix(rows: columns > 0 ? input.edges.destinationCount : 0, columns: columns)
  }

  /// One pass over the rows: each tile of the gradient is computed, used and forgotten.
  private func sumDense(
    _ input: MatrixView, _ upstream: OutputGradient, into target: UnsafeMutablePointer<Float>, rows count: Int,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let scratch = LaneTiles(Lanes(rows: count), columns: width, workspace.tiles)
    workspace.sums.sum(scratch.lanes, into: target, count: productCount + width, threads: threads) { rows, isFirst, sum in
      let dy = upstream.tile(rows, computedIn: scratch.tile(of: rows))
      MatrixProduct.multiply(transposed: input.rows(rows), dy, into: product(at: sum), accumulating: !isFirst)
      ColumnSums.add(dy, to: sum + productCount, accumulating: !isFirst)
    }
  }

  /// `V`, or its gradient, at `base`.
  private func product(at base: UnsafeMutablePointer<Float>) -> MatrixView {
    MatrixView(base: base, rows: firstHop.columns, columns: width, stride: width)
  }

  /// How much of `Σ_r W_r` the own row is multiplied by.
  private func ownFactor(_ weights: UnsafePointer<Float>) -> Float { epsilon.map { 1 + weights[$0] } ?? 0 }

  /// `V`: in place, or in `buffer`. Nothing writes through the view.
  private func productWeight(_ weights: UnsafePointer<Float>, _ buffer: GrowingBuffer<Float>) -> MatrixView {
    let stored = UnsafeMutablePointer(mutating: weights) + range.lowerBound
    guard isFolded else { return product(at: stored) }
    let folded = buffer.matrix(rows: firstHop.columns, columns: width)
    let block = firstHop.inputs * width
    folded.base.update(repeating: 0, count: block)
    for relation in 0..<firstHop.relations {
      RowArithmetic.add(stored + relation * block, times: ownFactor(weights), to: folded.base, count: block)
    }
    (folded.base + block).update(from: stored, count: weightCount)
    return folded
  }

  /// Gradients of the weights, ε and the bias from that of `V` and the bias: `dW_r = dV_r + (1 + ε)·dV_own`, `dε = Σ_r dV_own · W_r`.
  private func unfold(_ folded: UnsafePointer<Float>, weights: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
    let block = firstHop.inputs * width
    let target = gradient + range.lowerBound
    target.update(from: folded + block, count: range.count)
    var slope = 0.0
    for relation in 0..<firstHop.relations {
      RowArithmetic.add(folded, times: ownFactor(weights), to: target + relation * block, count: block)
      slope += RowArithmetic.dot(folded, weights + range.lowerBound + relation * block, count: block)
    }
    if let epsilon { gradient[epsilon] = Float(slope) }
  }
}

/// What a pass over aggregated rows begins with.
struct AggregatedInput {
  /// The rows of `FirstHop`.
  let rows: LayerInput
  /// The own rows in them, where the residual reads them.
  let own: LayerInput
  /// The nodes; there are no edges to walk.
  let edges: LayerEdges
}
