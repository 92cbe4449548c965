import Kernels
import Tensors
import Testing

@Suite struct OptimizerTests {
  /// Runs `steps` steps on a slice that begins at element 3 of the flat vector; returns the weights after each.
  private func run(_ rule: some Optimizer, weights: [Float], gradients: [[Float]], normaliser: Double, decay: WeightDecay, threads: Int = 1)
    -> [[Float]]
  {
    let w = keep(Buffer(copying: weights))
    let state = keep(Buffer<Float>(count: rule.stateCount * weights.count))
    return gradients.enumerated().map { step, gradient in
      let g = keep(Buffer(copying: gradient))
      let slice = OptimizerSlice(range: 3..<3 + weights.count, weights: w.pointer, gradient: g.pointer, state: state.pointer)
      rule.update(slice, step: step + 1, normaliser: normaliser, decay: decay, threads: Threads(threads))
      return Array(w.elements)
    }
  }

  /// The first step of Adam moves by the rate against the gradient's sign, whatever its size.
  @Test func literalSteps() {
    let adam = run(Adam(learningRate: 0.5), weights: [1, 2], gradients: [[8, -0.25]], normaliser: 4, decay: WeightDecay())
    #expect(abs(adam[0][0] - 0.5) < 1e-6 && abs(adam[0][1] - 2.5) < 1e-6)
    // b = 2, then 0.5·2 + 1: w = 10 − 0.1·2 − 0.1·2.
    let descent = run(
      GradientDescent(learningRate: 0.1, momentum: 0.5), weights: [10], gradients: [[4], [2]], normaliser: 2, decay: WeightDecay())
    #expect(abs(descent[0][0] - 9.8) < 1e-6 && abs(descent[1][0] - 9.6) < 1e-6)
    #expect(GradientDescent(learningRate: 1).stateCount == 0)
  }

  @Test(arguments: [1, 7, 8, 29, 40_001])
  func updatesFollowTheirDefinitions(count: Int) {
    var draws = Draws(UInt64(count))
    let weights = draws.floats(count)
    let gradients = (0..<5).map { _ in draws.floats(count) }
    let bounds = (3 + count / 3, 3 + count / 2)
    let decay = WeightDecay([.init(0..<bounds.0, 0.5), .init(bounds.0..<bounds.1, 0.125)])
    let coefficient = { (index: Int) in index + 3 < bounds.0 ? 0.5 : index + 3 < bounds.1 ? 0.125 : 0 }
    let adam = Adam(learningRate: 0.01)
    let descent = GradientDescent(learningRate: 0.1, momentum: 0.9)
    let (adamWeights, descentWeights) = (
      run(adam, weights: weights, gradients: gradients, normaliser: 3, decay: decay),
      run(descent, weights: weights, gradients: gradients, normaliser: 3, decay: decay)
    )
    for index in stride(from: 0, to: count, by: max(1, count / 101)) {
      var (a, first, second, d, velocity) = (Double(weights[index]), 0.0, 0.0, Double(weights[index]), 0.0)
      for step in 0..<5 {
        let g = Double(gradients[step][index]) / 3
        Adam.reference(adam, weight: &a, gradient: g + coefficient(index) * a, first: &first, second: &second, step: step + 1)
        GradientDescent.reference(descent, weight: &d, gradient: g + coefficient(index) * d, velocity: &velocity)
        // About ten roundings of values below 2 a step; Adam's quotient amplifies those of a small second moment.
        #expect(abs(Double(adamWeights[step][index]) - a) <= 2e-6)
        #expect(abs(Double(descentWeights[step][index]) - d) <= Double(step + 1) * 20 * 0x1p-24)
      }
    }
    for threads in 2...3 {
      #expect(run(adam, weights: weights, gradients: gradients, normaliser: 3, decay: decay, threads: threads) == adamWeights)
      #expect(run(descent, weights: weights, gradients: gradients, normaliser: 3, decay: decay, threads: threads) == descentWeights)
    }
  }

  /// Slices of the flat vector may be cut anywhere.
  @Test func aSliceIsUpdatedLikeThePartOfTheWhole() {
    var draws = Draws(77)
    let (weights, gradient) = (draws.floats(100), draws.floats(100))
    let decay = WeightDecay([.init(10..<55, 0.25)])
    func updated(_ cuts: [Int]) -> [Float] {
      let (w, g) = (keep(Buffer(copying: weights)), keep(Buffer(copying: gradient)))
      for (low, high) in zip(cuts, cuts.dropFirst()) {
        let state = keep(Buffer<Float>(count: 2 * (high - low)))
        Adam().update(
          OptimizerSlice(range: low..<high, weights: w.pointer + low, gradient: g.pointer + low, state: state.pointer), step: 1,
          normaliser: 7, decay: decay, threads: Threads(1))
      }
      return Array(w.elements)
    }
    let whole = updated([0, 100])
    #expect(whole == updated([0, 33, 34, 90, 100]))
    #expect(whole == updated([0, 0, 55, 55, 100]))
  }

  @Test func decayRunsCoverTheSlice() {
    let decay = WeightDecay([.init(2..<5, 1), .init(5..<6, 2), .init(9..<20, 3)])
    var runs: [(Range<Int>, Float)] = []
    decay.forEachRun(of: 3..<12) { runs.append(($0, $1)) }
    #expect(runs.map(\.0) == [3..<5, 5..<6, 6..<9, 9..<12])
    #expect(runs.map(\.1) == [1, 2, 0, 3])
  }
}
