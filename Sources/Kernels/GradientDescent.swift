public import Tensors

/// Stochastic gradient descent with momentum; formulas of `torch.optim.SGD` without dampening or Nesterov's step.
///
/// `b = µ·b + g`, `w −= lr·b`. Without momentum there is no state.
public struct GradientDescent: Optimizer, Equatable {
  public var learningRate: Float
  public var momentum: Float

  public init(learningRate: Float, momentum: Float = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  public var stateCount: Int { momentum == 0 ? 0 : 1 }

  /// The definition for one element, in float64.
  package static func reference(_ rule: GradientDescent, weight: inout Double, gradient: Double, velocity: inout Double) {
    velocity = Double(rule.momentum) * velocity + gradient
    weight -= Double(rule.learningRate) * velocity
  }

  public func update(_ slice: OptimizerSlice, step: Int, normaliser: Double, decay: WeightDecay, threads: Threads) {
    precondition(step >= 1 && normaliser > 0, "step \(step) with normaliser \(normaliser)")
    let scale = Float(1 / normaliser)
    let (rate, momentum) = (learningRate, momentum)
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
