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
      let weights = slice.weights
      for index in elements {
        var g = slice.gradient[index] * scale + coefficient * weights[index]
        if momentum != 0 {
          g += momentum * slice.state[index]
          slice.state[index] = g
        }
        weights[index] -= rate * g
      }
    }
  }
}
