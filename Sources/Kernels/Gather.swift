internal import CKernels
public import Tensors

/// Copies of rows into a matrix, for what must lie together: the destinations' own rows and the tiles of a dense product.
public enum Gather {
  /// `out[i] = scales[first + i] · x[first + i]` for the rows of `out`; stored elements are widened to float32.
  ///
  /// - Parameters:
  ///   - first: Number of the first row read.
  ///   - scales: Factor of each row of `rows`; `nil`: 1.
  ///   - out: Shape (rows to copy, columns of `rows`).
  public static func copy(
    from first: Int, of rows: RowSource, scales: UnsafePointer<Float>? = nil, into out: MatrixView,
    instructions: InstructionSet = .detected
  ) {
    precondition(out.columns == rows.columns && first >= 0 && first + out.rows <= rows.count, "rows outside their source")
    var source = rows.native
    halo_copy_rows(instructions.native, &source, first, out.rows, rows.columns, scales, out.base, out.stride)
  }
}
