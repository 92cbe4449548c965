import Kernels
import Tensors

/// Graph attention whose scores look at source and destination together.
///
/// `l_r = x·W_r`, `r_r = x·W_destination,r`, `z[v] = Σ_r Σ α_r(u→v)·l_r[u]` over the sampled in-edges of `v` and, with self loops, `v` itself, head by
/// head; the scores are `a·leaky(l_r[u] + r_r[v])`. See `GraphAttentionV2` for the coefficients and `AttentionShape` for the heads.
///
/// Brody, Alon, Yahav, ICLR 2022, arXiv:2105.14491.
struct AttentionV2Convolution: Convolution {
  /// Elements of one relation.
  private struct Parameters {
    /// `W` and `W_destination`, (I, H·F) each.
    let weight: Range<Int>
    let destination: Range<Int>
    /// `a`, (H, F).
    let vectors: Range<Int>
  }

  let attention: AttentionShape
  let range: Range<Int>
  private let parameters: [Parameters]

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    let attention = AttentionShape(shape, layer: layer)
    let (inputs, heads) = (attention.inputs, attention.heads)
    let begin = layout.count
    parameters = shape.relations.map { relation in
      let weight = layout.appendWeight("layers.\(layer).neighbor.\(relation).weight", inputs: inputs, outputs: heads.columns)
      let destination = layout.appendWeight("layers.\(layer).destination.\(relation).weight", inputs: inputs, outputs: heads.columns)
      return Parameters(
        weight: weight, destination: destination, vectors: layout.appendVectors("layers.\(layer).attention.\(relation)", heads))
    }
    range = begin..<layout.appendBias("layers.\(layer).bias", attention.outputs).upperBound
    self.attention = attention
  }

  var inputs: Int { attention.inputs }
  var outputs: Int { attention.outputs }
  private var heads: AttentionHeads { attention.heads }
  var transformedWidth: Int { attention.width }
  var ownProduct: OwnProduct { .apart(columns: attention.width) }
  /// Outputs of all relations.
  var keptWidth: Int { attention.width }

  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    let x = input.denseTile(rows, copiedTo: tile)
    for (relation, elements) in parameters.enumerated() {
      let columns = attention.columns(relation)
      if let transformed {
        input.multiply(rows, x, by: weights.weight(elements.weight, columns: heads.columns), into: transformed.columns(columns))
      }
      if let own {
        input.multiply(
          rows.lowerBound..<rows.lowerBound + own.rows, x?.prefix(own.rows),
          by: weights.weight(elements.destination, columns: heads.columns), into: own.columns(columns))
      }
    }
  }

  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {
    attention.prepare(edges, workspace.attention, mode, signWords: GraphAttentionV2.signWords(heads))
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    guard let transformed, let own else { preconditionFailure("attended rows are transformed first") }
    for (relation, elements) in parameters.enumerated() {
      let columns = attention.columns(relation)
      let keeps = mode.isTraining
      GraphAttentionV2.forward(
        rows, of: attention.edges(edges, relation), heads: heads, rows: transformed.columns(columns), destinationRows: own.columns(columns),
        vectors: weights + elements.vectors.lowerBound, dropout: attention.dropout(relation, edges, mode),
        coefficients: keeps ? workspace.attention.coefficients[relation].pointer : nil,
        signs: keeps ? workspace.attention.signs[relation].pointer : nil, into: kept.columns(columns))
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
    for (relation, elements) in parameters.enumerated() {
      let pass = attention.backward(
        edges, relation, out: kept.columns(attention.columns(relation)), gradient: dz, workspace, threads)
      let dl = sourceGradient(edges, relation, pass, weights, gradient, workspace, threads)
      let dr = destinationGradient(edges, relation, weights, gradient, workspace, threads)
      for (rows, product, range, adds) in [
        (edges.sourceCount, dl, elements.weight, relation > 0), (edges.destinationCount, dr, elements.destination, true),
      ] {
        ProductGradient(
          input: input, rows: rows, weight: weights.weight(range, columns: heads.columns),
          weightGradient: gradient.weight(range, columns: heads.columns), inputGradient: dx, addsToInputGradient: adds
        ).compute(product, workspace.products, threads)
      }
    }
  }

  /// Gradient of `l`, (S, H·F), and the sources' share of the gradient of `a`.
  private func sourceGradient(
    _ edges: LayerEdges, _ relation: Int, _ pass: AttentionBackward, _ weights: UnsafePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    let elements = parameters[relation]
    let l = workspace.transformed.matrix(rows: edges.sourceCount, columns: transformedWidth).columns(attention.columns(relation))
    let dl = workspace.transformedGradient.matrix(rows: edges.sourceCount, columns: heads.columns)
    nonisolated(unsafe) let vectors = weights + elements.vectors.lowerBound
    let signs = workspace.attention.signs[relation]
    workspace.sums.sum(
      Lanes(rows: edges.sourceCount), into: gradient + elements.vectors.lowerBound, count: heads.columns, threads: threads
    ) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: heads.columns) }
      GraphAttentionV2.backward(
        rows, of: pass, rows: l.rows(rows), signs: signs.pointer, vectors: vectors, addingTo: sum, into: dl.rows(rows))
    }
    return dl
  }

  /// Gradient of `r`, (D, H·F), in its place, and the destinations' share of the gradient of `a`, added to that of the sources.
  private func destinationGradient(
    _ edges: LayerEdges, _ relation: Int, _ weights: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    let elements = parameters[relation]
    let r = workspace.own.matrix(rows: edges.destinationCount, columns: attention.width).columns(attention.columns(relation))
    nonisolated(unsafe) let vectors = weights + elements.vectors.lowerBound
    let scratch = workspace.attention
    let along = attention.edges(edges, relation)
    scratch.vectorsGradient.resize(to: heads.columns)
    workspace.sums.sum(
      Lanes(rows: edges.destinationCount), into: scratch.vectorsGradient.pointer, count: heads.columns, threads: threads
    ) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: heads.columns) }
      GraphAttentionV2.destinationGradient(
        rows, of: along, heads: heads, scoreGradients: scratch.scoreGradients.pointer, signs: scratch.signs[relation].pointer,
        destinationRows: r.rows(rows), vectors: vectors, addingTo: sum, into: r.rows(rows))
    }
    RowArithmetic.add(scratch.vectorsGradient.pointer, to: gradient + elements.vectors.lowerBound, count: heads.columns)
    return r
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    OutputGradient(workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs))
  }
}
