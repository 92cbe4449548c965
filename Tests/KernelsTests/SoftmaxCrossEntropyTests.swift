import Glibc
import Kernels
import Tensors
import Testing

@Suite struct SoftmaxCrossEntropyTests {
  @Test func literalRows() {
    let logits = MatrixView([[0, 0], [Float(log(3.0)), 0], [5, 5]])
    let gradient = MatrixView(zeros: 3, 2)
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: [1, 0, -1], gradient: gradient, threads: Threads(1))
    // ln 2 for an even row, −ln 3/4 for odds of three to one; the row without a label counts for nothing.
    #expect(abs(sums.loss - (log(2.0) - log(0.75))) < 1e-7)
    #expect(sums.correct == 1 && sums.count == 2)
    #expect(gradient.lists[0] == [0.5, -0.5] && gradient.lists[2] == [0, 0])
    #expect(abs(gradient[1, 0] + 0.25) < 1e-7 && abs(gradient[1, 1] - 0.25) < 1e-7)
  }

  @Test func theLowestColumnWinsATie() {
    #expect(SoftmaxCrossEntropy.argmax([1, 3, 3, 2], count: 4) == 1)
    #expect(SoftmaxCrossEntropy.argmax([7], count: 1) == 0)
  }

  @Test(arguments: [1, 2, 7, 47, 128])
  func lossAndGradientEqualTheReference(classes: Int) {
    var draws = Draws(UInt64(classes))
    let logits = MatrixView((0..<300).map { _ in draws.floats(classes).map { $0 * 30 } })
    let labels = (0..<300).map { _ in Int32(draws.index(below: classes + 1)) - 1 }
    var previous: (LossSums, [[Float]])?
    for threads in 1...3 {
      let gradient = MatrixView(logits.lists)
      let sums = SoftmaxCrossEntropy.evaluate(gradient, labels: labels, gradient: gradient, threads: Threads(threads))
      var loss = 0.0
      for row in 0..<300 where labels[row] >= 0 {
        let expected = SoftmaxCrossEntropy.reference(logits.doubles[row], label: Int(labels[row]))
        loss += expected.0
        for column in 0..<classes { #expect(abs(Double(gradient[row, column]) - expected.1[column]) <= 0x1p-23) }
      }
      #expect(abs(sums.loss - loss) <= 1e-12 * loss)
      #expect(sums.count == labels.count { $0 >= 0 })
      if let previous { #expect(previous.0 == sums && previous.1 == gradient.lists) }
      previous = (sums, gradient.lists)
      #expect(SoftmaxCrossEntropy.evaluate(logits, labels: labels, gradient: nil, threads: Threads(threads)) == sums)
    }
  }

  /// Loss and gradient of `torch.nn.functional.cross_entropy` (PyTorch 2, float64) on these rows.
  @Test(arguments: [
    (
      [0.5, 2, 1] as [Float]?, Float(0), 1.149465262196891,
      [
        [0.13212794149837087, -0.21226758902185003, 0.08013964752347913], [-0.1404074534934971, 0.006658946082567698, 0.1337485074109294],
        [0.12691827976047582, 0.05995195029027567, -0.18687023005075148],
      ]
    ),
    (
      [0.5, 2, 1], 0.1, 1.19114688406396,
      [
        [0.12186070584070068, -0.1891373918602254, 0.06727668601952465],
        [-0.13055701872120148, -0.011500813487375654, 0.14205783220857712],
        [0.1242716796612457, 0.041903530414161234, -0.1661752100754069],
      ]
    ),
    (
      nil, 0.1, 1.8389005284866295,
      [
        [0.06596352142960524, -0.10160053804052362, 0.035637016610918386],
        [-0.3053951692626043, 0.004426429748213521, 0.30096873951439085],
        [0.1369602152761107, 0.0588328308942105, -0.1957930461703212],
      ]
    ),
  ])
  func weightsAndSmoothingAreThoseOfPyTorch(weights: [Float]?, smoothing: Float, loss: Double, slopes: [[Double]]) {
    let logits = MatrixView([[1, 2, 0.5], [-1, 0, 3], [0.25, -0.5, 0]])
    let gradient = MatrixView(zeros: 3, 3)
    let sums = SoftmaxCrossEntropy.evaluate(
      logits, labels: [1, 0, 2], classWeights: weights, smoothing: smoothing, gradient: gradient, threads: Threads(1))
    #expect(sums.weight == (weights == nil ? 3 : 3.5) && sums.count == 3 && sums.correct == 1)
    #expect(abs(sums.loss / sums.weight - loss) < 1e-8, "the smoothing is a float32")
    for row in 0..<3 {
      for column in 0..<3 { #expect(abs(Double(gradient[row, column]) / sums.weight - slopes[row][column]) < 1e-7) }
    }
  }

  @Test(arguments: 0..<20)
  func gradientIsTheSlopeOfTheLoss(seed: Int) {
    var draws = Draws(UInt64(seed))
    let classes = 2 + draws.index(below: 6)
    let weights: [Double]? = seed % 2 == 0 ? nil : draws.floats(classes).map { Double(abs($0)) }
    let smoothing = seed % 4 < 2 ? 0 : 0.25
    let logits = draws.floats(classes).map { 3 * Double($0) }
    let label = draws.index(below: classes)
    func loss(_ logits: [Double]) -> Double {
      SoftmaxCrossEntropy.reference(logits, label: label, classWeights: weights, smoothing: smoothing).0
    }
    let (_, gradient) = SoftmaxCrossEntropy.reference(logits, label: label, classWeights: weights, smoothing: smoothing)
    for column in 0..<classes {
      var (above, below) = (logits, logits)
      above[column] += 1e-5
      below[column] -= 1e-5
      #expect(abs((loss(above) - loss(below)) / 2e-5 - gradient[column]) < 1e-8)
    }
    let view = MatrixView([logits.map { Float($0) }])
    let (expected, slopes) = SoftmaxCrossEntropy.reference(
      view.doubles[0], label: label, classWeights: weights, smoothing: smoothing)
    let sums = SoftmaxCrossEntropy.evaluate(
      view, labels: [Int32(label)], classWeights: weights.map { $0.map { Float($0) } }, smoothing: Float(smoothing), gradient: view,
      threads: Threads(1))
    #expect(abs(sums.loss - expected) < 1e-12 * max(1, expected))
    for column in 0..<classes { #expect(abs(Double(view[0, column]) - slopes[column]) <= 0x1p-22) }
  }

  @Test func aClassOfNoWeightCountsForNothing() {
    let logits = MatrixView([[1, 2, 3]])
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: [0], classWeights: [0, 1, 1], gradient: logits, threads: Threads(1))
    #expect(sums == LossSums(loss: 0, weight: 0, correct: 0, count: 1) && logits.lists == [[0, 0, 0]])
  }

  @Test func extremeLogitsStayFinite() {
    let logits = MatrixView([[1e30, -1e30, 0]])
    let gradient = MatrixView(zeros: 1, 3)
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: [0], gradient: gradient, threads: Threads(1))
    #expect(sums.loss == 0 && gradient.lists == [[0, 0, 0]])
  }

  @Test func noRowsHaveNoLoss() {
    let empty = MatrixView(zeros: 0, 4)
    #expect(SoftmaxCrossEntropy.evaluate(empty, labels: [], gradient: empty, threads: Threads(2)) == LossSums())
  }
}
