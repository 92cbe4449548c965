internal import CKernels
public import Tensors

/// Element-wise arithmetic on rows, for what is done to a tile while it is in cache.
public enum RowArithmetic {
  /// `sum[c] += row[c]`.
  public static func add(_ row: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
    Elements.add(row, to: sum, count: count)
  }

  /// `sum[c] += factor · row[c]`.
  public static func add(_ row: UnsafePointer<Float>, times factor: Float, to sum: UnsafeMutablePointer<Float>, count: Int) {
    for column in 0..<count { sum[column] += factor * row[column] }
  }

  /// `row[c] *= factor`.
  public static func scale(_ row: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
    Elements.scale(row, by: factor, into: row, count: count)
  }

  /// `Σ_c a[c] · b[c]` in float64, columns in order.
  public static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    var sum = 0.0
    for column in 0..<count { sum += Double(a[column]) * Double(b[column]) }
    return sum
  }

  /// `out[i] = a[i] · out[i] + b[i] · x[first + i]` for the rows of `out`.
  ///
  /// - Parameters:
  ///   - scales: `a`, shape (rows of `out`).
  ///   - first: Number of the first row read.
  ///   - factors: `b`, shape (rows of `out`).
  public static func blend(
    _ out: MatrixView, by scales: UnsafePointer<Float>, with rows: RowSource, from first: Int, times factors: UnsafePointer<Float>,
    instructions: InstructionSet = .detected
  ) {
    precondition(out.columns == rows.columns && first >= 0 && first + out.rows <= rows.count, "rows outside their source")
    var source = rows.native
    halo_blend_rows(instructions.native, &source, first, out.rows, rows.columns, scales, factors, out.base, out.stride)
  }

  /// `row[c] = max(row[c], 0)`.
  public static func relu(_ row: UnsafeMutablePointer<Float>, count: Int) {
    for column in 0..<count { row[column] = max(row[column], 0) }
  }

  /// `gradient[c] = 0` where `value[c]` is not above 0: the gradient before a ReLU, from its output.
  public static func passPositive(_ gradient: UnsafeMutablePointer<Float>, of value: UnsafePointer<Float>, count: Int) {
    for column in 0..<count where !(value[column] > 0) { gradient[column] = 0 }
  }
}
