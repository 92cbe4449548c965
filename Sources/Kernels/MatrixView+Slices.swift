public import Tensors

extension MatrixView {
  /// Rows `range`, in place.
  public func rows(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a matrix of \(rows)")
    return MatrixView(base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// Columns `range`, in place.
  public func columns(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of a matrix of \(columns)")
    return MatrixView(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// The rows of `range` that exist.
  public func rows(clampedTo range: Range<Int>) -> MatrixView {
    rows(min(range.lowerBound, rows)..<min(range.upperBound, rows))
  }

  /// Sets every element to zero.
  public func clear() {
    for row in 0..<rows { self.row(row).update(repeating: 0, count: columns) }
  }
}
