import Tensors

/// Division of single rows by their Euclidean norm.
///
/// `y = x / ‖x‖`, and `y = x` for a row shorter than 10⁻¹², whose gradient is 0. Gradient: `dx = (dy − y·(y·dy)) / ‖x‖`. As line 7 of
/// Algorithm 1 of Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216.
public enum UnitLength {
  static let shortest = 1e-12

  /// Divides a row by its norm, added up in float64; returns the inverse of the norm, 0 for a row that is too short.
  public static func normalise(_ row: UnsafeMutablePointer<Float>, count: Int) -> Float {
    let norm = RowArithmetic.dot(row, row, count: count).squareRoot()
    guard norm >= shortest else { return 0 }
    let inverse = Float(1 / norm)
    RowArithmetic.scale(row, by: inverse, count: count)
    return inverse
  }

  /// Replaces `dy` by `dx`.
  ///
  /// - Parameters:
  ///   - unit: `y`.
  ///   - inverse: What `normalise` returned.
  public static func backward(_ gradient: UnsafeMutablePointer<Float>, unit: UnsafePointer<Float>, inverse: Float, count: Int) {
    let along = Float(RowArithmetic.dot(gradient, unit, count: count))
    for column in 0..<count { gradient[column] = inverse * (gradient[column] - unit[column] * along) }
  }
}
