import Kernels
import Tensors
import Testing

@Suite struct OptimizerTests {
  /// Runs one step for each gradient on a slice that begins at element 3 of the flat vector; returns the weights after each.
  private func run(
    _ rule: some Optimizer, learningRate: Double, weights: [Float], gradients: [[Float]], normaliser: Double, decay: WeightDecay,
    threads: Int = 1
  ) -> [[Float]] {
    let w = keep(Buffer(copying: weights))
    let state = keep(Buffer<Float>(count: rule.stateNames.count * weights.count))
    return gradients.enumerated().map { number, gradient in
      let g = keep(Buffer(copying: gradient))
      let slice = OptimizerSlice(range: 3..<3 + weights.count, weights: w.pointer, gradient: g.pointer, state: state.pointer)
      let step = OptimizerStep(number: number + 1, learningRate: learningRate, gradientScale: 1 / normaliser)
      rule.update(slice, step, decay: decay, threads: Threads(threads))
      return Array(w.elements)
    }
  }

  /// What PyTorch 2.13 gives in float64 for lr 0.1, weight_decay 0.25: Adam, AdamW, and SGD with momentum 0.9.
  @Test func threeStepsAreThoseOfPyTorch() {
    let expected: [(any Optimizer, [[Double]])] = [
      (Adam(), [[0.900000001, -1.900000001, 0.4], [0.906901519, -1.807804495, 0.310142481], [0.885937345, -1.846568059, 0.253444643]]),
      (
        Adam(decouplesDecay: true),
        [[0.875000002, -1.850000004, 0.3875], [0.889735354, -1.777116301, 0.288937013], [0.881161036, -1.794386584, 0.22939696]]
      ),
      (
        GradientDescent(momentum: 0.9),
        [[0.925, -1.925, 0.2875], [0.934375, -1.821875, 0.0140625], [0.894453125, -1.983515625, -0.182382813]]
      ),
    ]
    for (rule, steps) in expected {
      let found = run(
        rule, learningRate: 0.1, weights: [1, -2, 0.5], gradients: [[1, -0.5, 4], [-2, 0.25, 1.5], [0.5, 6, -1]], normaliser: 2,
        decay: WeightDecay([.init(0..<10, 0.25)]))
      for (step, (found, expected)) in zip(found, steps).enumerated() {
        for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) < 1e-6, "\(rule), step \(step + 1): \(found)") }
      }
    }
  }

  @Test func descentWithoutMomentumHasNoState() {
    #expect(GradientDescent().stateNames == [] && GradientDescent(momentum: 0.5).stateNames == ["velocity"])
    let steps = run(
      GradientDescent(), learningRate: 0.5, weights: [10], gradients: [[4], [2]], normaliser: 2, decay: WeightDecay())
    #expect(steps == [[9], [8.5]])
  }

  @Test(arguments: [1, 7, 8, 29, 40_001])
  func updatesFollowTheirDefinitions(count: Int) {
    var draws = Draws(UInt64(count))
    let weights = draws.floats(count)
    let gradients = (0..<5).map { _ in draws.floats(count) }
    let bounds = (3 + count / 3, 3 + count / 2)
    let decay = WeightDecay([.init(0..<bounds.0, 0.5), .init(bounds.0..<bounds.1, 0.125)])
    let coefficient = { (index: Int) in index + 3 < bounds.0 ? 0.5 : index + 3 < bounds.1 ? 0.125 : 0 }
    let descent = GradientDescent(momentum: 0.9)
    func weightsAfter(_ rule: some Optimizer, threads: Int = 1) -> [[Float]] {
      run(rule, learningRate: 0.05, weights: weights, gradients: gradients, normaliser: 3, decay: decay, threads: threads)
    }
    let descended = weightsAfter(descent)
    for adam in [Adam(), Adam(decouplesDecay: true)] {
      let adapted = weightsAfter(adam)
      for index in stride(from: 0, to: count, by: max(1, count / 101)) {
        var (a, first, second, d, velocity) = (Double(weights[index]), 0.0, 0.0, Double(weights[index]), 0.0)
        for number in 0..<5 {
          let g = Double(gradients[number][index]) / 3
          let step = OptimizerStep(number: number + 1, learningRate: 0.05, gradientScale: 1)
          Adam.reference(adam, weight: &a, gradient: g, decay: coefficient(index), first: &first, second: &second, step: step)
          GradientDescent.reference(
            descent, weight: &d, gradient: g, decay: coefficient(index), velocity: &velocity, learningRate: 0.05)
          // About ten roundings of values below 2 a step; Adam's quotient amplifies those of a small second moment.
          #expect(abs(Double(adapted[number][index]) - a) <= 1e-5)
          #expect(abs(Double(descended[number][index]) - d) <= Double(number + 1) * 20 * 0x1p-24)
        }
      }
      for threads in 2...3 { #expect(weightsAfter(adam, threads: threads) == adapted) }
    }
    for threads in 2...3 { #expect(weightsAfter(descent, threads: threads) == descended) }
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
          OptimizerSlice(range: low..<high, weights: w.pointer + low, gradient: g.pointer + low, state: state.pointer),
          OptimizerStep(number: 1, learningRate: 0.01, gradientScale: 1 / 7), decay: decay, threads: Threads(1))
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
