import Kernels
import Tensors
import Testing

/// The choice between losses: each gives what its kernel gives, and its weight does not depend on the outputs.
@Suite struct LossTests {
  private let outputs = MatrixView([[0.5, -1, 2], [3, 0, -2], [1, 1, 1]])

  @Test func classesAreWeightedByTheirLabels() {
    let labels: [Int32] = [2, -1, 0]
    let loss = Loss.softmaxCrossEntropy(classWeights: [0.25, 1, 4], smoothing: 0.1)
    labels.withUnsafeBufferPointer { labels in
      let targets = Targets.labels(labels.baseAddress!)
      let sums = loss.evaluate(outputs, targets: targets, gradient: nil, threads: Threads(1))
      #expect(sums.weight == 4.25 && loss.weight(of: targets, rows: 3) == 4.25)
      #expect(Loss.softmaxCrossEntropy(classWeights: nil, smoothing: 0).weight(of: targets, rows: 3) == 2)
    }
  }

  @Test(arguments: [Loss.binaryCrossEntropy(smoothing: 0), .squaredError])
  func knownEntriesCountOne(loss: Loss) {
    let targets = Targets.values(MatrixView([[1, .nan, 0], [.nan, .nan, .nan], [0, 1, .nan]]))
    let gradient = MatrixView(zeros: 3, 3)
    let sums = loss.evaluate(outputs, targets: targets, gradient: gradient, threads: Threads(1))
    #expect(sums.weight == 4 && sums.count == 4 && loss.weight(of: targets, rows: 3) == 4)
    #expect(gradient.lists[1] == [0, 0, 0] && sums.loss > 0)
  }
}
