import Glibc
import Kernels
import Tensors
import Testing

@Suite struct BinaryCrossEntropyTests {
  private let unknown = Float.nan

  /// Loss and gradient of `torch.nn.functional.binary_cross_entropy_with_logits` (PyTorch 2, float64) on the known entries.
  @Test func literalRows() {
    let logits = MatrixView([[0.3, -2, 1.5], [4, 0, -0.7]])
    let targets = MatrixView([[1, 0, unknown], [0, 1, 1]])
    let gradient = MatrixView(zeros: 2, 3)
    let sums = BinaryCrossEntropy.evaluate(logits, targets: targets, gradient: gradient, threads: Threads(1))
    #expect(sums.weight == 5 && sums.count == 5)
    #expect(sums.correct == 2, "0.3 for 1, −2 for 0; 4 for 0, 0 for 1 and −0.7 for 1 are wrong")
    #expect(abs(sums.loss / 5 - 1.2991532825749426) < 1e-7)
    let slopes = [[-0.08511149663766819, 0.02384058440442351, 0], [0.1964027580075817, -0.1, -0.13363755443363323]]
    for row in 0..<2 {
      for column in 0..<3 { #expect(abs(Double(gradient[row, column]) / 5 - slopes[row][column]) < 1e-7) }
    }
    #expect(gradient[0, 2] == 0)
    let smooth = BinaryCrossEntropy.evaluate(logits, targets: targets, smoothing: 0.2, gradient: nil, threads: Threads(1))
    #expect(abs(smooth.loss / 5 - 1.2511532825749427) < 1e-7)
  }

  @Test(arguments: [1, 3, 47])
  func lossAndGradientEqualTheReference(columns: Int) {
    var draws = Draws(UInt64(columns))
    let logits = MatrixView((0..<300).map { _ in draws.floats(columns).map { $0 * 20 } })
    let targets = MatrixView(
      (0..<300).map { _ in (0..<columns).map { _ in [Float.nan, 0, 1, 0.5][draws.index(below: 4)] } })
    for smoothing in [0, 0.25] {
      var previous: (LossSums, [[Float]])?
      for threads in 1...3 {
        let gradient = MatrixView(logits.lists)
        let sums = BinaryCrossEntropy.evaluate(
          gradient, targets: targets, smoothing: Float(smoothing), gradient: gradient, threads: Threads(threads))
        var (loss, count) = (0.0, 0)
        for row in 0..<300 {
          for column in 0..<columns {
            let target = targets[row, column]
            let expected =
              target.isNaN
              ? (0, 0) : BinaryCrossEntropy.reference(Double(logits[row, column]), target: Double(target), smoothing: smoothing)
            loss += expected.0
            count += target.isNaN ? 0 : 1
            #expect(abs(Double(gradient[row, column]) - expected.1) <= 0x1p-23)
          }
        }
        // The reference loses digits where a probability is close to 1.
        #expect(abs(sums.loss - loss) <= 1e-6 * loss && sums.count == count && sums.weight == Double(count))
        if let previous { #expect(previous.0 == sums && previous.1 == gradient.lists) }
        previous = (sums, gradient.lists)
      }
    }
  }

  @Test(arguments: 0..<10)
  func gradientIsTheSlopeOfTheLoss(seed: Int) {
    var draws = Draws(UInt64(seed))
    let (logit, target) = (5 * Double(draws.float()), Double(draws.index(below: 2)))
    let slope =
      (BinaryCrossEntropy.reference(logit + 1e-5, target: target, smoothing: 0.1).0
        - BinaryCrossEntropy.reference(logit - 1e-5, target: target, smoothing: 0.1).0) / 2e-5
    #expect(abs(slope - BinaryCrossEntropy.reference(logit, target: target, smoothing: 0.1).1) < 1e-8)
  }

  @Test func extremeLogitsStayFinite() {
    let logits = MatrixView([[1e30, -1e30, 1000, -1000]])
    let targets = MatrixView([[1, 0, 0, 1]])
    let sums = BinaryCrossEntropy.evaluate(logits, targets: targets, gradient: logits, threads: Threads(1))
    #expect(sums.loss == 2000 && sums.correct == 2 && logits.lists == [[0, 0, 1, -1]])
  }
}
