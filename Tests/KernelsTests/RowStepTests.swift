import Foundation
import Kernels
import Tensors
import Testing

/// The rules of learned rows against their formulas in float64.
@Suite struct RowStepTests {
  static let rules: [RowOptimizer] = [.descent, .adagrad(), .rowAdagrad(), .adam(), .adagrad(epsilon: 0.5), .adam(Adam(epsilon: 0.1))]

  /// One row in float64.
  private struct Row {
    var values: [Double]
    var first: [Double]
    var second: [Double]

    mutating func move(_ rule: RowOptimizer, by gradient: [Double], rate: Double, step: Int) {
      let columns = Double(values.count)
      if case .rowAdagrad = rule { first[0] += gradient.reduce(0) { $0 + $1 * $1 } / columns }
      for (column, g) in gradient.enumerated() {
        switch rule {
        case .descent: values[column] -= rate * g
        case .adagrad(let epsilon):
          first[column] += g * g
          values[column] -= rate * g / (first[column].squareRoot() + Double(epsilon))
        case .rowAdagrad(let epsilon): values[column] -= rate * g / (first[0].squareRoot() + Double(epsilon))
        case .adam(let adam):
          let (beta1, beta2) = (Double(adam.beta1), Double(adam.beta2))
          first[column] = beta1 * first[column] + (1 - beta1) * g
          second[column] = beta2 * second[column] + (1 - beta2) * g * g
          let size = rate * (1 - pow(beta2, Double(step))).squareRoot() / (1 - pow(beta1, Double(step)))
          values[column] -= size * first[column] / (second[column].squareRoot() + Double(adam.epsilon))
        }
      }
    }
  }

  @Test(arguments: rules, [1, 3, 8, 13, 64])
  func movesFollowTheirFormulas(rule: RowOptimizer, columns: Int) {
    var draws = Draws(UInt64(columns))
    let values = keep(Buffer(copying: draws.floats(columns)))
    let width = rule.stateWidth(columns: columns)
    let states = (0..<2).map { _ in keep(Buffer<Float>(count: max(width, columns))) }
    var exact = Row(
      values: values.elements.map(Double.init), first: [Double](repeating: 0, count: columns),
      second: [Double](repeating: 0, count: columns))
    for number in [1, 2, 5, 6, 40] {
      let gradient = keep(Buffer(copying: draws.floats(columns)))
      let step = RowStep(rule, OptimizerStep(number: number, learningRate: 0.05, gradientScale: 7))
      step.move(values.pointer, by: gradient.pointer, times: 0.25, states[0].pointer, states[1].pointer, columns: columns)
      exact.move(rule, by: gradient.elements.map { 0.25 * Double($0) }, rate: 0.05, step: number)
      // About ten roundings of values below 4 a step; quotients amplify those of small squares.
      for column in 0..<columns {
        #expect(abs(Double(values[column]) - exact.values[column]) <= 1e-5, "\(rule), step \(number), column \(column)")
      }
    }
    if rule.stateNames.isEmpty { #expect(states[0].elements.allSatisfy { $0 == 0 }) }
    #expect(rule.stateBytes(columns: columns) == 4 * rule.stateNames.count * width)
  }

  @Test func instructionSetsGiveTheSameBits() {
    var draws = Draws(9)
    let (weights, gradient, sums) = (draws.floats(61), draws.floats(61), draws.floats(61).map(abs))
    let g = keep(Buffer(copying: gradient))
    func moved(_ instructions: InstructionSet) -> [[Float]] {
      let (row, squares) = (keep(Buffer(copying: weights)), keep(Buffer(copying: sums)))
      let step = RowStep(.adagrad(), OptimizerStep(number: 1, learningRate: 0.1, gradientScale: 1), instructions: instructions)
      for _ in 0..<3 { step.move(row.pointer, by: g.pointer, times: 0.3, squares.pointer, squares.pointer, columns: 61) }
      return [Array(row.elements), Array(squares.elements)]
    }
    for instructions in InstructionSet.available { #expect(moved(instructions) == moved(.portable)) }
  }

  /// The dense rule and the row rule are one loop: without a correction of ε they have the same bits.
  @Test func aRowMovesAsDenseWeightsDo() {
    var draws = Draws(5)
    let (weights, gradient) = (draws.floats(29), draws.floats(29))
    let (dense, row) = (keep(Buffer(copying: weights)), keep(Buffer(copying: weights)))
    let (denseState, rowState) = (keep(Buffer<Float>(count: 58)), keep(Buffer<Float>(count: 58)))
    let g = keep(Buffer(copying: gradient))
    for number in 1...4 {
      let step = OptimizerStep(number: number, learningRate: 0.01, gradientScale: 0.5)
      Adam(epsilon: 0).update(
        OptimizerSlice(range: 0..<29, weights: dense.pointer, gradient: g.pointer, state: denseState.pointer), step, decay: WeightDecay(),
        threads: Threads(1))
      RowStep(.adam(Adam(epsilon: 0)), step).move(
        row.pointer, by: g.pointer, times: 0.5, rowState.pointer, rowState.pointer + 29, columns: 29)
      #expect(Array(dense.elements) == Array(row.elements))
    }
  }
}
