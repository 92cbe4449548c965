import Kernels
import Tensors

/// One pass over the destinations. With `g[v, k] = dz[v, k]·W[k]ᵀ`, the gradient of a head's sum, the kernel gives the gradients `ds` and `dd`
/// of the vectors `W[k]·a[k]` of sources and destinations; then
/// `dW[k] = Σ sum[v, k]ᵀ·dz[v, k] + ds[k]·a_source[k]ᵀ + dd[k]·a_destination[k]ᵀ` and `da_source[k] = W[k]ᵀ·ds[k]`, `da_destination` alike.
extension InputAttentionConvolution {
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    precondition(!wantsInput, "rows that are learned are transformed first")
    let heads = attention.heads
    let sums = workspace.attention.inputSums.matrix(rows: 1, columns: sumCount).base
    let kept = workspace.kept.matrix(rows: edges.destinationCount, columns: keptWidth)
    let scratch = LaneTiles(Lanes(rows: edges.destinationCount), columns: outputs + summedWidth, workspace.tiles)
    nonisolated(unsafe) let weights = weights
    workspace.sums.sum(scratch.lanes, into: sums, count: sumCount, threads: threads) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: sumCount) }
      let tile = scratch.tile(of: rows)
      let dz = upstream.tile(rows, computedIn: tile.columns(0..<outputs))
      let g = tile.columns(outputs..<outputs + summedWidth).prefix(rows.count)
      for (relation, elements) in parameters.relations.enumerated() {
        let weight = weights.weight(elements.weight, columns: heads.columns)
        let summed = kept.rows(rows).columns(summedColumns(relation))
        let target = RelationSums(self, relation, at: sum)
        for head in 0..<heads.count {
          let dz = dz.columns(columns(head))
          MatrixProduct.multiply(
            transposed: summed.columns(inputColumns(head)), dz, into: target.weight.columns(columns(head)), accumulating: true)
          MatrixProduct.multiply(dz, transposed: weight.columns(columns(head)), into: g.columns(inputColumns(head)))
        }
        InputAttention.backward(
          rows, of: attention.edges(edges, relation), heads: heads.count,
          rows: self.rows(input, edges, relation, workspace.attention),
          coefficients: workspace.attention.coefficients[relation].pointer, scale: workspace.attention.dropoutScale, out: summed,
          gradient: g, addingTo: target.source.base, and: target.destination.base)
      }
      ColumnSums.add(dz, to: sum + sumCount - outputs, accumulating: true)
    }
    let scores = workspace.attention.inputScores.matrix(rows: inputs, columns: heads.count)
    for relation in 0..<attention.relations { finish(relation, RelationSums(self, relation, at: sums), weights, gradient, scores) }
    (gradient + biasStart).update(from: sums + sumCount - outputs, count: outputs)
  }

  /// What a pass over destinations adds up: `RelationSums` of every relation, then the bias.
  private var sumCount: Int { attention.relations * RelationSums.count(self) + outputs }

  /// What a pass adds up for one relation.
  private struct RelationSums {
    /// (I, H·F).
    let weight: MatrixView
    /// Gradients of the vectors, (H, I) each.
    let source: MatrixView
    let destination: MatrixView

    static func count(_ layer: InputAttentionConvolution) -> Int {
      layer.inputs * layer.attention.heads.columns + 2 * layer.summedWidth
    }

    init(_ layer: InputAttentionConvolution, _ relation: Int, at base: UnsafeMutablePointer<Float>) {
      let (inputs, heads) = (layer.inputs, layer.attention.heads)
      let base = base + relation * Self.count(layer)
      weight = MatrixView(base: base, rows: inputs, columns: heads.columns, stride: heads.columns)
      let vectors = MatrixView(base: base + inputs * heads.columns, rows: 2 * heads.count, columns: inputs, stride: inputs)
      source = vectors.rows(0..<heads.count)
      destination = vectors.rows(heads.count..<2 * heads.count)
    }
  }

  /// The gradient of a relation's parameters from its sums.
  private func finish(
    _ relation: Int, _ sums: RelationSums, _ weights: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
    _ scratch: MatrixView
  ) {
    let (heads, elements) = (attention.heads, parameters.relations[relation])
    let weight = weights.weight(elements.weight, columns: heads.columns)
    let target = gradient.weight(elements.weight, columns: heads.columns)
    for row in 0..<inputs { target.row(row).update(from: sums.weight.row(row), count: heads.columns) }
    for (elements, vectors) in [(elements.source, sums.source), (elements.destination, sums.destination)] {
      heads.addProjectionGradient(
        vectors, of: weights + elements.lowerBound, by: weight, to: target, vectorGradient: gradient + elements.lowerBound,
        scratch: scratch)
    }
  }
}
