import Foundation
import Inference
import Testing
import Training

@Suite struct RunProgressTests {
  private func evaluation(_ values: [Score: Double]) -> Evaluation {
    Evaluation(validation: SetScores(scores: Scores(values)), test: SetScores(scores: Scores([.accuracy: 0.5])))
  }

  /// The best epoch after each of some validation values; `nil`: the epoch was not evaluated.
  private func bestEpochs(_ metric: Score, _ values: [Double?]) -> (best: [Int?], progress: RunProgress) {
    var progress = RunProgress(metric: metric)
    let best = values.enumerated().map { index, value -> Int? in
      let isBest = progress.record(epoch: index + 1, train: Scores([.loss: 1]), evaluation: value.map { evaluation([metric: $0]) })
      #expect(isBest == (progress.bestEpoch == index + 1))
      return progress.bestEpoch
    }
    return (best, progress)
  }

  @Test func theHigherScoreIsKeptAndTheFirstOfEquals() {
    let (best, progress) = bestEpochs(.accuracy, [0.5, 0.7, 0.7, nil, 0.6, 0.8])
    #expect(best == [1, 2, 2, 2, 2, 6])
    #expect(progress.evaluationsSinceBest == 0 && progress.evaluation == evaluation([.accuracy: 0.8]))
  }

  @Test func theLowerLossIsKept() {
    let (best, progress) = bestEpochs(.loss, [2, 3, 1, 1, 4])
    #expect(best == [1, 1, 3, 3, 3])
    #expect(progress.evaluation == evaluation([.loss: 1]) && progress.history.count == 5)
  }

  @Test func patienceCountsEvaluationsNotEpochs() {
    let (_, progress) = bestEpochs(.auc, [0.9, nil, 0.8, nil, nil, 0.7])
    #expect(progress.evaluationsSinceBest == 2)
    #expect(progress.isExhausted(patience: 2) && !progress.isExhausted(patience: 3) && !progress.isExhausted(patience: 0))
  }

  @Test func withoutAValidationScoreTheLastModelStays() {
    var progress = RunProgress(metric: .accuracy)
    for epoch in 1...3 {
      let isBest = progress.record(epoch: epoch, train: Scores(), evaluation: evaluation([:]))
      #expect(!isBest)
    }
    #expect(progress.bestEpoch == nil && progress.history.last?.validation == nil && progress.history.last?.test != nil)
    #expect(!progress.isExhausted(patience: 1), "nothing was compared")
  }

  @Test func isTheSameAfterItWasStored() throws {
    let (_, progress) = bestEpochs(.macroF1, [0.5, 0.4, nil])
    let stored = try JSONDecoder().decode(RunProgress.self, from: JSONEncoder().encode(progress))
    #expect(stored == progress)
  }
}
