import Kernels
import Tensors

extension LayerFinish {
  /// The gradient with respect to what the convolution gave, and those of the finish's own parameters.
  ///
  /// - Parameters:
  ///   - upstream: Gradient with respect to the layer's output.
  ///   - gradient: The flat gradient; the finish's parameters are overwritten.
  ///   - target: Receives the gradient where it has to be computed as a whole, (D, O).
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, target: GrowingBuffer<Float>, _ workspace: FinishWorkspace,
    _ threads: Threads
  ) -> OutputGradient {
    if givesLogits { return upstream }
    var upstream = upstream
    let count = edges.destinationCount
    if isFused || workspace.maskScale != nil {
      upstream.mask = (workspace.mask.mask(rows: count, columns: outputs), workspace.maskScale ?? 1)
    }
    if isFused { return upstream }
    let output = upstream
    nonisolated(unsafe) let weights = weights
    let dz = target.matrix(rows: count, columns: outputs)
    let residualGradient =
      residual == .none || !l2Normalise ? dz : workspace.residualGradient.matrix(rows: count, columns: outputs)
    let own = (normStart == nil ? 0 : 2 * outputs) + (slope == nil ? 0 : 1)
    let scratch = LaneTiles(Lanes(rows: count), columns: outputs, workspace.tiles)
    workspace.sums.sum(
      scratch.lanes, into: gradient + (normStart ?? slope ?? 0), count: own, threads: threads
    ) { rows, isFirst, sums in
      if isFirst { sums.update(repeating: 0, count: own) }
      output.fill(rows, into: dz.rows(rows))
      let u = scratch.tile(of: rows)
      for row in rows {
        rowGradient(dz.row(row), row, u.base, weights, sums, residualGradient.row(row), workspace)
      }
    }
    residualBackward(edges, input, weights, residualGradient, gradient, wantsInput, workspace, threads)
    return OutputGradient(dz)
  }

  /// What the residual adds to the gradient of the layer's input, for its first rows.
  func residualInputGradient(_ edges: LayerEdges, dz: MatrixView?, inputs: Int, _ workspace: FinishWorkspace) -> MatrixView? {
    switch residual {
    case .none: nil
    case .input: l2Normalise ? workspace.residualGradient.matrix(rows: edges.destinationCount, columns: outputs) : dz
    case .product: workspace.residualInputGradient.matrix(rows: edges.destinationCount, columns: inputs)
    }
  }

  /// One row's way back through activation, layer normalisation, residual and L2 normalisation.
  ///
  /// - Parameters:
  ///   - g: Gradient after the activation; becomes that of `z`.
  ///   - u: Scratch of a row.
  ///   - sums: γ, β, slope; added to.
  private func rowGradient(
    _ g: UnsafeMutablePointer<Float>, _ row: Int, _ u: UnsafeMutablePointer<Float>, _ weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, _ residualGradient: UnsafeMutablePointer<Float>, _ workspace: FinishWorkspace
  ) {
    let normalised = workspace.normalised.pointer + row * outputs
    u.update(from: normalised, count: outputs)
    scaleAndShift(u, weights)
    let slopeGradient = activation.backward(g, of: u, count: outputs, slope: slope.map { weights[$0] } ?? 0)
    if slope != nil { sums[normStart == nil ? 0 : 2 * outputs] += Float(slopeGradient) }
    if let normStart {
      let gamma = weights + normStart
      for column in 0..<outputs {
        sums[column] += g[column] * normalised[column]
        sums[outputs + column] += g[column]
        g[column] *= gamma[column]
      }
      LayerNormalisation.backward(g, normalised: normalised, inverse: workspace.inverseDeviations.pointer[row], count: outputs)
    }
    guard l2Normalise else { return }
    if residual != .none { residualGradient.update(from: g, count: outputs) }
    UnitLength.backward(
      g, unit: workspace.unit.pointer + row * outputs, inverse: workspace.inverseNorms.pointer[row], count: outputs)
  }

  private func residualBackward(
    _ edges: LayerEdges, _ input: LayerInput, _ weights: UnsafePointer<Float>, _ residualGradient: MatrixView,
    _ gradient: UnsafeMutablePointer<Float>, _ wantsInput: Bool, _ workspace: FinishWorkspace, _ threads: Threads
  ) {
    guard case .product(let range) = residual else { return }
    let weight = weights.weight(range, columns: outputs)
    let dx = wantsInput ? workspace.residualInputGradient.matrix(rows: edges.destinationCount, columns: weight.rows) : nil
    ProductGradient(
      input: input, rows: edges.destinationCount, weight: weight, weightGradient: gradient.weight(range, columns: outputs),
      inputGradient: dx
    ).compute(residualGradient, workspace.products, threads)
  }
}

/// Scratch tiles of the lanes of a pass.
struct LaneTiles: Sendable {
  let lanes: Lanes
  private let tiles: MatrixView

  init(_ lanes: Lanes, columns: Int, _ buffer: GrowingBuffer<Float>) {
    self.lanes = lanes
    tiles = buffer.tiles(lanes.count, columns: columns)
  }

  /// The scratch of the lane that holds `rows`.
  func tile(of rows: Range<Int>) -> MatrixView { tiles.tile(rows.lowerBound / lanes.length) }
}
