internal import CKernels
public import Tensors

/// Copies of rows into a matrix, for what must lie together: the destinations' own rows and the tiles of a dense product.
public enum Gather {
  /// How many rows early a row is asked for, where rows lie apart.
  private static let ahead = 16

  /// `out[i] = scales[first + i] · x[first + i]` for the rows of `out`.
  ///
  /// - Parameters:
  ///   - first: Number of the first row read.
  ///   - scales: Factor of each row of `rows`; `nil`: 1.
  ///   - out: Shape (rows to copy, columns of `rows`).
  public static func copy(from first: Int, of rows: RowSource, scales: UnsafePointer<Float>? = nil, into out: MatrixView) {
    precondition(out.columns == rows.columns && first >= 0 && first + out.rows <= rows.count, "rows outside their source")
    switch rows.elementType {
    case .float32:
      let scattered = rows.references != nil
      for index in 0..<out.rows {
        if scattered, index &+ ahead < out.rows {
          let later = rows.address(of: first &+ index &+ ahead).assumingMemoryBound(to: CChar.self)
          halo_ask_for(later, rows.columns &* MemoryLayout<Float>.stride)
        }
        let row = rows.address(of: first &+ index).assumingMemoryBound(to: Float.self)
        if let scales {
          Elements.scale(row, by: scales[first &+ index], into: out.row(index), count: rows.columns)
        } else {
          out.row(index).update(from: row, count: rows.columns)
        }
      }
    default: preconditionFailure("no kernel reads rows of \(rows.elementType)")
    }
  }
}
