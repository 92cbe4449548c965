import Glibc
public import Tensors

/// Adam with bias correction and L2 decay in the gradient; formulas and defaults of `torch.optim.Adam`.
///
/// `m += (1 − β₁)(g − m)`, `v = β₂·v + (1 − β₂)·g²`, `w −= lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`.
/// Kingma, Ba, ICLR 2015, arXiv:1412.6980.
public struct Adam: Optimizer, Equatable {
  public var learningRate: Float
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float

  public init(learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// First moments, then second moments.
  public var stateCount: Int { 2 }

  /// The definition for one element, in float64.
  package static func reference(
    _ rule: Adam, weight: inout Double, gradient: Double, first: inout Double, second: inout Double, step: Int
  ) {
    let (beta1, beta2) = (Double(rule.beta1), Double(rule.beta2))
    first = beta1 * first + (1 - beta1) * gradient
    second = beta2 * second + (1 - beta2) * gradient * gradient
    let correctedFirst = first / (1 - pow(beta1, Double(step)))
    let correctedSecond = second / (1 - pow(beta2, Double(step)))
    weight -= Double(rule.learningRate) * correctedFirst / (correctedSecond.squareRoot() + Double(rule.epsilon))
  }

  public func update(_ slice: OptimizerSlice, step: Int, normaliser: Double, decay: WeightDecay, threads: Threads) {
    precondition(step >= 1 && normaliser > 0, "step \(step) with normaliser \(normaliser)")
    let count = slice.range.count
    let factors = Factors(
      gradient: Float(1 / normaliser), decay: 0, beta2: beta2, rest1: Float(1 - Double(beta1)), rest2: Float(1 - Double(beta2)),
      rate: Float(Double(learningRate) / (1 - pow(Double(beta1), Double(step)))),
      inverseRoot: Float(1 / (1 - pow(Double(beta2), Double(step))).squareRoot()), epsilon: epsilon)
    slice.forEachRun(decay, threads: threads) { elements, coefficient in
      var factors = factors
      factors.decay = coefficient
      var index = elements.lowerBound
      while index &+ 8 <= elements.upperBound {
        factors.step8(slice.weights + index, slice.gradient + index, slice.state + index, slice.state + (count &+ index))
        index &+= 8
      }
      while index < elements.upperBound {
        factors.step(
          &slice.weights[index], slice.gradient[index], &slice.state[index], &slice.state[count &+ index])
        index &+= 1
      }
    }
  }
}

/// What all elements of one step share.
private struct Factors {
  let gradient: Float
  var decay: Float
  let beta2: Float
  let rest1: Float
  let rest2: Float
  let rate: Float
  let inverseRoot: Float
  let epsilon: Float

  @inline(__always)
  func step(_ weight: inout Float, _ gradient: Float, _ first: inout Float, _ second: inout Float) {
    let g = gradient * self.gradient + decay * weight
    first += (g - first) * rest1
    second = second * beta2 + g * g * rest2
    weight -= rate * (first / (second.squareRoot() * inverseRoot + epsilon))
  }

  /// Eight elements; the same operations in the same order as for one.
  @inline(__always)
  func step8(
    _ weights: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>,
    _ second: UnsafeMutablePointer<Float>
  ) {
    let (w, m, v) = (UnsafeMutableRawPointer(weights), UnsafeMutableRawPointer(first), UnsafeMutableRawPointer(second))
    var weight = w.loadUnaligned(as: SIMD8<Float>.self)
    var firstMoment = m.loadUnaligned(as: SIMD8<Float>.self)
    var secondMoment = v.loadUnaligned(as: SIMD8<Float>.self)
    let g = UnsafeRawPointer(gradient).loadUnaligned(as: SIMD8<Float>.self) * self.gradient + decay * weight
    firstMoment += (g - firstMoment) * rest1
    secondMoment = secondMoment * beta2 + g * g * rest2
    weight -= rate * (firstMoment / (secondMoment.squareRoot() * inverseRoot + epsilon))
    w.storeBytes(of: weight, as: SIMD8<Float>.self)
    m.storeBytes(of: firstMoment, as: SIMD8<Float>.self)
    v.storeBytes(of: secondMoment, as: SIMD8<Float>.self)
  }
}
