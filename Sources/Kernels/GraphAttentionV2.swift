internal import CKernels
public import Tensors

/// Attention whose score looks at source and destination together.
///
/// `e(u→v, k) = a[k]·leaky(l[u, k] + r[v, k])`, `α` its softmax over the edges into `v`, `out[v, k] = Σ α(u→v, k) · l[u, k]`; `leaky` has slope 0.2 below
/// zero. All else as in `GraphAttention`. The forward pass keeps one bit per edge and column, the side of zero: the backward pass
/// then gathers no row but the destinations' gradients. O(edges · H·F).
///
/// Brody, Alon, Yahav, ICLR 2022, arXiv:2105.14491, eq. 7.
public enum GraphAttentionV2 {
  /// Words of 16 bits that the sides of zero of one slot take.
  public static func signWords(_ heads: AttentionHeads) -> Int { heads.count * halo_gatv2_sign_words(heads.width) }

  /// Outputs of destinations `range`, on the calling thread.
  ///
  /// - Parameters:
  ///   - rows: `l`, shape (sources, H·F).
  ///   - destinationRows: `r`, row `i` that of destination `range.lowerBound + i`; shape (`range.count`, H·F).
  ///   - vectors: `a`, shape (H, F).
  ///   - coefficients: Receives the coefficients for the backward pass, negated where they were dropped; shape (slots, H).
  ///   - signs: Receives the sides of zero for the backward pass, shape (slots, `signWords`).
  ///   - out: Row `i` receives destination `range.lowerBound + i`; shape (`range.count`, H·F).
  public static func forward(
    _ range: Range<Int>, of edges: AttentionEdges, heads: AttentionHeads, rows: MatrixView, destinationRows: MatrixView,
    vectors: UnsafePointer<Float>, dropout: AttentionDropout? = nil, coefficients: UnsafeMutablePointer<Float>? = nil,
    signs: UnsafeMutablePointer<UInt16>? = nil, into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    check(range, heads, destinationRows, out)
    var native = edges.native(range, heads, rows: rows, dropout: dropout, coefficients: coefficients)
    halo_gatv2_forward(
      instructions.native, &native, destinationRows.base, destinationRows.stride, vectors, signs, out.base, out.stride)
  }

  /// Gradient of the rows of sources `range`; fills the gradient of the scores of their edges.
  ///
  /// `out[u, k] = Σ α·∂out[v, k] + a[k] · p[u, k]` with `p[u, k] = Σ ∂e · leaky′` over the edges from `u`.
  ///
  /// - Parameters:
  ///   - rows: Row `i` is that of source `range.lowerBound + i`; shape (`range.count`, H·F).
  ///   - signs: What the forward pass kept.
  ///   - vectors: `a`, shape (H, F).
  ///   - vectorsGradient: Receives `Σ_u l[u] · p[u]` on top of what it holds, one of the two parts of the gradient of `a`; shape (H, F).
  public static func backward(
    _ range: Range<Int>, of pass: AttentionBackward, rows: MatrixView, signs: UnsafePointer<UInt16>, vectors: UnsafePointer<Float>,
    addingTo vectorsGradient: UnsafeMutablePointer<Float>, into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    var native = pass.native(range, rows: rows, out: out)
    halo_gatv2_backward(instructions.native, &native, signs, vectors, vectorsGradient, out.base, out.stride)
  }

  /// Gradient of the rows of destinations `range`, once that of all edges' scores is there.
  ///
  /// `out[v, k] = a[k] · q[v, k]` with `q[v, k] = Σ ∂e · leaky′` over the edges into `v`.
  ///
  /// - Parameters:
  ///   - vectorsGradient: Receives `Σ_v r[v] · q[v]` on top of what it holds, the other part of the gradient of `a`.
  ///   - out: Row `i` receives destination `range.lowerBound + i`; may be `destinationRows`.
  public static func destinationGradient(
    _ range: Range<Int>, of edges: AttentionEdges, heads: AttentionHeads, scoreGradients: UnsafePointer<Float>,
    signs: UnsafePointer<UInt16>, destinationRows: MatrixView, vectors: UnsafePointer<Float>,
    addingTo vectorsGradient: UnsafeMutablePointer<Float>, into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    check(range, heads, destinationRows, out)
    var native = edges.native(range, heads)
    halo_gatv2_backward_destinations(
      instructions.native, &native, scoreGradients, signs, destinationRows.base, destinationRows.stride, vectors, vectorsGradient,
      out.base, out.stride)
  }

  private static func check(_ range: Range<Int>, _ heads: AttentionHeads, _ destinationRows: MatrixView, _ out: MatrixView) {
    precondition(
      out.rows == range.count && out.columns == heads.columns && destinationRows.rows == range.count
        && destinationRows.columns == heads.columns, "rows of another shape")
  }
}
