import Tensors

/// Layer normalisation of single rows.
///
/// `x̂ = (x − µ) / √(σ² + ε)` with mean and (biased) variance over the row's columns, added up in float64; `y = γ·x̂ + β`.
/// Gradient: `dx = (g − mean(g) − x̂·mean(g·x̂)) / √(σ² + ε)` with `g = γ·dy`.
///
/// Ba, Kiros, Hinton, arXiv:1607.06450; ε as `torch.nn.LayerNorm`.
public enum LayerNormalisation {
  public static let epsilon = 1e-5

  /// The definition in float64: `x̂`.
  package static func reference(_ row: [Double]) -> [Double] {
    let mean = row.reduce(0, +) / Double(row.count)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
    return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
  }

  /// Replaces a row by `x̂`; returns `1 / √(σ² + ε)`.
  public static func normalise(_ row: UnsafeMutablePointer<Float>, count: Int) -> Float {
    var sum = 0.0
    for column in 0..<count { sum += Double(row[column]) }
    let mean = sum / Double(count)
    var squares = 0.0
    for column in 0..<count { squares += (Double(row[column]) - mean) * (Double(row[column]) - mean) }
    let inverse = 1 / (squares / Double(count) + epsilon).squareRoot()
    for column in 0..<count { row[column] = Float((Double(row[column]) - mean) * inverse) }
    return Float(inverse)
  }

  /// Replaces `g = γ·dy` by `dx`.
  ///
  /// - Parameters:
  ///   - normalised: `x̂`.
  ///   - inverse: What `normalise` returned.
  public static func backward(
    _ gradient: UnsafeMutablePointer<Float>, normalised: UnsafePointer<Float>, inverse: Float, count: Int
  ) {
    var sum = 0.0
    var product = 0.0
    for column in 0..<count {
      sum += Double(gradient[column])
      product += Double(gradient[column]) * Double(normalised[column])
    }
    let (mean, slope) = (Float(sum / Double(count)), Float(product / Double(count)))
    for column in 0..<count { gradient[column] = inverse * (gradient[column] - mean - normalised[column] * slope) }
  }
}
