import Configuration
import Foundation
import Inference
import Tensors
import Testing
import Training

@Suite struct RepetitionSummaryTests {
  @Test func theDeviationIsThatOfASample() throws {
    // Σ (x − 5)² = 32, over n − 1 = 7.
    let statistic = try #require(RepetitionSummary.Statistic([2, 4, 4, 4, 5, 5, 7, 9]))
    #expect(statistic.mean == 5 && statistic.runs == 8)
    #expect(abs(try #require(statistic.deviation) - 2.138_089_935_299_395) < 1e-15)
    let one = try #require(RepetitionSummary.Statistic([0.25]))
    #expect(one.mean == 0.25 && one.deviation == nil && one.runs == 1)
    #expect(RepetitionSummary.Statistic([]) == nil)
    #expect(RepetitionSummary.Statistic([3, 3, 3])?.deviation == 0)
  }

  @Test func everyScoreIsAveragedOverTheRunsThatHaveIt() throws {
    var summary = RepetitionSummary(planned: 3, run: "runs")
    func add(_ seed: UInt64, _ validation: Scores?, _ test: Scores) {
      summary.add(
        .init(run: RepeatedRun(name: "seed-\(seed)", seed: seed, split: ""), epochs: 2, bestEpoch: 1, validation: validation, test: test))
    }
    add(0, Scores([.accuracy: 0.5]), Scores([.accuracy: 0.25, .loss: 2]))
    add(1, nil, Scores([.accuracy: 0.75]))
    #expect(summary.validation == [.accuracy: RepetitionSummary.Statistic([0.5])!])
    #expect(summary.test == [.accuracy: RepetitionSummary.Statistic([0.25, 0.75])!, .loss: RepetitionSummary.Statistic([2])!])
    #expect(summary.test[.accuracy]?.mean == 0.5)
    #expect(abs((summary.test[.accuracy]?.deviation ?? 0) - 0.125.squareRoot()) < 1e-15)
  }

  @Test func runsFollowSplitBySplitAndSeedBySeed() throws {
    var training = TrainingConfiguration()
    training.seed = 9
    training.split = "b"
    func names(_ text: String, _ splits: [String] = ["a", "b/c"]) throws -> [[String]] {
      try RepeatedRun.all(of: Repetition(parsing: text), training: training, splits: splits, place: "graph.json").map {
        [$0.name, "\($0.seed)", $0.split]
      }
    }
    #expect(try names("seeds=2") == [["seed-0009", "9", "b"], ["seed-0010", "10", "b"]])
    #expect(try names("splits") == [["split-a", "9", "a"], ["split-b-c", "9", "b/c"]])
    #expect(
      try names("splits,seeds=2") == [
        ["split-a/seed-0009", "9", "a"], ["split-a/seed-0010", "10", "a"], ["split-b-c/seed-0009", "9", "b/c"],
        ["split-b-c/seed-0010", "10", "b/c"],
      ])
    #expect(throws: InputError("graph.json", expected: "splits to repeat the run on", found: "none")) { try names("splits", []) }
  }
}
