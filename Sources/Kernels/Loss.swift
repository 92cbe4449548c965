public import Tensors

/// What is known of the rows of a batch; whoever makes it keeps the memory alive.
public enum Targets {
  /// Class of each row, −1 where unknown.
  case labels(UnsafePointer<Int32>)
  /// A number for each output of each row, NaN where unknown.
  case values(MatrixView)
}

/// A loss with its settings: what the outputs of a model are measured by.
public enum Loss: Sendable, Equatable {
  case softmaxCrossEntropy(classWeights: [Float]?, smoothing: Float)
  case binaryCrossEntropy(smoothing: Float)
  case squaredError

  /// Whether the outputs are decisions that are right or wrong.
  public var decides: Bool { self != .squaredError }

  /// Adds up the loss of all rows and writes its gradient, not normalised.
  ///
  /// - Parameters:
  ///   - outputs: Shape (rows, outputs).
  ///   - targets: Labels for `softmaxCrossEntropy`, else values.
  ///   - gradient: Shape of `outputs`, overwritten; may be `outputs`; `nil`: only the loss is wanted.
  public func evaluate(_ outputs: MatrixView, targets: Targets, gradient: MatrixView?, threads: Threads) -> LossSums {
    switch (self, targets) {
    case (.softmaxCrossEntropy(let classWeights, let smoothing), .labels(let labels)):
      SoftmaxCrossEntropy.evaluate(
        outputs, labels: labels, classWeights: classWeights, smoothing: smoothing, gradient: gradient, threads: threads)
    case (.binaryCrossEntropy(let smoothing), .values(let values)):
      BinaryCrossEntropy.evaluate(outputs, targets: values, smoothing: smoothing, gradient: gradient, threads: threads)
    case (.squaredError, .values(let values)):
      SquaredError.evaluate(outputs, targets: values, gradient: gradient, threads: threads)
    default: preconditionFailure("targets of another kind of loss")
    }
  }

  /// What `evaluate` counts as the weight of `rows` rows with these targets, whatever the outputs.
  public func weight(of targets: Targets, rows: Int) -> Double {
    switch (self, targets) {
    case (.softmaxCrossEntropy(let classWeights, _), .labels(let labels)):
      (0..<rows).reduce(0) { sum, row in sum + (labels[row] < 0 ? 0 : classWeights.map { Double($0[Int(labels[row])]) } ?? 1) }
    case (_, .values(let values)):
      Double((0..<rows).reduce(0) { sum, row in sum + (0..<values.columns).count { !values.row(row)[$0].isNaN } })
    default: preconditionFailure("targets of another kind of loss")
    }
  }
}
