import Kernels
import Tensors

extension LayerFinish {
  /// Makes room for a pass over `rows` destinations.
  func prepare(rows: Int, dropout: Dropout?, keeps: Bool, _ workspace: FinishWorkspace) {
    workspace.maskScale = dropout?.scale
    if isFused || dropout != nil { _ = workspace.mask.mask(rows: rows, columns: outputs) }
    guard keeps, !isFused, !givesLogits else { return }
    _ = workspace.normalised.matrix(rows: rows, columns: outputs)
    if normStart != nil { workspace.inverseDeviations.resize(to: rows) }
    guard l2Normalise else { return }
    _ = workspace.unit.matrix(rows: rows, columns: outputs)
    workspace.inverseNorms.resize(to: rows)
  }

  /// What is added to each destination, (D, O); `nil` without a residual.
  func residual(
    _ edges: LayerEdges, _ input: LayerInput, _ weights: UnsafePointer<Float>, _ workspace: FinishWorkspace, _ threads: Threads
  ) -> MatrixView? {
    let destinations = edges.own(0..<edges.destinationCount)
    if case .none = residual { return nil }
    if case .input = residual, case .matrix(let matrix) = input { return matrix.rows(destinations) }
    let target = workspace.residual.matrix(rows: edges.destinationCount, columns: outputs)
    let columns = if case .product(let range) = residual { range.count / outputs } else { 0 }
    let lanes = Lanes(rows: edges.destinationCount)
    nonisolated(unsafe) let weights = weights
    let tiles = workspace.tiles.tiles(lanes.count, columns: input.tileColumns(columns))
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { rows in
        if case .product(let range) = residual {
          let weight = weights.weight(range, columns: outputs)
          input.multiply(edges.own(rows), by: weight, into: target.rows(rows), tile: tiles.tile(lane))
        } else {
          _ = input.tile(edges.own(rows), copiedTo: target.rows(rows))
        }
      }
    }
    return target
  }

  /// Turns rows `z` of destinations `rows` into the layer's output.
  ///
  /// - Parameters:
  ///   - residual: Rows to add, of the whole pass.
  ///   - ids: Global id of each destination of the pass; read only with dropout.
  ///   - keeps: Whether backward will follow.
  func apply(
    _ z: MatrixView, rows: Range<Int>, weights: UnsafePointer<Float>, residual: MatrixView?, dropout: Dropout?,
    ids: UnsafePointer<Int64>?, keeps: Bool, _ workspace: FinishWorkspace, _ maskRows: Range<Int>
  ) {
    let bias = weights + biasStart
    if givesLogits { return Activation.bias(z, bias: bias) }
    if isFused {
      let mask = BitMask(base: workspace.mask.pointer, rows: maskRows.upperBound, columns: outputs).rows(maskRows)
      return Activation.biasReLU(z, bias: bias, dropout: dropout, ids: ids.map { $0 + rows.lowerBound }, mask: mask)
    }
    Activation.bias(z, bias: bias)
    for (index, row) in rows.enumerated() { applyRow(z.row(index), row, weights, residual, keeps, workspace) }
    guard let dropout, let ids else { return }
    let mask = BitMask(base: workspace.mask.pointer, rows: maskRows.upperBound, columns: outputs).rows(maskRows)
    dropout.fill(mask, ids: ids + rows.lowerBound)
    Activation.apply(mask, scale: dropout.scale, to: z)
  }

  private func applyRow(
    _ z: UnsafeMutablePointer<Float>, _ row: Int, _ weights: UnsafePointer<Float>, _ residual: MatrixView?, _ keeps: Bool,
    _ workspace: FinishWorkspace
  ) {
    if l2Normalise {
      let inverse = UnitLength.normalise(z, count: outputs)
      if keeps {
        (workspace.unit.pointer + row * outputs).update(from: z, count: outputs)
        workspace.inverseNorms.pointer[row] = inverse
      }
    }
    if let residual { RowArithmetic.add(residual.row(row), to: z, count: outputs) }
    if normStart != nil {
      let inverse = LayerNormalisation.normalise(z, count: outputs)
      if keeps { workspace.inverseDeviations.pointer[row] = inverse }
    }
    if keeps { (workspace.normalised.pointer + row * outputs).update(from: z, count: outputs) }
    scaleAndShift(z, weights)
    activation.apply(z, count: outputs, slope: slope.map { weights[$0] } ?? 0)
  }

  /// `γ·x̂ + β`, where rows are normalised.
  func scaleAndShift(_ row: UnsafeMutablePointer<Float>, _ weights: UnsafePointer<Float>) {
    guard let normStart else { return }
    let (gamma, beta) = (weights + normStart, weights + normStart + outputs)
    for column in 0..<outputs { row[column] = gamma[column] * row[column] + beta[column] }
  }
}
