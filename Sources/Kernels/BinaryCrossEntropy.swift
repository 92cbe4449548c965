import Glibc
public import Tensors

/// Loss of several labels per row, each there or not, over the rows of a batch; not divided by their number.
///
/// A known target `t` in 0…1 of logit `x` adds `max(x, 0) − x·t + log(1 + exp(−|x|))`, which is `−t·log σ(x) − (1 − t)·log(1 − σ(x))`
/// without overflow, and 1 to the weight that the mean divides by; the gradient is `σ(x) − t`. A target that is NaN is unknown and
/// adds nothing: the mean is that of PyTorch's `BCEWithLogitsLoss` over the known entries alone. Label smoothing `ε` replaces `t` by
/// `(1 − ε)·t + ε/2`. Computed in float64; columns in order, rows by chunks that depend on their number alone.
public enum BinaryCrossEntropy {
  /// The definition for one known target in float64: loss and gradient.
  package static func reference(_ logit: Double, target: Double, smoothing: Double = 0) -> (Double, Double) {
    let target = (1 - smoothing) * target + smoothing / 2
    let probability = 1 / (1 + exp(-logit))
    return (-target * log(probability) - (1 - target) * log(1 - probability), probability - target)
  }

  /// Adds up the loss of all known targets and writes the gradient.
  ///
  /// - Parameters:
  ///   - logits: Shape (rows, labels).
  ///   - targets: Shape of `logits`: 0…1, NaN where unknown.
  ///   - smoothing: `ε`, from 0, below 1.
  ///   - gradient: Shape of `logits`, overwritten, 0 where unknown; may be `logits`; `nil`: only the loss is wanted.
  /// - Returns: `correct` counts the known targets with `t ≥ ½` on the side `x > 0`.
  public static func evaluate(
    _ logits: MatrixView, targets: MatrixView, smoothing: Float = 0, gradient: MatrixView?, threads: Threads
  ) -> LossSums {
    precondition(targets.rows == logits.rows && targets.columns == logits.columns, "targets of another shape")
    precondition(gradient.map { $0.rows == logits.rows && $0.columns == logits.columns } ?? true, "a gradient of another shape")
    let smoothing = Double(smoothing)
    return LossSums.adding(rows: logits.rows, threads: threads) { row in
      let (x, t, output) = (logits.row(row), targets.row(row), gradient?.row(row))
      var sums = LossSums()
      for column in 0..<logits.columns {
        guard !t[column].isNaN else {
          output?[column] = 0
          continue
        }
        let logit = Double(x[column])
        let target = (1 - smoothing) * Double(t[column]) + smoothing / 2
        let small = exp(-abs(logit))
        sums.loss += max(logit, 0) - logit * target + log1p(small)
        sums.correct += isPositive(x[column]) == (t[column] >= 0.5) ? 1 : 0
        sums.count += 1
        output?[column] = Float((logit >= 0 ? 1 : small) / (1 + small) - target)
      }
      sums.weight = Double(sums.count)
      return sums
    }
  }

  /// Whether a logit says that the label is there: a probability above one half.
  public static func isPositive(_ logit: Float) -> Bool { logit > 0 }
}
