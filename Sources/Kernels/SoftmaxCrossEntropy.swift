import Glibc
public import Tensors

/// Loss of single-label classification over the rows of a batch, not divided by their number.
///
/// `loss = Σ_i −log softmax(x_i)[y_i]`, gradient `softmax(x_i) − onehot(y_i)`; rows with label −1 have neither. The owner of a
/// slice divides by the size of the global batch. Exponentials and sums are float64; the loss is added up by chunks of rows
/// that depend on their number alone.
public enum SoftmaxCrossEntropy {
  /// What a batch adds up to.
  public struct Sums: Sendable, Equatable {
    /// Sum of the losses in nats.
    public var loss = 0.0
    /// Rows whose largest logit is the label's; the lowest column wins a tie.
    public var correct = 0
    /// Rows with a label.
    public var count = 0

    public init(loss: Double = 0, correct: Int = 0, count: Int = 0) {
      self.loss = loss
      self.correct = correct
      self.count = count
    }

    public static func += (a: inout Sums, b: Sums) {
      a.loss += b.loss
      a.correct += b.correct
      a.count += b.count
    }
  }

  /// The definition for one row in float64: loss and gradient.
  package static func reference(_ logits: [Double], label: Int) -> (Double, [Double]) {
    let largest = logits.max() ?? 0
    let total = logits.reduce(0) { $0 + exp($1 - largest) }
    let gradient = logits.indices.map { exp(logits[$0] - largest) / total - ($0 == label ? 1 : 0) }
    return (log(total) + largest - logits[label], gradient)
  }

  /// Adds up the loss of all rows and writes the gradient.
  ///
  /// - Parameters:
  ///   - logits: Shape (rows, classes).
  ///   - labels: Class of each row, shape (rows): −1, or below the number of classes.
  ///   - gradient: Shape of `logits`, overwritten; may be `logits`; `nil`: only the loss is wanted.
  public static func evaluate(
    _ logits: MatrixView, labels: UnsafePointer<Int32>, gradient: MatrixView?, threads: Threads
  ) -> Sums {
    precondition(gradient.map { $0.rows == logits.rows && $0.columns == logits.columns } ?? true, "a gradient of another shape")
    let chunk = 64
    let chunks = (logits.rows + chunk - 1) / chunk
    nonisolated(unsafe) let labels = labels
    return withUnsafeTemporaryAllocation(of: Sums.self, capacity: max(1, chunks)) { partials in
      nonisolated(unsafe) let partials = partials
      threads.forEachChunk(of: logits.rows, by: chunk) { rows in
        var sums = Sums()
        for row in rows { sums += evaluate(logits, row, label: Int(labels[row]), gradient: gradient) }
        partials[rows.lowerBound / chunk] = sums
      }
      return partials[0..<chunks].reduce(into: Sums()) { $0 += $1 }
    }
  }

  private static func evaluate(_ logits: MatrixView, _ row: Int, label: Int, gradient: MatrixView?) -> Sums {
    precondition(label >= -1 && label < logits.columns, "label \(label) of \(logits.columns) classes")
    let x = logits.row(row)
    guard label >= 0 else {
      gradient?.row(row).update(repeating: 0, count: logits.columns)
      return Sums()
    }
    let predicted = argmax(x, count: logits.columns)
    let largest = Double(x[predicted])
    let labelLogit = Double(x[label])
    var total = 0.0
    for column in 0..<logits.columns { total += exp(Double(x[column]) - largest) }
    if let output = gradient?.row(row) {
      for column in 0..<logits.columns { output[column] = Float(exp(Double(x[column]) - largest) / total) }
      output[label] -= 1
    }
    return Sums(loss: log(total) + largest - labelLogit, correct: predicted == label ? 1 : 0, count: 1)
  }

  /// Column of the largest value; the lowest of several.
  public static func argmax(_ values: UnsafePointer<Float>, count: Int) -> Int {
    var best = 0
    for column in 0..<count where values[column] > values[best] { best = column }
    return best
  }
}
