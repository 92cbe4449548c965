internal import CKernels
public import Tensors

/// Attention whose scores are sums of a source's and a destination's.
///
/// `e(u→v, k) = leaky(s[u, k] + d[v, k])`, `α(u→v, k) = exp e / Σ exp e` over the edges into `v`, `out[v, k] = Σ α(u→v, k) · h[u, k]`, where
/// `s = a_source·h` and `d = a_destination·h` head by head, and `leaky` has slope 0.2 below zero. The largest score is subtracted before
/// `exp`. A destination without edges gets zeros. Fused per destination: scores, softmax, dropout and sum, one head at a time; each
/// output row is computed by one thread, its edges in order, with the same bits under every instruction set. O(edges · H·F).
///
/// Veličković et al., ICLR 2018, arXiv:1710.10903, eq. 1–6.
public enum GraphAttention {
  /// Outputs of destinations `range`, on the calling thread.
  ///
  /// - Parameters:
  ///   - rows: `h`, shape (sources, H·F).
  ///   - sourceScores: `s`, shape (sources, H).
  ///   - destinationScores: `d`, row `i` that of destination `range.lowerBound + i`; shape (`range.count`, H).
  ///   - coefficients: Receives the coefficients for the backward pass, negated where they were dropped; shape (slots, H).
  ///   - out: Row `i` receives destination `range.lowerBound + i`; shape (`range.count`, H·F).
  public static func forward(
    _ range: Range<Int>, of edges: AttentionEdges, heads: AttentionHeads, rows: MatrixView, sourceScores: MatrixView,
    destinationScores: MatrixView, dropout: AttentionDropout? = nil, coefficients: UnsafeMutablePointer<Float>? = nil,
    into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    precondition(
      out.rows == range.count && out.columns == heads.columns && destinationScores.rows == range.count
        && destinationScores.columns == heads.count && sourceScores.columns == heads.count && sourceScores.rows == rows.rows,
      "outputs or scores of another shape")
    var native = edges.native(range, heads, rows: rows, dropout: dropout, coefficients: coefficients)
    halo_gat_forward(
      instructions.native, &native, sourceScores.base, sourceScores.stride, destinationScores.base, destinationScores.stride, out.base,
      out.stride)
  }

  /// Gradient of the rows of sources `range`, all but what comes through their scores as destinations; fills the gradient of the
  /// scores of their edges.
  ///
  /// `out[u, k] = Σ α·∂out[v, k] + ∂s[u, k] · a_source[k]` over the edges from `u`. Every slot belongs to one source.
  ///
  /// - Parameters:
  ///   - rows: Row `i` is that of source `range.lowerBound + i`; shape (`range.count`, H·F).
  ///   - sourceScores: Likewise, shape (`range.count`, H).
  ///   - destinationScores: Of all destinations, shape (D, H).
  ///   - vectors: `a_source`, shape (H, F).
  ///   - vectorsGradient: What is added to is the gradient of `a_source`, shape (H, F).
  public static func backward(
    _ range: Range<Int>, of pass: AttentionBackward, rows: MatrixView, sourceScores: MatrixView, destinationScores: MatrixView,
    vectors: UnsafePointer<Float>, addingTo vectorsGradient: UnsafeMutablePointer<Float>, into out: MatrixView,
    instructions: InstructionSet = .detected
  ) {
    precondition(
      sourceScores.rows == range.count && sourceScores.columns == pass.heads.count && destinationScores.columns == pass.heads.count,
      "scores of another shape")
    var native = pass.native(range, rows: rows, out: out)
    halo_gat_backward(
      instructions.native, &native, sourceScores.base, sourceScores.stride, destinationScores.base, destinationScores.stride, vectors,
      vectorsGradient, out.base, out.stride)
  }

  /// Gradient of the destinations' scores, once that of all edges' is there: `out[v, k] = Σ ∂e` over the edges into `v`, in order.
  ///
  /// - Parameter out: Row `i` receives destination `range.lowerBound + i`; shape (`range.count`, H).
  public static func destinationGradient(
    _ range: Range<Int>, of edges: AttentionEdges, heads: AttentionHeads, scoreGradients: UnsafePointer<Float>, into out: MatrixView,
    instructions: InstructionSet = .detected
  ) {
    precondition(out.rows == range.count && out.columns == heads.count, "scores of another shape")
    var native = edges.native(range, heads)
    halo_gat_backward_destinations(instructions.native, &native, scoreGradients, out.base, out.stride)
  }
}
