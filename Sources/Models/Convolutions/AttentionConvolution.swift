import Kernels
import Tensors

/// Graph attention network: neighbours weighed by the softmax of scores that source and destination add up to.
///
/// `h_r = x·W_r`, `z[v] = Σ_r Σ α_r(u→v)·h_r[u]` over the sampled in-edges of `v` and, with self loops, `v` itself, head by head; the scores are
/// `leaky(a_source·h_r[u] + a_destination·h_r[v])`. See `GraphAttention` for the coefficients and `AttentionShape` for the heads.
///
/// Neighbours need `h` and the source's share of the scores, computed by the owner; the destination's share is computed where
/// its `h` is read.
///
/// Veličković et al., ICLR 2018, arXiv:1710.10903.
struct AttentionConvolution: Convolution {
  let attention: AttentionShape
  let parameters: AttentionParameters

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    attention = AttentionShape(shape, layer: layer)
    parameters = AttentionParameters(shape, layer: layer, attention, &layout)
  }

  var range: Range<Int> { parameters.range }
  var inputs: Int { attention.inputs }
  var outputs: Int { attention.outputs }
  private var heads: AttentionHeads { attention.heads }
  /// `h` of all relations, then the scores of all relations.
  var transformedWidth: Int { attention.width + attention.relations * heads.count }
  var ownProduct: OwnProduct { .none }
  /// Outputs of all relations, then the destinations' scores.
  var keptWidth: Int { transformedWidth }

  private func scoreColumns(_ relation: Int) -> Range<Int> {
    attention.width + relation * heads.count..<attention.width + (relation + 1) * heads.count
  }

  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    guard let transformed else { return }
    let x = input.denseTile(rows, copiedTo: tile)
    for (relation, elements) in parameters.relations.enumerated() {
      let h = transformed.columns(attention.columns(relation))
      input.multiply(rows, x, by: weights.weight(elements.weight, columns: heads.columns), into: h)
      heads.dots(h, vectors: weights + elements.source.lowerBound, into: transformed.columns(scoreColumns(relation)))
    }
  }

  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {
    attention.prepare(edges, workspace.attention, mode)
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    guard let transformed else { preconditionFailure("attended rows are transformed first") }
    for (relation, elements) in parameters.relations.enumerated() {
      let h = transformed.columns(attention.columns(relation))
      let scores = kept.columns(scoreColumns(relation))
      heads.dots(h.rows(edges.own(rows)), vectors: weights + elements.destination.lowerBound, into: scores)
      GraphAttention.forward(
        rows, of: attention.edges(edges, relation), heads: heads, rows: h, sourceScores: transformed.columns(scoreColumns(relation)),
        destinationScores: scores, dropout: attention.dropout(relation, edges, mode),
        coefficients: mode.isTraining ? workspace.attention.coefficients[relation].pointer : nil,
        into: kept.columns(attention.columns(relation)))
    }
    attention.sum(kept, into: z)
  }

  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    let dz = attention.gradient(upstream, destinations: edges.destinationCount, bias: gradient + biasStart, workspace, threads)
    let kept = workspace.kept.matrix(rows: edges.destinationCount, columns: keptWidth)
    let dx = wantsInput ? workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs) : nil
    for (relation, elements) in parameters.relations.enumerated() {
      let pass = attention.backward(
        edges, relation, out: kept.columns(attention.columns(relation)), gradient: dz, workspace, threads)
      let dh = rowGradient(edges, relation, pass, kept.columns(scoreColumns(relation)), weights, gradient, workspace, threads)
      ProductGradient(
        input: input, rows: edges.sourceCount, weight: weights.weight(elements.weight, columns: heads.columns),
        weightGradient: gradient.weight(elements.weight, columns: heads.columns), inputGradient: dx, addsToInputGradient: relation > 0
      ).compute(dh, workspace.products, threads)
    }
  }

  /// Gradient of `h`, (S, H·F): what comes through outputs and source scores, source by source, and then through the scores of
  /// destinations. The gradients of the vectors are summed on the way.
  private func rowGradient(
    _ edges: LayerEdges, _ relation: Int, _ pass: AttentionBackward, _ destinationScores: MatrixView, _ weights: UnsafePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    let elements = parameters.relations[relation]
    let transformed = workspace.transformed.matrix(rows: edges.sourceCount, columns: transformedWidth)
    let h = transformed.columns(attention.columns(relation))
    let scores = transformed.columns(scoreColumns(relation))
    let dh = workspace.transformedGradient.matrix(rows: edges.sourceCount, columns: heads.columns)
    nonisolated(unsafe) let source = weights + elements.source.lowerBound
    nonisolated(unsafe) let destination = weights + elements.destination.lowerBound
    workspace.sums.sum(
      Lanes(rows: edges.sourceCount), into: gradient + elements.source.lowerBound, count: heads.columns, threads: threads
    ) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: heads.columns) }
      GraphAttention.backward(
        rows, of: pass, rows: h.rows(rows), sourceScores: scores.rows(rows), destinationScores: destinationScores, vectors: source,
        addingTo: sum, into: dh.rows(rows))
    }
    let along = attention.edges(edges, relation)
    let scratch = workspace.attention
    let ds = scratch.destinationGradient.matrix(rows: edges.destinationCount, columns: heads.count)
    workspace.sums.sum(
      Lanes(rows: edges.destinationCount), into: gradient + elements.destination.lowerBound, count: heads.columns, threads: threads
    ) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: heads.columns) }
      let ds = ds.rows(rows)
      GraphAttention.destinationGradient(rows, of: along, heads: heads, scoreGradients: scratch.scoreGradients.pointer, into: ds)
      heads.add(ds, times: h.rows(rows), to: sum)
      heads.products(ds, vectors: destination, into: dh.rows(rows), accumulating: true)
    }
    return dh
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    OutputGradient(workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs))
  }
}
