import Configuration
import Kernels
import Models
import Tensors

/// The optimiser of the dense parameters, for the slice of the flat vector that this worker owns.
///
/// State lives only at the owner: a worker holds 1/W of it.
final class DenseOptimizer {
  private let slice: Range<Int>
  private let rule: any Optimizer
  private let decay: WeightDecay
  private let threads: Threads
  private let state: Buffer<Float>
  private var updates = 0

  init(slice: Range<Int>, layout: ParameterLayout, configuration: TrainingConfiguration, threads: Threads) {
    self.slice = slice
    self.threads = threads
    rule =
      switch configuration.optimizer {
      case .adam, .adamw: Adam(learningRate: configuration.learningRate)
      case .sgd: GradientDescent(learningRate: configuration.learningRate, momentum: configuration.momentum)
      }
    let penalty = configuration.weightDecay[0]
    decay = WeightDecay(penalty > 0 ? layout.parameters.filter(\.decays).map { .init($0.range, penalty) } : [])
    state = Buffer(count: rule.stateCount * slice.count)
  }

  /// Moves this worker's slice of `weights` against the gradient summed over all parts.
  ///
  /// - Parameters:
  ///   - gradient: The slice's elements.
  ///   - normaliser: Σ of the weights of the known targets of the global batch, or their number; nothing is divided by 0.
  func update(weights: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, normaliser: Double) {
    updates += 1
    rule.update(
      OptimizerSlice(range: slice, weights: weights + slice.lowerBound, gradient: gradient, state: state.pointer), step: updates,
      normaliser: normaliser > 0 ? normaliser : 1, decay: decay, threads: threads)
  }
}
