import Glibc
public import Tensors

/// Adam with bias correction; formulas and defaults of `torch.optim.Adam` and `torch.optim.AdamW`.
///
/// `m += (1 − β₁)(g − m)`, `v = β₂·v + (1 − β₂)·g²`, `w −= lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`.
/// Kingma, Ba, ICLR 2015, arXiv:1412.6980.
///
/// A decay of λ adds `λ·w` to `g`; decoupled, as in AdamW, it leaves the moments alone and first shrinks the weight, `w −= lr·λ·w`.
/// Loshchilov, Hutter, ICLR 2019, arXiv:1711.05101, Alg. 2.
public struct Adam: Optimizer, Equatable {
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  /// AdamW: decay acts on the weights, not through the gradient.
  public var decouplesDecay: Bool

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decouplesDecay: Bool = false) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decouplesDecay = decouplesDecay
  }

  public var stateNames: [String] { ["first-moment", "second-moment"] }

  /// The definition for one element, in float64.
  package static func reference(
    _ rule: Adam, weight: inout Double, gradient: Double, decay: Double, first: inout Double, second: inout Double, step: OptimizerStep
  ) {
    let (beta1, beta2) = (Double(rule.beta1), Double(rule.beta2))
    let g = rule.decouplesDecay ? gradient : gradient + decay * weight
    if rule.decouplesDecay { weight -= step.learningRate * decay * weight }
    first = beta1 * first + (1 - beta1) * g
    second = beta2 * second + (1 - beta2) * g * g
    let correctedFirst = first / (1 - pow(beta1, Double(step.number)))
    let correctedSecond = second / (1 - pow(beta2, Double(step.number)))
    weight -= step.learningRate * correctedFirst / (correctedSecond.squareRoot() + Double(rule.epsilon))
  }

  public func update(_ slice: OptimizerSlice, _ step: OptimizerStep, decay: WeightDecay, threads: Threads) {
    let count = slice.range.count
    let factors = AdamFactors(self, step, epsilon: epsilon)
    let decouples = decouplesDecay
    slice.forEachRun(decay, threads: threads) { elements, coefficient in
      var factors = factors
      factors.penalty = decouples ? 0 : coefficient
      factors.keep = decouples ? Float(1 - step.learningRate * Double(coefficient)) : 1
      let first = elements.lowerBound
      factors.move(
        slice.weights + first, slice.gradient + first, slice.state + first, slice.state + (count &+ first), count: elements.count)
    }
  }

  /// `1 − βᵗ` of the second moment.
  func secondCorrection(_ step: OptimizerStep) -> Double { 1 - pow(Double(beta2), Double(step.number)) }
}

/// What a run of elements with one decay coefficient shares in one step.
struct AdamFactors {
  /// What the summed gradient is multiplied by.
  var gradient: Float
  /// Coefficient of the weight in its own gradient.
  var penalty: Float
  /// Share of the weight that a decoupled decay leaves.
  var keep: Float
  let beta2: Float
  let rest1: Float
  let rest2: Float
  let rate: Float
  let inverseRoot: Float
  let epsilon: Float

  /// Factors of a step without decay.
  ///
  /// - Parameter epsilon: Beside the corrected root of the second moment.
  init(_ rule: Adam, _ step: OptimizerStep, epsilon: Float) {
    gradient = Float(step.gradientScale)
    (penalty, keep) = (0, 1)
    beta2 = rule.beta2
    rest1 = Float(1 - Double(rule.beta1))
    rest2 = Float(1 - Double(rule.beta2))
    rate = Float(step.learningRate / (1 - pow(Double(rule.beta1), Double(step.number))))
    inverseRoot = Float(1 / rule.secondCorrection(step).squareRoot())
    self.epsilon = epsilon
  }

  /// Moves `count` elements; the bits of an element do not depend on where the run begins.
  @inline(__always)
  func move(
    _ weights: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>,
    _ second: UnsafeMutablePointer<Float>, count: Int
  ) {
    var index = 0
    while index &+ 8 <= count {
      step8(weights + index, gradient + index, first + index, second + index)
      index &+= 8
    }
    while index < count {
      step(&weights[index], gradient[index], &first[index], &second[index])
      index &+= 1
    }
  }

  @inline(__always)
  func step(_ weight: inout Float, _ gradient: Float, _ first: inout Float, _ second: inout Float) {
    let g = gradient * self.gradient + penalty * weight
    first += (g - first) * rest1
    second = second * beta2 + g * g * rest2
    weight = weight * keep - rate * (first / (second.squareRoot() * inverseRoot + epsilon))
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
    let g = UnsafeRawPointer(gradient).loadUnaligned(as: SIMD8<Float>.self) * self.gradient + penalty * weight
    firstMoment += (g - firstMoment) * rest1
    secondMoment = secondMoment * beta2 + g * g * rest2
    weight = weight * keep - rate * (firstMoment / (secondMoment.squareRoot() * inverseRoot + epsilon))
    w.storeBytes(of: weight, as: SIMD8<Float>.self)
    m.storeBytes(of: firstMoment, as: SIMD8<Float>.self)
    v.storeBytes(of: secondMoment, as: SIMD8<Float>.self)
  }
}
