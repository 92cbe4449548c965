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
    var previous: (SoftmaxCrossEntropy.Sums, [[Float]])?
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

  @Test func extremeLogitsStayFinite() {
    let logits = MatrixView([[1e30, -1e30, 0]])
    let gradient = MatrixView(zeros: 1, 3)
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: [0], gradient: gradient, threads: Threads(1))
    #expect(sums.loss == 0 && gradient.lists == [[0, 0, 0]])
  }

  @Test func noRowsHaveNoLoss() {
    let empty = MatrixView(zeros: 0, 4)
    #expect(SoftmaxCrossEntropy.evaluate(empty, labels: [], gradient: empty, threads: Threads(2)) == .init())
  }
}
