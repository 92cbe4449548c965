import Glibc

/// How likely a node is of each class, on a scale on which rows can be compared and probabilities close to 1 stay apart.
///
/// `log(p_c / (1 − p_c)) = x_c − log Σ_{j≠c} exp(x_j)` with `p = softmax(x)`: it grows with `p_c`, so it ranks nodes as `p_c` does.
enum LogOdds {
  /// - Parameters:
  ///   - logits: `x`, as many as `odds`; one class alone has odds of +∞.
  ///   - odds: Overwritten; computed in float64, rounded once.
  static func write(_ logits: UnsafePointer<Float>, into odds: inout [Float]) {
    if odds.count == 2 {
      odds[1] = Float(Double(logits[1]) - Double(logits[0]))
      odds[0] = -odds[1]
      return
    }
    var best = 0
    for column in odds.indices where logits[column] > logits[best] { best = column }
    let largest = Double(logits[best])
    var rest = 0.0  // Of all but the best, whose own term is 1: nothing cancels.
    for column in odds.indices where column != best { rest += exp(Double(logits[column]) - largest) }
    for column in odds.indices {
      let x = Double(logits[column]) - largest
      odds[column] = Float(column == best ? -log(rest) : x - log(1 + max(0, rest - exp(x))))
    }
  }
}
