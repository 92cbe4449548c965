import Glibc

/// Activations of single elements, with slope `a` below zero for PReLU.
///
/// ReLU `max(u, 0)`; ELU `u` above zero, else `eᵘ − 1` (Clevert et al., ICLR 2016, arXiv:1511.07289); PReLU `u` above zero, else `a·u`, with
/// one learned `a` for all columns (He et al., ICCV 2015, arXiv:1502.01852).
public enum PointwiseActivation: Sendable {
  case relu, elu, prelu

  /// The definition in float64: value and derivative.
  package func reference(_ u: Double, slope: Double) -> (value: Double, derivative: Double) {
    if u > 0 { return (u, 1) }
    return switch self {
    case .relu: (0, 0)
    case .elu: (exp(u) - 1, exp(u))
    case .prelu: (slope * u, slope)
    }
  }

  /// Applies the activation to a row.
  public func apply(_ row: UnsafeMutablePointer<Float>, count: Int, slope: Float) {
    switch self {
    case .relu: RowArithmetic.relu(row, count: count)
    case .elu: for column in 0..<count where !(row[column] > 0) { row[column] = expm1(row[column]) }
    case .prelu: for column in 0..<count where !(row[column] > 0) { row[column] *= slope }
    }
  }

  /// Replaces the gradient after the activation by the one before it; returns the gradient of the slope, 0 but for PReLU.
  ///
  /// - Parameter u: What the activation was applied to.
  public func backward(_ gradient: UnsafeMutablePointer<Float>, of u: UnsafePointer<Float>, count: Int, slope: Float) -> Double {
    var slopeGradient = 0.0
    switch self {
    case .relu: RowArithmetic.passPositive(gradient, of: u, count: count)
    case .elu: for column in 0..<count where !(u[column] > 0) { gradient[column] *= exp(u[column]) }
    case .prelu:
      for column in 0..<count where !(u[column] > 0) {
        slopeGradient += Double(gradient[column]) * Double(u[column])
        gradient[column] *= slope
      }
    }
    return slopeGradient
  }
}
