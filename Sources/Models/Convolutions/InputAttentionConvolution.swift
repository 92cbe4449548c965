import Kernels
import Tensors

/// The first layer of a graph attention network, aggregating before its product: the same function and parameters as
/// `AttentionConvolution`.
///
/// `z[v, k] = Σ_r (Σ α_r(u→v, k)·x[u])·W_r[k]` for every head `k`, the scores from `x` and the vectors `W_r[k]·a[k]`; see `InputAttention`. Rows
/// of sources are read where they lie and multiplied by nothing; a sampled block has some ten times fewer destinations.
///
/// Letters as in `AttentionShape`; `I` inputs.
struct InputAttentionConvolution: Convolution {
  let attention: AttentionShape
  let parameters: AttentionParameters

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    attention = AttentionShape(shape, layer: layer)
    precondition(!attention.averages, "a layer of logits transforms first")
    parameters = AttentionParameters(shape, layer: layer, attention, &layout)
  }

  var inputs: Int { attention.inputs }
  var outputs: Int { attention.outputs }
  var range: Range<Int> { parameters.range }
  private var heads: AttentionHeads { attention.heads }
  var transformedWidth: Int { 0 }
  var ownProduct: OwnProduct { .none }
  /// The sums of all heads and relations, `R·H·I`.
  var keptWidth: Int { attention.relations * summedWidth }
  /// The sums of one relation.
  var summedWidth: Int { heads.count * inputs }

  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {}

  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {
    attention.prepare(edges, workspace.attention, mode)
    let vectors = workspace.attention.inputVectors.matrix(rows: 2 * attention.relations * heads.count, columns: inputs)
    let scratch = workspace.attention.inputScores.matrix(rows: inputs, columns: heads.count)
    for (relation, elements) in parameters.relations.enumerated() {
      let weight = weights.weight(elements.weight, columns: heads.columns)
      for (side, elements) in [elements.source, elements.destination].enumerated() {
        heads.projections(of: weights + elements.lowerBound, by: weight, into: vectors.rows(vectorRows(relation, side)), scratch: scratch)
      }
    }
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    for (relation, elements) in parameters.relations.enumerated() {
      let sums = kept.columns(summedColumns(relation))
      InputAttention.forward(
        rows, of: attention.edges(edges, relation), heads: heads.count, rows: self.rows(input, edges, relation, workspace.attention),
        dropout: attention.dropout(relation, edges, mode),
        coefficients: mode.isTraining ? workspace.attention.coefficients[relation].pointer : nil, into: sums)
      let weight = weights.weight(elements.weight, columns: heads.columns)
      for head in 0..<heads.count {
        MatrixProduct.multiply(
          sums.columns(inputColumns(head)), weight.columns(columns(head)), into: z.columns(columns(head)), accumulating: relation > 0)
      }
    }
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    preconditionFailure("rows that are learned are transformed first")
  }

  func summedColumns(_ relation: Int) -> Range<Int> { relation * summedWidth..<(relation + 1) * summedWidth }
  /// Columns of a head's sum, and of its output.
  func inputColumns(_ head: Int) -> Range<Int> { head * inputs..<(head + 1) * inputs }
  func columns(_ head: Int) -> Range<Int> { head * heads.width..<(head + 1) * heads.width }

  /// Rows of the vectors that give a relation's scores of sources (side 0) or destinations (1), one for each head.
  private func vectorRows(_ relation: Int, _ side: Int) -> Range<Int> {
    (2 * relation + side) * heads.count..<(2 * relation + side + 1) * heads.count
  }

  /// The rows to attend to, after `prepare`.
  func rows(_ input: LayerInput, _ edges: LayerEdges, _ relation: Int, _ workspace: AttentionWorkspace) -> InputAttention.Rows {
    let (source, factors) = input.dense
    let vectors = workspace.inputVectors.pointer
    return InputAttention.Rows(
      source, factors: factors, firstDestination: edges.firstDestination,
      sourceVectors: vectors + vectorRows(relation, 0).lowerBound * inputs,
      destinationVectors: vectors + vectorRows(relation, 1).lowerBound * inputs)
  }
}
