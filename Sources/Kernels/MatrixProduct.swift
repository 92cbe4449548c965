internal import CBLAS
public import Tensors

/// Products of dense float32 matrices.
///
/// A BLAS library picks its inner kernel by the sizes it is given, so the bits of a product depend on how it is cut. Here the
/// cuts depend on shapes alone: the functions without `threads` are one call on the calling thread, and those with `threads`
/// make one such call per tile of `Tiles.height` rows. Letters: `a` is M × K, `b` is K × N, `c` is M × N.
public enum MatrixProduct {
  /// `c = a·b`, or `c += a·b`. `a` is (M, K), `b` (K, N).
  public static func multiply(_ a: MatrixView, _ b: MatrixView, into c: MatrixView, accumulating: Bool = false) {
    precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns, mismatch("a·b", a, b, c))
    call(CblasNoTrans, CblasNoTrans, a, b, c, inner: a.columns, accumulating)
  }

  /// `c = a·bᵀ`, or `c += a·bᵀ`. `a` is (M, K), `b` (N, K).
  public static func multiply(_ a: MatrixView, transposed b: MatrixView, into c: MatrixView, accumulating: Bool = false) {
    precondition(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows, mismatch("a·bᵀ", a, b, c))
    call(CblasNoTrans, CblasTrans, a, b, c, inner: a.columns, accumulating)
  }

  /// `c = aᵀ·b`, or `c += aᵀ·b`. `a` is (K, M), `b` (K, N).
  public static func multiply(transposed a: MatrixView, _ b: MatrixView, into c: MatrixView, accumulating: Bool = false) {
    precondition(a.rows == b.rows && c.rows == a.columns && c.columns == b.columns, mismatch("aᵀ·b", a, b, c))
    call(CblasTrans, CblasNoTrans, a, b, c, inner: a.rows, accumulating)
  }

  /// `c = a·b`, tiles of rows spread over `threads`.
  public static func multiply(_ a: MatrixView, _ b: MatrixView, into c: MatrixView, threads: Threads) {
    threads.forEachChunk(of: c.rows, by: Tiles.height) { rows in multiply(a.rows(rows), b, into: c.rows(rows)) }
  }

  /// `c = a·bᵀ`, tiles of rows spread over `threads`.
  public static func multiply(_ a: MatrixView, transposed b: MatrixView, into c: MatrixView, threads: Threads) {
    threads.forEachChunk(of: c.rows, by: Tiles.height) { rows in multiply(a.rows(rows), transposed: b, into: c.rows(rows)) }
  }

  /// `c = aᵀ·b`, where `a` and `b` are tall: the sum over their rows is cut into lanes, added in order.
  ///
  /// - Parameter partials: Keeps the sums of the lanes between calls.
  public static func multiply(
    transposed a: MatrixView, _ b: MatrixView, into c: MatrixView, partials: LaneSums, threads: Threads
  ) {
    precondition(c.stride == c.columns, "the sum of lanes goes to a matrix without gaps")
    partials.sum(Lanes(rows: a.rows), into: c.base, count: c.rows * c.columns, threads: threads) { rows, isFirst, sum in
      let sum = MatrixView(base: sum, rows: c.rows, columns: c.columns, stride: c.columns)
      multiply(transposed: a.rows(rows), b.rows(rows), into: sum, accumulating: !isFirst)
    }
  }

  /// `c = a·b` by the definition, in float64: the oracle of the tests.
  package static func reference(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in
      (0..<(b.first?.count ?? 0)).map { column in row.indices.reduce(0) { $0 + row[$1] * b[$1][column] } }
    }
  }

  private static func call(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ a: MatrixView, _ b: MatrixView, _ c: MatrixView, inner: Int,
    _ accumulating: Bool
  ) {
    _ = BLAS.ready
    guard c.rows > 0, c.columns > 0 else { return }
    guard inner > 0 else {
      if !accumulating { c.clear() }
      return
    }
    cblas_sgemm(
      CblasRowMajor, transposeA, transposeB, blasint(c.rows), blasint(c.columns), blasint(inner), 1, a.base, blasint(max(1, a.stride)),
      b.base, blasint(max(1, b.stride)), accumulating ? 1 : 0, c.base, blasint(c.stride))
  }

  private static func mismatch(_ product: String, _ a: MatrixView, _ b: MatrixView, _ c: MatrixView) -> String {
    "\(product) of (\(a.rows), \(a.columns)) and (\(b.rows), \(b.columns)) into (\(c.rows), \(c.columns))"
  }
}
