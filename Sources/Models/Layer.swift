import Kernels
import Tensors

/// One layer of a model: a convolution along edges, and what follows it row by row.
struct Layer: Sendable {
  let index: Int
  let convolution: any Convolution
  let finish: LayerFinish

  init(_ shape: ModelShape, index: Int, _ layout: inout ParameterLayout) {
    self.index = index
    convolution =
      switch shape.kind {
      case .sage: SageConvolution(shape, layer: index, &layout)
      case .sagePool: PoolConvolution(shape, layer: index, &layout)
      case .gcn:
        PropagationConvolution(
          shape, layer: index, outputs: shape.outputWidth(of: index), bias: "layers.\(index).bias",
          .symmetric(selfLoops: shape.selfLoops), &layout)
      case .gin: GINConvolution(shape, layer: index, &layout)
      case .gat where shape.attendsToInputs(index): InputAttentionConvolution(shape, layer: index, &layout)
      case .gat: AttentionConvolution(shape, layer: index, &layout)
      case .gatv2: AttentionV2Convolution(shape, layer: index, &layout)
      }
    finish = LayerFinish(shape, layer: index, convolution, &layout)
    layout.endLayer()
  }

  /// Computes the rows of destinations from those of their sources.
  ///
  /// - Parameter dropout: Applied to the output; `nil`: none.
  /// - Returns: The output, (D, O), in `workspace`.
  func forward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, dropout: Dropout?, mode: PassMode, workspace: LayerWorkspace,
    threads: Threads
  ) -> MatrixView {
    let output = workspace.output.matrix(rows: edges.destinationCount, columns: convolution.outputs)
    let own = own(output, in: workspace)
    let transformed =
      convolution.transformedWidth == 0
      ? nil : workspace.transformed.matrix(rows: edges.sourceCount, columns: convolution.transformedWidth)
    if transformed != nil || own != nil {
      transform(0..<edges.sourceCount, input, weights, into: transformed, own: own, workspace, threads)
    }
    workspace.keptColumns = convolution.keptWidth
    let kept = workspace.kept.matrix(rows: edges.destinationCount, columns: convolution.keptWidth)
    convolution.prepare(edges, input, weights: weights, workspace, mode, threads)
    convolution.gather(edges, input, transformed: transformed, workspace, threads)
    finish.prepare(rows: edges.destinationCount, dropout: dropout, keeps: true, workspace.finish)
    let residual = finish.residual(edges, input, weights, workspace.finish, threads)
    nonisolated(unsafe) let weights = weights
    threads.forEachChunk(of: edges.destinationCount, by: Tiles.height) { rows in
      let z = output.rows(rows)
      convolution.combine(
        rows, along: edges, input: input, transformed: transformed, own: own?.rows(rows), weights: weights, kept: kept.rows(rows),
        into: z, workspace: workspace, mode: mode)
      finish.apply(
        z, rows: rows, weights: weights, residual: residual, dropout: dropout, ids: edges.ids, keeps: true, workspace.finish, rows)
    }
    workspace.endGathering()
    return output
  }

  /// Computes the gradient of the layer's parameters, and of its input rows where it is wanted.
  ///
  /// - Parameters:
  ///   - upstream: Gradient with respect to the layer's output.
  ///   - gradient: The flat gradient; the layer's range is overwritten.
  /// - Returns: Gradient with respect to the input rows; `nil` where it was not wanted.
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) -> OutputGradient? {
    let dz = finish.backward(
      edges, input, weights: weights, upstream: upstream, gradient: gradient, wantsInput: wantsInput,
      target: workspace.activationGradient, workspace.finish, threads)
    convolution.backward(
      edges, input, weights: weights, upstream: dz, gradient: gradient, wantsInput: wantsInput, workspace: workspace, threads: threads)
    guard wantsInput else { return nil }
    var result = convolution.inputGradient(edges, workspace)
    if let residual = finish.residualInputGradient(edges, dz: dz.matrix, inputs: convolution.inputs, workspace.finish) {
      result.further.append(residual)
    }
    return result
  }

  /// Where own products of a pass with this output go.
  func own(_ output: MatrixView, in workspace: LayerWorkspace) -> MatrixView? {
    switch convolution.ownProduct {
    case .none: nil
    case .inOutput: output
    case .apart(let columns): workspace.own.matrix(rows: output.rows, columns: columns)
    }
  }

  /// The transformed rows of `rows`, and the own products of as many of the first of them as `own` has rows.
  func transform(
    _ rows: Range<Int>, _ input: LayerInput, _ weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let lanes = Lanes(rows: rows.count)
    let scratch = LaneTiles(lanes, columns: input.tileColumns(convolution.inputs), workspace.tiles)
    nonisolated(unsafe) let weights = weights
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { tile in
        convolution.transform(
          rows.lowerBound + tile.lowerBound..<rows.lowerBound + tile.upperBound, of: input, weights: weights,
          into: transformed?.rows(tile), own: own?.rows(clampedTo: tile), tile: scratch.tile(of: tile))
      }
    }
  }
}
