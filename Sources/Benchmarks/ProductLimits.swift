import Kernels
public import Tensors

/// One dense product of a layer: `rows` × `inner` by `inner` × `columns`, or what backward makes of it.
public struct ProductShape: Codable, Hashable, Sendable {
  public enum Form: String, Codable, Sendable {
    /// `x·W`: (rows, inner) by (inner, columns).
    case forward
    /// `xᵀ·g`: (rows, inner) transposed by (rows, columns).
    case weightGradient
    /// `g·Wᵀ`: (rows, columns) by (inner, columns) transposed.
    case inputGradient
  }

  public var rows: Int
  public var inner: Int
  public var columns: Int
  public var form: Form

  public init(rows: Int, inner: Int, columns: Int, form: Form) {
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.form = form
  }

  /// Multiplications and additions of one product.
  public var operations: Double { 2 * Double(rows) * Double(inner) * Double(columns) }
}

/// How fast this machine multiplies matrices with the library that training uses.
public enum ProductLimits {
  /// Floating-point operations per second of one product, repeated on the same matrices: with the tiles of training, or with one run of
  /// rows for each thread, whichever is faster. A bad choice of tiles must not make its own limit.
  public static func rate(_ shape: ProductShape, threads: Threads, trials: Int) -> Rate {
    let x = matrix(shape.rows, shape.inner)
    let w = matrix(shape.inner, shape.columns)
    let g = matrix(shape.rows, shape.columns)
    let partials = LaneSums()
    let runs = (0..<threads.count).map { _ in matrix(shape.inner, shape.columns) }
    let share = max(1, (shape.rows + threads.count - 1) / threads.count)
    let rates = withExtendedLifetime([x, w, g] + runs) {
      Interleaved.measure(
        trials: trials,
        [
          (
            shape.operations,
            {
              switch shape.form {
              case .forward: MatrixProduct.multiply(x.view, w.view, into: g.view, threads: threads)
              case .weightGradient: MatrixProduct.multiply(transposed: x.view, g.view, into: w.view, partials: partials, threads: threads)
              case .inputGradient: MatrixProduct.multiply(g.view, transposed: w.view, into: x.view, threads: threads)
              }
            }
          ),
          (
            shape.operations,
            {
              threads.forEachChunk(of: shape.rows, by: share) { rows in
                switch shape.form {
                case .forward: MatrixProduct.multiply(x.view.rows(rows), w.view, into: g.view.rows(rows))
                case .weightGradient:
                  MatrixProduct.multiply(transposed: x.view.rows(rows), g.view.rows(rows), into: runs[rows.lowerBound / share].view)
                case .inputGradient: MatrixProduct.multiply(g.view.rows(rows), transposed: w.view, into: x.view.rows(rows))
                }
              }
            }
          ),
        ])
    }
    return rates[0].highest > rates[1].highest ? rates[0] : rates[1]
  }

  /// Small numbers, never denormal: those would be multiplied by slower circuits.
  private static func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    for row in 0..<rows {
      let values = matrix.view.row(row)
      for column in 0..<columns { values[column] = Float((row &+ 7 &* column) % 13) * 0.0625 - 0.375 }
    }
    return matrix
  }
}
