import Glibc
public import Tensors

/// Loss of the classification into one of several classes over the rows of a batch, not divided by their number.
///
/// With `p = softmax(x)`, class weights `w` and label smoothing `ε` over `C` classes a row with label `y` adds
/// `Σ_c q_c · −log p_c`, `q_c = (1 − ε)·w_y·[c = y] + ε/C·w_c`, and `w_y` to the weight that the mean divides by; the gradient is
/// `(Σ_c q_c)·p − q`. Rows with label −1 add nothing. These are the formulas of PyTorch's `CrossEntropyLoss`, whose mean is the sum
/// over the sum of `w_y`; smoothing is that of Szegedy et al., CVPR 2016, arXiv:1512.00567, §7. Exponentials and sums are float64;
/// the loss is added up by chunks of rows that depend on their number alone.
public enum SoftmaxCrossEntropy {
  /// The definition for one row in float64: loss and gradient.
  package static func reference(
    _ logits: [Double], label: Int, classWeights: [Double]? = nil, smoothing: Double = 0
  ) -> (Double, [Double]) {
    let largest = logits.max() ?? 0
    let total = logits.reduce(0) { $0 + exp($1 - largest) }
    let weights = classWeights ?? logits.map { _ in 1 }
    let target = logits.indices.map {
      (1 - smoothing) * ($0 == label ? weights[label] : 0) + smoothing / Double(logits.count) * weights[$0]
    }
    let mass = target.reduce(0, +)
    let loss = logits.indices.reduce(0) { $0 + target[$1] * (log(total) + largest - logits[$1]) }
    return (loss, logits.indices.map { mass * exp(logits[$0] - largest) / total - target[$0] })
  }

  /// Adds up the loss of all rows and writes the gradient.
  ///
  /// - Parameters:
  ///   - logits: Shape (rows, classes).
  ///   - labels: Class of each row, shape (rows): −1, or below the number of classes.
  ///   - classWeights: `w`, shape (classes), not negative; `nil`: all 1.
  ///   - smoothing: `ε`, from 0, below 1.
  ///   - gradient: Shape of `logits`, overwritten; may be `logits`; `nil`: only the loss is wanted.
  /// - Returns: `correct` counts the rows whose largest logit is the label's; the lowest column wins a tie.
  public static func evaluate(
    _ logits: MatrixView, labels: UnsafePointer<Int32>, classWeights: [Float]? = nil, smoothing: Float = 0, gradient: MatrixView?,
    threads: Threads
  ) -> LossSums {
    precondition(gradient.map { $0.rows == logits.rows && $0.columns == logits.columns } ?? true, "a gradient of another shape")
    precondition(classWeights.map { $0.count == logits.columns } ?? true, "class weights of another number of classes")
    let rule = Rule(classWeights: classWeights, smoothing: Double(smoothing), classes: logits.columns)
    nonisolated(unsafe) let labels = labels
    return LossSums.adding(rows: logits.rows, threads: threads) { row in
      let label = Int(labels[row])
      precondition(label >= -1 && label < logits.columns, "label \(label) of \(logits.columns) classes")
      guard label >= 0 else {
        gradient?.row(row).update(repeating: 0, count: logits.columns)
        return LossSums()
      }
      return rule.evaluate(logits.row(row), label: label, gradient: gradient?.row(row))
    }
  }

  /// The settings, ready for a row.
  private struct Rule {
    let classWeights: [Float]?
    /// `ε`.
    let smoothing: Double
    let classes: Int
    /// `ε/C`.
    let spread: Double
    /// `Σ_c w_c`.
    let totalWeight: Double

    init(classWeights: [Float]?, smoothing: Double, classes: Int) {
      self.classWeights = classWeights
      self.smoothing = smoothing
      self.classes = classes
      spread = smoothing / Double(max(1, classes))
      totalWeight = classWeights.map { $0.reduce(0) { $0 + Double($1) } } ?? Double(classes)
    }

    private func weight(_ column: Int) -> Double { classWeights.map { Double($0[column]) } ?? 1 }

    func evaluate(_ x: UnsafePointer<Float>, label: Int, gradient: UnsafeMutablePointer<Float>?) -> LossSums {
      let predicted = SoftmaxCrossEntropy.argmax(x, count: classes)
      let largest = Double(x[predicted])
      var total = 0.0
      for column in 0..<classes { total += exp(Double(x[column]) - largest) }
      let logTotal = log(total) + largest
      let weight = weight(label)
      let own = (1 - smoothing) * weight
      var loss = own * (logTotal - Double(x[label]))
      if spread > 0 { for column in 0..<classes { loss += spread * self.weight(column) * (logTotal - Double(x[column])) } }
      if let gradient {
        let mass = own + spread * totalWeight
        for column in 0..<classes {
          var slope = mass * (exp(Double(x[column]) - largest) / total)
          if spread > 0 { slope -= spread * self.weight(column) }
          gradient[column] = Float(column == label ? slope - own : slope)
        }
      }
      return LossSums(loss: loss, weight: weight, correct: predicted == label ? 1 : 0, count: 1)
    }
  }

  /// Column of the largest value; the lowest of several.
  public static func argmax(_ values: UnsafePointer<Float>, count: Int) -> Int {
    var best = 0
    for column in 0..<count where values[column] > values[best] { best = column }
    return best
  }
}
