import Kernels
public import Tensors

/// A graph layer whose aggregation runs on the cores and whose product runs on the host (PyGim §4.1). No bias, no activation.
///
/// Letters: `A` in-edges, `X` rows of nodes, `W`, `V` weights of shape (columns in, columns out), `D` in-degrees.
public struct PIMLayer: Sendable {
  public enum Kind: Hashable, Codable, Sendable {
    /// `(D + 1)^(−1/2) · (A + 1) · (D + 1)^(−1/2) · X · W`: Kipf, Welling, ICLR 2017, arXiv:1609.02907, eq. 2.
    case gcn
    /// `((1 + epsilon) · X + A · X) · W`: Xu et al., ICLR 2019, arXiv:1810.00826, eq. 4.1, with one product.
    case gin(epsilon: Float)
    /// `D^(−1) · A · X · W + X · V`: Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216, with means.
    case sage
  }

  public let kind: Kind
  /// `W`.
  public let weights: Matrix
  /// `V`; `nil` unless the kind has it.
  public let ownWeights: Matrix?

  public init(_ kind: Kind, weights: Matrix, ownWeights: Matrix? = nil) {
    precondition((kind == .sage) == (ownWeights != nil), "SAGE alone has weights for a node's own row")
    precondition(ownWeights.map { $0.rows == weights.rows && $0.columns == weights.columns } ?? true, "weights of one shape")
    self.kind = kind
    self.weights = weights
    self.ownWeights = ownWeights
  }

  /// What a forward pass leaves.
  public struct Output: Sendable {
    /// Shape (nodes, columns out).
    public let rows: Matrix
    /// What `W` was multiplied with, shape (nodes, columns in).
    public let aggregated: Matrix
    /// Modelled times of the aggregation.
    public let times: PIMTimes
  }

  /// What a backward pass gives.
  public struct Gradient: Sendable {
    public let weights: Matrix
    public let ownWeights: Matrix?
    /// Of the layer's input, shape (nodes, columns in).
    public let input: Matrix
    /// Modelled times of the aggregation over out-edges.
    public let times: PIMTimes
  }

  /// - Parameter x: Shape (nodes, columns in).
  /// - Throws: What the machine cannot do: `PIMFault`, `InputError`.
  public func forward(_ x: Matrix, on graph: PIMGraph) throws -> Output {
    let aggregated = Matrix(rows: x.rows, columns: x.columns)
    let rows = Matrix(rows: x.rows, columns: weights.columns)
    return try withExtendedLifetime((x, self, graph)) {
      let times = try aggregate(x.view, into: aggregated.view, graph, isBackward: false)
      MatrixProduct.multiply(aggregated.view, weights.view, into: rows.view, threads: graph.threads)
      if let ownWeights { MatrixProduct.multiply(x.view, ownWeights.view, into: rows.view, accumulating: true) }
      return Output(rows: rows, aggregated: aggregated, times: times)
    }
  }

  /// - Parameters:
  ///   - gradient: Of the layer's output.
  ///   - x: Its input, as `forward` had it.
  /// - Throws: What the machine cannot do: `PIMFault`, `InputError`.
  public func backward(_ gradient: Matrix, input x: Matrix, _ output: Output, on graph: PIMGraph) throws -> Gradient {
    let ofWeights = Matrix(rows: weights.rows, columns: weights.columns)
    let ofOwn = ownWeights.map { Matrix(rows: $0.rows, columns: $0.columns) }
    let ofAggregated = Matrix(rows: x.rows, columns: x.columns)
    let input = Matrix(rows: x.rows, columns: x.columns)
    return try withExtendedLifetime((gradient, x, output, graph, ofAggregated)) {
      MatrixProduct.multiply(transposed: output.aggregated.view, gradient.view, into: ofWeights.view)
      MatrixProduct.multiply(gradient.view, transposed: weights.view, into: ofAggregated.view, threads: graph.threads)
      let times = try aggregate(ofAggregated.view, into: input.view, graph, isBackward: true)
      if let ownWeights, let ofOwn {
        MatrixProduct.multiply(transposed: x.view, gradient.view, into: ofOwn.view)
        MatrixProduct.multiply(gradient.view, transposed: ownWeights.view, into: input.view, accumulating: true)
      }
      return Gradient(weights: ofWeights, ownWeights: ofOwn, input: input, times: times)
    }
  }

  /// The layer's aggregation, or its transpose along out-edges.
  private func aggregate(_ x: MatrixView, into out: MatrixView, _ graph: PIMGraph, isBackward: Bool) throws -> PIMTimes {
    let aggregator = isBackward ? graph.backward : graph.forward
    switch kind {
    case .gcn:
      let times = try aggregator.aggregate(x, .sum, before: graph.symmetric, after: graph.symmetric, into: out)
      addOwn(x, to: out) { graph.symmetric[$0] * graph.symmetric[$0] }
      return times
    case .gin(let epsilon):
      let times = try aggregator.aggregate(x, .sum, into: out)
      addOwn(x, to: out) { _ in 1 + epsilon }
      return times
    case .sage:
      let (before, after) = isBackward ? (graph.inverseDegrees, nil) : (nil, graph.inverseDegrees)
      return try aggregator.aggregate(x, .sum, before: before, after: after, into: out)
    }
  }

  /// Adds each node's own row.
  private func addOwn(_ x: MatrixView, to out: MatrixView, factor: (Int) -> Float) {
    for row in 0..<x.rows {
      let factor = factor(row)
      for column in 0..<x.columns { out.row(row)[column] += factor * x.row(row)[column] }
    }
  }
}
