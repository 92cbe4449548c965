import Kernels
import Tensors

/// Sums over neighbours scaled to their true number: GCN, and the aggregation of GIN.
///
/// `z[v] = Σ_r A_r[v]·W_r` with `A_r[v] = c[v]·(d_r[v] · mean(s[u]·x[u] for u in N_r(v)) + w·s[v]·x[v])`, where `d_r[v]` counts all
/// in-edges of `v` in the graph and the mean is over those that were sampled: the expected value is that of the whole neighbourhood,
/// which exact inference computes by the same formula.
///
/// - GCN: `c[v] = s[v] = 1 / √(d[v] + 1)` with `d` the in-degree over all relations and `w = 1`; without self loops
///   `1 / √d[v]`, 0 where there is no in-edge, and `w = 0`. Self loops in the data are further neighbours. Kipf, Welling, ICLR 2017,
///   arXiv:1609.02907.
/// - GIN: `c = s = 1` and `w = 1 + ε`. Xu et al., ICLR 2019, arXiv:1810.00826.
///
/// Aggregate first: all `A_r` side by side, (D, R·I), times all weights at once. Transform first: `x·W_r`, (S, R·O), takes the place of
/// `x`.
struct PropagationConvolution: Convolution {
  /// How rows are weighed.
  enum Weighing: Sendable, Equatable {
    case symmetric(selfLoops: Bool)
    /// The element of the flat vector that holds ε; `nil`: ε = 0.
    case sum(epsilon: Int?)
  }

  let inputs: Int
  let outputs: Int
  let relations: Int
  let order: ModelShape.ProductOrder
  let weighing: Weighing
  /// Weights of all relations below each other, (R·I, O), then the bias.
  let range: Range<Int>

  init(
    _ shape: ModelShape, layer: Int, outputs: Int, bias: String, _ weighing: Weighing, _ layout: inout ParameterLayout
  ) {
    inputs = shape.inputWidth(of: layer)
    self.outputs = outputs
    relations = shape.relations.count
    order = (layer == 0 && shape.sparseInput) || inputs > outputs ? .transformFirst : .aggregateFirst
    self.weighing = weighing
    let begin = layout.count
    for relation in shape.relations {
      _ = layout.appendWeight("layers.\(layer).neighbor.\(relation).weight", inputs: inputs, outputs: outputs)
    }
    range = begin..<layout.appendBias(bias, outputs).upperBound
  }

  var aggregatedWidth: Int { relations * inputs }
  var transformedWidth: Int { order == .transformFirst ? relations * outputs : 0 }
  var ownProduct: OwnProduct { .none }
  /// The aggregated rows; transformed first, scratch for one relation's sums where there are several.
  var keptWidth: Int { order == .aggregateFirst ? aggregatedWidth : relations > 1 ? outputs : 0 }

  /// All weights below each other, (R·I, O), at `base`, the first element of `range`.
  func weights(at base: UnsafeMutablePointer<Float>) -> MatrixView {
    MatrixView(base: base, rows: aggregatedWidth, columns: outputs, stride: outputs)
  }

  func weights(in flat: UnsafePointer<Float>) -> MatrixView {
    weights(at: UnsafeMutablePointer(mutating: flat) + range.lowerBound)
  }

  func inputColumns(_ relation: Int) -> Range<Int> { relation * inputs..<(relation + 1) * inputs }
  func outputColumns(_ relation: Int) -> Range<Int> { relation * outputs..<(relation + 1) * outputs }

  /// `s` of a row with this in-degree.
  func rootScale(_ degree: UInt32) -> Float {
    guard case .symmetric(let selfLoops) = weighing else { return 1 }
    let count = Float(degree) + (selfLoops ? 1 : 0)
    return count == 0 ? 0 : 1 / count.squareRoot()
  }

  /// `w`.
  func selfWeight(_ weights: UnsafePointer<Float>) -> Float {
    switch weighing {
    case .symmetric(let selfLoops): selfLoops ? 1 : 0
    case .sum(let epsilon): 1 + (epsilon.map { weights[$0] } ?? 0)
    }
  }

  /// Fills `s`, and `s` times the factors of the input where its rows have some and are gathered as they are.
  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {
    guard case .symmetric = weighing else { return }
    guard let degrees = edges.sourceDegrees else { preconditionFailure("the block holds no degrees") }
    workspace.sourceScales.resize(to: edges.sourceCount)
    let scales = workspace.sourceScales.pointer
    for row in 0..<edges.sourceCount { scales[row] = rootScale(degrees[row]) }
    guard order == .aggregateFirst, case .rows(_, let factors?) = input else { return }
    workspace.factoredScales.resize(to: edges.sourceCount)
    for row in 0..<edges.sourceCount { workspace.factoredScales.pointer[row] = scales[row] * factors[row] }
  }

  /// `s` of every source; `nil`: 1.
  func sourceScales(_ workspace: LayerWorkspace) -> UnsafePointer<Float>? {
    if case .symmetric = weighing { UnsafePointer(workspace.sourceScales.pointer) } else { nil }
  }
}
