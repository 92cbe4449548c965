internal import CKernels
public import Tensors

/// Attention over input rows before their product: all heads weigh and sum the same rows.
///
/// With `W` a head's weight, `a·(x·W) = x·(W·aᵀ)` and `Σ α·(x·W) = (Σ α·x)·W`: scores need one vector of input width a head, and the
/// product is left to the destinations, of which a sampled block has many times fewer than sources.
///
/// `e(u→v, k) = leaky(s[k]·x[u] + d[k]·x[v])`, `α(u→v, k) = exp e / Σ exp e` over the edges into `v`,
/// `out[v, k] = Σ α(u→v, k) · x[u]`; `x[u]` is row `u` times its factor. Letters: `H` heads, `I` columns of a row; `vectors` hold
/// `s[k] = W[k]·a_source[k]` and `d[k] = W[k]·a_destination[k]`, shape (H, I). Everything of a destination, with the same bits under every
/// instruction set and on one thread, as in `GraphAttention`. O(edges · H·I).
public enum InputAttention {
  /// Input rows of a block and the scores' vectors.
  public struct Rows: @unchecked Sendable {
    // Sendable: read-only; its maker keeps the rows, factors and vectors valid and unchanged while it is used.
    let source: RowSource
    let factors: UnsafePointer<Float>?
    /// Source row of destination 0.
    let firstDestination: Int
    let sourceVectors: UnsafePointer<Float>
    let destinationVectors: UnsafePointer<Float>

    /// - Parameters:
    ///   - source: Float32 rows.
    ///   - factors: Factor of each row; `nil`: 1.
    ///   - firstDestination: Source row of destination 0; destination `i` has row `firstDestination + i`.
    ///   - sourceVectors: `s`, shape (H, I).
    ///   - destinationVectors: `d`, shape (H, I).
    public init(
      _ source: RowSource, factors: UnsafePointer<Float>?, firstDestination: Int, sourceVectors: UnsafePointer<Float>,
      destinationVectors: UnsafePointer<Float>
    ) {
      precondition(source.elementType == .float32, "attention reads float32 rows")
      self.source = source
      self.factors = factors
      self.firstDestination = firstDestination
      self.sourceVectors = sourceVectors
      self.destinationVectors = destinationVectors
    }
  }

  /// Sums of destinations `range`, on the calling thread.
  ///
  /// - Parameters:
  ///   - heads: `H`.
  ///   - coefficients: Receives the coefficients for the backward pass, negated where they were dropped; shape (slots, H).
  ///   - out: Row `i` receives destination `range.lowerBound + i`; shape (`range.count`, H·I).
  public static func forward(
    _ range: Range<Int>, of edges: AttentionEdges, heads: Int, rows: Rows, dropout: AttentionDropout? = nil,
    coefficients: UnsafeMutablePointer<Float>? = nil, into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    check(range, heads, rows, out)
    withNative(range, edges, heads, rows) { native in
      native.coefficients = coefficients
      dropout?.apply(to: &native, from: range.lowerBound)
      halo_gat_inputs_forward(
        instructions.native, &native, rows.firstDestination + range.lowerBound, rows.sourceVectors, rows.destinationVectors, out.base,
        out.stride)
    }
  }

  /// Gradients of the vectors from destinations `range`.
  ///
  /// - Parameters:
  ///   - rows: As in the forward pass.
  ///   - coefficients: What the forward pass kept.
  ///   - scale: The scale of the forward pass's dropout; 1 without.
  ///   - out: What the forward pass gave for `range`.
  ///   - gradient: That of `out`, shape (`range.count`, H·I).
  ///   - sourceSums: What is added to is the gradient of `s`, shape (H, I).
  ///   - destinationSums: The same of `d`.
  public static func backward(
    _ range: Range<Int>, of edges: AttentionEdges, heads: Int, rows: Rows, coefficients: UnsafeMutablePointer<Float>, scale: Float,
    out: MatrixView, gradient: MatrixView, addingTo sourceSums: UnsafeMutablePointer<Float>,
    and destinationSums: UnsafeMutablePointer<Float>, instructions: InstructionSet = .detected
  ) {
    check(range, heads, rows, out)
    check(range, heads, rows, gradient)
    withNative(range, edges, heads, rows) { native in
      native.coefficients = coefficients
      native.scale = scale
      halo_gat_inputs_backward(
        instructions.native, &native, rows.firstDestination + range.lowerBound, rows.sourceVectors, rows.destinationVectors, out.base,
        out.stride, gradient.base, gradient.stride, sourceSums, destinationSums)
    }
  }

  private static func withNative(
    _ range: Range<Int>, _ edges: AttentionEdges, _ heads: Int, _ rows: Rows, _ body: (inout halo_attention) -> Void
  ) {
    var native = edges.native(range, AttentionHeads(count: heads, width: rows.source.columns))
    native.head_step = 0
    native.factors = rows.factors
    withUnsafePointer(to: rows.source.native) { inputs in
      native.inputs = inputs
      body(&native)
    }
  }

  private static func check(_ range: Range<Int>, _ heads: Int, _ rows: Rows, _ out: MatrixView) {
    precondition(
      out.rows == range.count && out.columns == heads * rows.source.columns, "(\(out.rows), \(out.columns)) for \(heads) heads")
  }
}
