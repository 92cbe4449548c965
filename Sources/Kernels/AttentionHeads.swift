internal import CKernels
public import Tensors

/// How the columns of a row belong to the heads of an attention layer: column `k·width + f` is column `f` of head `k`.
public struct AttentionHeads: Sendable, Equatable {
  /// Number of heads, `H`.
  public let count: Int
  /// Columns of a head, `F`.
  public let width: Int

  public init(count: Int, width: Int) {
    precondition(count >= 1 && width >= 1, "\(count) heads of \(width) columns")
    self.count = count
    self.width = width
  }

  /// Columns of a row, `H·F`.
  public var columns: Int { count * width }
}

/// Sums and products of whole heads. The sum over a head's columns runs in sixteen interleaved partial sums, added pairwise at
/// the end: the same bits under every instruction set.
extension AttentionHeads {
  /// `out[i, k] = Σ_f x[i, k, f] · vectors[k, f]`: the scores of rows. Shapes: `x` (n, H·F), `vectors` (H, F), `out` (n, H).
  public func dots(
    _ x: MatrixView, vectors: UnsafePointer<Float>, into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    check(x, out)
    halo_head_dots(instructions.native, x.base, x.stride, vectors, 0, x.rows, count, width, out.base, out.stride)
  }

  /// `out[i, k] = Σ_f x[i, k, f] · y[i, k, f]`. Shapes: `x` and `y` (n, H·F), `out` (n, H).
  public func dots(_ x: MatrixView, _ y: MatrixView, into out: MatrixView, instructions: InstructionSet = .detected) {
    check(x, out)
    check(y, out)
    halo_head_dots(instructions.native, x.base, x.stride, y.base, y.stride, x.rows, count, width, out.base, out.stride)
  }

  /// `x[i, k, f] = factors[i, k] · vectors[k, f]`, or `+=`: the gradient of rows through their scores. Shapes as in `dots`.
  public func products(
    _ factors: MatrixView, vectors: UnsafePointer<Float>, into x: MatrixView, accumulating: Bool = false,
    instructions: InstructionSet = .detected
  ) {
    check(x, factors)
    halo_head_products(
      instructions.native, factors.base, factors.stride, vectors, x.rows, count, width, accumulating ? 1 : 0, x.base, x.stride)
  }

  /// `sums[k, f] += Σ_i factors[i, k] · x[i, k, f]`, rows in order: the gradient of the vectors that give scores.
  public func add(
    _ factors: MatrixView, times x: MatrixView, to sums: UnsafeMutablePointer<Float>, instructions: InstructionSet = .detected
  ) {
    check(x, factors)
    halo_head_sums(instructions.native, factors.base, factors.stride, x.base, x.stride, x.rows, count, width, sums)
  }

  /// `out[k, i] = Σ_f w[i, k, f] · vectors[k, f]`: what an input row has to be multiplied by for its score. Shapes: `w` (I, H·F), `out` (H, I),
  /// `scratch` (I, H).
  public func projections(of vectors: UnsafePointer<Float>, by weight: MatrixView, into out: MatrixView, scratch: MatrixView) {
    dots(weight, vectors: vectors, into: scratch)
    for row in 0..<weight.rows {
      for head in 0..<count { out.row(head)[row] = scratch.row(row)[head] }
    }
  }

  /// The way back through `projections`: with `g` the gradient of `out`, `wGradient[i, k, f] += g[k, i] · vectors[k, f]` and
  /// `vectorGradient[k, f] = Σ_i g[k, i] · w[i, k, f]`. Shapes as there.
  public func addProjectionGradient(
    _ g: MatrixView, of vectors: UnsafePointer<Float>, by weight: MatrixView, to weightGradient: MatrixView,
    vectorGradient: UnsafeMutablePointer<Float>, scratch: MatrixView
  ) {
    for row in 0..<weight.rows {
      for head in 0..<count { scratch.row(row)[head] = g.row(head)[row] }
    }
    products(scratch, vectors: vectors, into: weightGradient, accumulating: true)
    vectorGradient.update(repeating: 0, count: columns)
    add(scratch, times: weight, to: vectorGradient)
  }

  private func check(_ x: MatrixView, _ scores: MatrixView) {
    precondition(
      x.columns == columns && scores.columns == count && x.rows == scores.rows,
      "(\(x.rows), \(x.columns)) with (\(scores.rows), \(scores.columns)) for \(count) heads of \(width)")
  }
}

/// The exponential function of the kernels, for the tests.
package enum Exponential {
  /// `x[i] = exp(x[i])` for `x[i]` ≤ 0: at most 2 units in the last place off, 0 where the result would be below 2⁻¹²⁶. The same value in
  /// every lane and under every instruction set.
  package static func apply(_ x: UnsafeMutablePointer<Float>, count: Int, instructions: InstructionSet = .detected) {
    halo_exp(instructions.native, x, count)
  }
}
