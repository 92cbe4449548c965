import Kernels
import Tensors

extension PropagationConvolution {
  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    guard let transformed else { return }
    let weights = self.weights(in: weights)
    let x = input.denseTile(rows, copiedTo: tile)
    for relation in 0..<relations {
      input.multiply(rows, x, by: weights.rows(inputColumns(relation)), into: transformed.columns(outputColumns(relation)))
    }
  }

  func gather(_ edges: LayerEdges, _ input: LayerInput, transformed: MatrixView?, _ workspace: LayerWorkspace, _ threads: Threads) {
    if let transformed {
      let scales = sourceScales(workspace)
      workspace.gather(.mean, threads) {
        (RowSource(transformed.columns(outputColumns($0))), edges.neighborhood($0, scales: scales))
      }
    } else {
      let (source, factors) = input.dense
      let both = storedFactors(factors, workspace)
      workspace.gather(.mean, threads) { (source, edges.neighborhood($0, scales: both)) }
    }
  }

  /// What a stored row is multiplied by to give `s·x`, from the factors of the input; `nil`: 1.
  private func storedFactors(_ factors: UnsafePointer<Float>?, _ workspace: LayerWorkspace) -> UnsafePointer<Float>? {
    let scales = sourceScales(workspace)
    return scales != nil && factors != nil ? UnsafePointer(workspace.factoredScales.pointer) : scales ?? factors
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    let scales = sourceScales(workspace)
    let selfWeight = selfWeight(weights)
    guard let transformed else {
      let (source, factors) = input.dense
      let both = storedFactors(factors, workspace)
      for (relation, means) in workspace.gathered.enumerated() {
        propagate(
          rows, edges, relation, means, source, scales: scales, factors: both, selfWeight, into: kept.columns(inputColumns(relation)))
      }
      return MatrixProduct.multiply(kept, self.weights(in: weights), into: z)
    }
    for (relation, means) in workspace.gathered.enumerated() {
      let source = RowSource(transformed.columns(outputColumns(relation)))
      let target = relation == 0 ? z : kept
      propagate(rows, edges, relation, means, source, scales: scales, factors: scales, selfWeight, into: target)
      guard relation > 0 else { continue }
      for row in 0..<z.rows { RowArithmetic.add(kept.row(row), to: z.row(row), count: outputs) }
    }
  }

  /// `out[v] = c[v]·(d[v]·mean(s[u]·x[u]) + w·s[v]·x[v])` for the destinations of a tile.
  ///
  /// - Parameters:
  ///   - means: The means of `s·x`.
  ///   - source: Stored rows.
  ///   - scales: `s`, `nil`: 1; `c` of a destination is its `s`.
  ///   - factors: What a stored row is multiplied by to give `s·x`; `nil`: 1.
  ///   - selfWeight: `w`.
  func propagate(
    _ rows: Range<Int>, _ edges: LayerEdges, _ relation: Int, _ means: Gathered, _ source: RowSource, scales: UnsafePointer<Float>?,
    factors: UnsafePointer<Float>?, _ selfWeight: Float, into out: MatrixView
  ) {
    means.write(rows, into: out)
    let first = edges.own(rows).lowerBound
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Tiles.height) { buffer in
      let meanScales = buffer.baseAddress.unsafelyUnwrapped
      let ownScales = meanScales + Tiles.height
      for (index, row) in rows.enumerated() {
        let own = scales?[first + index] ?? 1
        meanScales[index] = own * Float(edges.degree(row, relation: relation))
        ownScales[index] = own * selfWeight * (factors?[first + index] ?? 1)
      }
      RowArithmetic.blend(out, by: meanScales, with: source, from: first, times: ownScales)
    }
  }
}
