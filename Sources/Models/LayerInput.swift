import Kernels
import Tensors

/// The rows a layer reads, one for each source of its block.
enum LayerInput: @unchecked Sendable {
  // Sendable: only read while a layer works.
  /// The output of the layer before, or materialised input rows.
  case matrix(MatrixView)
  /// Dense input rows where they lie, each times its factor (`nil`: 1).
  case rows(RowSource, scales: UnsafePointer<Float>?)
  /// Sparse input rows; the first of them is source row `first`.
  case sparse(SparseEntries, first: Int)

  /// Dense rows and their factors, for the kernels that read rows by number.
  var dense: (rows: RowSource, scales: UnsafePointer<Float>?) {
    switch self {
    case .matrix(let matrix): (RowSource(matrix), nil)
    case .rows(let rows, let scales): (rows, scales)
    case .sparse: preconditionFailure("sparse rows are transformed first")
    }
  }

  /// Columns of the scratch that `tile` needs.
  func tileColumns(_ columns: Int) -> Int {
    if case .rows = self { columns } else { 0 }
  }

  /// Dense rows `range` as one matrix: in place where they lie together, else copied to `tile`.
  func tile(_ range: Range<Int>, copiedTo tile: MatrixView) -> MatrixView {
    switch self {
    case .matrix(let matrix): return matrix.rows(range)
    case .rows(let rows, let scales):
      let tile = tile.rows(0..<range.count)
      Gather.copy(from: range.lowerBound, of: rows, scales: scales, into: tile)
      return tile
    case .sparse: preconditionFailure("sparse rows have no tile")
    }
  }

  /// `product = x·weight` for rows `range`, `x` as `tile` gave it where rows are dense.
  func multiply(_ range: Range<Int>, _ x: MatrixView?, by weight: MatrixView, into product: MatrixView) {
    if case .sparse(let entries, let first) = self {
      Aggregation.aggregate(
        range.lowerBound - first..<range.upperBound - first, of: entries.rows, rows: RowSource(weight), .sum, into: product)
    } else if let x {
      MatrixProduct.multiply(x, weight, into: product)
    }
  }

  /// As above, the rows found by itself.
  func multiply(_ range: Range<Int>, by weight: MatrixView, into product: MatrixView, tile: MatrixView) {
    multiply(range, denseTile(range, copiedTo: tile), by: weight, into: product)
  }

  /// `tile`, or `nil` where rows are sparse.
  func denseTile(_ range: Range<Int>, copiedTo tile: MatrixView) -> MatrixView? {
    if case .sparse = self { nil } else { self.tile(range, copiedTo: tile) }
  }
}
