import Collectives
import Configuration
import Kernels
import Models
import Tensors

/// The optimiser of the dense parameters, for the slice of the flat vector that this worker owns.
///
/// State lives only at the owner: a worker holds 1/W of it.
final class DenseOptimizer {
  private let reducer: GradientReducer
  private let rule: any Optimizer
  private let decay: WeightDecay
  private let schedule: LearningRateSchedule
  /// Largest norm of the normalised gradient; 0: no limit.
  private let clipNorm: Double
  private let threads: Threads
  private let state: Buffer<Float>

  init(
    reducer: GradientReducer, layout: ParameterLayout, configuration: TrainingConfiguration, stepsPerEpoch: Int, threads: Threads
  ) {
    self.reducer = reducer
    self.threads = threads
    rule =
      switch configuration.optimizer {
      case .adam: Adam()
      case .adamw: Adam(decouplesDecay: true)
      case .sgd: GradientDescent(momentum: configuration.momentum)
      }
    decay = WeightDecay(layout, configuration)
    schedule = LearningRateSchedule(configuration, stepsPerEpoch: stepsPerEpoch)
    clipNorm = Double(configuration.clipNorm)
    state = Buffer(count: rule.stateNames.count * reducer.slice.count)
  }

  /// Moves this worker's slice of `weights` against the gradient summed over all parts; a collective call when norms are clipped.
  ///
  /// - Parameters:
  ///   - gradient: The slice's elements.
  ///   - normaliser: Σ of the weights of the known targets of the global batch, or their number; nothing is divided by 0.
  ///   - runStep: The step's number over the whole run, from 0.
  func update(weights: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, normaliser: Double, runStep: Int) throws {
    let normaliser = normaliser > 0 ? normaliser : 1
    var scale = 1 / normaliser
    if clipNorm > 0 {
      let squaredNorm = try reducer.squaredNorm(gradient) / (normaliser * normaliser)
      scale *= GradientClipping.factor(squaredNorm: squaredNorm, limit: clipNorm)
    }
    let slice = OptimizerSlice(
      range: reducer.slice, weights: weights + reducer.slice.lowerBound, gradient: gradient, state: state.pointer)
    let step = OptimizerStep(number: runStep + 1, learningRate: schedule.rate(step: runStep), gradientScale: scale)
    rule.update(slice, step, decay: decay, threads: threads)
  }

  /// The state of all slices by the names of the rule, on worker 0; empty on the others. A collective call.
  func gatherState() throws -> [String: Buffer<Float>] {
    var whole: [String: Buffer<Float>] = [:]
    for (index, name) in rule.stateNames.enumerated() {
      whole[name] = try reducer.gather(state.pointer + index * reducer.slice.count, to: 0)
    }
    return whole
  }

  /// Goes on from the whole vectors of state that `gatherState` gave.
  ///
  /// - Throws: `InputError` when they belong to another rule.
  func restore(_ vectors: [String: Buffer<Float>]) throws {
    for (index, name) in rule.stateNames.enumerated() {
      guard let vector = vectors[name] else { throw InputError("checkpoint", expected: "a vector '\(name)'", found: "none") }
      withExtendedLifetime(vector) {
        (state.pointer + index * reducer.slice.count).update(
          from: vector.pointer + reducer.slice.lowerBound, count: reducer.slice.count)
      }
    }
  }
}

extension WeightDecay {
  /// The coefficient of every parameter that decays: that of its layer, or of the last for one that belongs to none.
  init(_ layout: ParameterLayout, _ configuration: TrainingConfiguration) {
    let last = layout.layers.count - 1
    self.init(
      layout.parameters.filter(\.decays).map { parameter in
        let layer = layout.layers.firstIndex { $0.contains(parameter.range.lowerBound) } ?? last
        return Entry(parameter.range, configuration.weightDecay(ofLayer: layer))
      })
  }
}
