import Kernels
import Tensors
import Testing

@Suite struct SquaredErrorTests {
  /// Loss and gradient of `torch.nn.functional.mse_loss` (PyTorch 2, float64) on the known entries.
  @Test func literalRows() {
    let outputs = MatrixView([[0.3, -2, 1.5], [4, 0, -0.7]])
    let targets = MatrixView([[1, 0, .nan], [0, 1, 1]])
    let gradient = MatrixView(zeros: 2, 3)
    let sums = SquaredError.evaluate(outputs, targets: targets, gradient: gradient, threads: Threads(1))
    #expect(sums.weight == 5 && sums.count == 5 && sums.correct == 0)
    #expect(abs(sums.loss / 5 - 4.876) < 1e-7)
    let slopes = [[-0.28, -0.8, 0], [1.6, -0.4, -0.68]]
    for row in 0..<2 {
      for column in 0..<3 { #expect(abs(Double(gradient[row, column]) / 5 - slopes[row][column]) < 1e-7) }
    }
  }

  @Test(arguments: [1, 5])
  func lossAndGradientEqualTheReference(columns: Int) {
    var draws = Draws(UInt64(columns))
    let outputs = MatrixView((0..<200).map { _ in draws.floats(columns).map { $0 * 10 } })
    let targets = MatrixView((0..<200).map { _ in (0..<columns).map { _ in draws.index(below: 5) == 0 ? .nan : draws.float() } })
    var previous: LossSums?
    for threads in 1...3 {
      let gradient = MatrixView(outputs.lists)
      let sums = SquaredError.evaluate(gradient, targets: targets, gradient: gradient, threads: Threads(threads))
      var loss = 0.0
      for row in 0..<200 {
        for column in 0..<columns {
          let target = targets[row, column]
          let expected = target.isNaN ? (0, 0) : SquaredError.reference(Double(outputs[row, column]), target: Double(target))
          loss += expected.0
          #expect(abs(Double(gradient[row, column]) - expected.1) <= 0x1p-23 * abs(expected.1))
        }
      }
      #expect(abs(sums.loss - loss) <= 1e-12 * loss)
      if let previous { #expect(previous == sums) }
      previous = sums
    }
  }

  @Test func gradientIsTheSlopeOfTheLoss() {
    for (output, target) in [(0.5, 2.0), (-3, 1), (4, 4)] {
      let slope =
        (SquaredError.reference(output + 1e-5, target: target).0 - SquaredError.reference(output - 1e-5, target: target).0) / 2e-5
      #expect(abs(slope - SquaredError.reference(output, target: target).1) < 1e-8)
    }
  }
}
