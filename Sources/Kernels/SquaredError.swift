public import Tensors

/// Loss of a regression over the rows of a batch, not divided by their number.
///
/// A known target `t` of output `x` adds `(x − t)²` and 1 to the weight that the mean divides by; the gradient is `2·(x − t)`. A
/// target that is NaN is unknown and adds nothing: the mean is that of PyTorch's `MSELoss` over the known entries alone. Computed in
/// float64; columns in order, rows by chunks that depend on their number alone.
public enum SquaredError {
  /// The definition for one known target in float64: loss and gradient.
  package static func reference(_ output: Double, target: Double) -> (Double, Double) {
    ((output - target) * (output - target), 2 * (output - target))
  }

  /// Adds up the loss of all known targets and writes the gradient.
  ///
  /// - Parameters:
  ///   - outputs: Shape (rows, columns).
  ///   - targets: Shape of `outputs`, NaN where unknown.
  ///   - gradient: Shape of `outputs`, overwritten, 0 where unknown; may be `outputs`; `nil`: only the loss is wanted.
  public static func evaluate(_ outputs: MatrixView, targets: MatrixView, gradient: MatrixView?, threads: Threads) -> LossSums {
    precondition(targets.rows == outputs.rows && targets.columns == outputs.columns, "targets of another shape")
    precondition(gradient.map { $0.rows == outputs.rows && $0.columns == outputs.columns } ?? true, "a gradient of another shape")
    return LossSums.adding(rows: outputs.rows, threads: threads) { row in
      let (x, t, slope) = (outputs.row(row), targets.row(row), gradient?.row(row))
      var sums = LossSums()
      for column in 0..<outputs.columns {
        guard !t[column].isNaN else {
          slope?[column] = 0
          continue
        }
        let error = Double(x[column]) - Double(t[column])
        sums.loss += error * error
        sums.count += 1
        slope?[column] = Float(2 * error)
      }
      sums.weight = Double(sums.count)
      return sums
    }
  }
}
