public import Tensors

/// Stochastic gradient descent with momentum; formulas of `torch.optim.SGD` without dampening or Nesterov's step.
///
/// `b = µ·b + g + λ·w`, `w −= lr·b`. Without momentum there is no state.
public struct GradientDescent: Optimizer, Equatable {
  public var momentum: Float

  public init(momentum: Float = 0) { self.momentum = momentum }

  public var stateNames: [String] { momentum == 0 ? [] : ["velocity"] }

  /// The definition for one element, in float64.
  package static func reference(
    _ rule: GradientDescent, weight: inout Double, gradient: Double, decay: Double, velocity: inout Double, learningRate: Double
  ) {
    velocity = Double(rule.momentum) * velocity + gradient + decay * weight
    weight -= learningRate * velocity
  }

  public func update(_ slice: OptimizerSlice, _ step: OptimizerStep, decay: WeightDecay, threads: Threads) {
    let (scale, rate, momentum) = (Float(step.gradientScale), Float(step.learningRate), momentum)
    slice.forEachRun(decay, threads: threads) { elements, coefficient in
      let first = elements.lowerBound
      let velocity = momentum == 0 ? nil : slice.state + first
      Self.move(
        slice.weights + first, slice.gradient + first, velocity: velocity, momentum: momentum, decay: coefficient, scale: scale, rate: rate,
        count: elements.count)
    }
  }

  /// Moves `count` elements.
  ///
  /// - Parameters:
  ///   - velocity: `nil` without momentum.
  ///   - decay: Coefficient of the weight in its own gradient.
  ///   - scale: What the gradient is multiplied by.
  @inline(__always)
  static func move(
    _ weights: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>?, momentum: Float,
    decay: Float, scale: Float, rate: Float, count: Int
  ) {
    for index in 0..<count {
      var g = gradient[index] * scale + decay * weights[index]
      if let velocity {
        g += momentum * velocity[index]
        velocity[index] = g
      }
      weights[index] -= rate * g
    }
  }
}
