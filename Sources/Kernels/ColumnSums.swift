public import Tensors

/// Sums of the columns of a matrix: the gradient of a bias.
public enum ColumnSums {
  /// `sums[c] = Σ_r x[r, c]`, or adds to it; rows in order. Shape of `sums`: (columns). O(rows · columns).
  public static func add(_ matrix: MatrixView, to sums: UnsafeMutablePointer<Float>, accumulating: Bool) {
    if !accumulating { sums.update(repeating: 0, count: matrix.columns) }
    for row in 0..<matrix.rows { Elements.add(matrix.row(row), to: sums, count: matrix.columns) }
  }
}
