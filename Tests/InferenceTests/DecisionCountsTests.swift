import Foundation
import Inference
import Testing

@Suite struct DecisionCountsTests {
  /// Literal values of scikit-learn 1.5: `classification_report` and `f1_score` of these ten nodes.
  @Test func oneClassOfFour() {
    let labels = [0, 0, 0, 1, 1, 2, 2, 2, 2, 1]
    let predicted = [0, 1, 0, 1, 2, 2, 2, 0, 2, 1]
    var counts = DecisionCounts(classes: 4)
    for (label, predicted) in zip(labels, predicted) { counts.count(label: label, predicted: predicted) }
    let table = counts.table
    #expect(table.map(\.support) == [3, 3, 4, 0])
    let shares: [Double] = [2.0 / 3, 2.0 / 3, 0.75, 0]
    #expect(table.map(\.precision) == shares)
    #expect(table.map(\.recall) == shares)
    #expect(table.map(\.f1) == shares)
    #expect(counts.microF1 == 0.7, "the accuracy")
    #expect(abs(counts.macroF1(onlyPresent: true) - 0.6944444444444443) < 1e-15, "class 3 occurs nowhere")
  }

  /// `f1_score(average="macro")` and `"micro"` of an indicator matrix; the third label is never there.
  @Test func severalLabels() {
    let truth = [[true, false, false], [true, true, false], [false, true, false], [true, true, false]]
    let predicted = [[true, true, false], [false, true, false], [false, false, false], [true, true, false]]
    var counts = DecisionCounts(classes: 3)
    for (truth, predicted) in zip(truth, predicted) {
      for column in 0..<3 { counts.count(column: column, positive: truth[column], predicted: predicted[column]) }
    }
    // Label 0: 2 of 2 given, 2 of 3 found; label 1: 2 of 3 given, 2 of 3 found; label 2: nothing.
    let shares: [Double] = [0.8, 2.0 / 3, 0]
    #expect(counts.table.map(\.f1) == shares)
    #expect(abs(counts.macroF1(onlyPresent: false) - 0.48888888888888893) < 1e-15)
    #expect(abs(counts.microF1 - 0.7272727272727273) < 1e-15)
  }

  @Test func nothingCountedIsZero() {
    let counts = DecisionCounts(classes: 2)
    #expect(counts.microF1 == 0 && counts.macroF1(onlyPresent: true) == 0 && counts.macroF1(onlyPresent: false) == 0)
  }
}

@Suite struct ScoresTests {
  @Test func areOneObjectByName() throws {
    let scores = Scores([.averagePrecision: 0.5, .loss: 2, .auc: .nan, .microF1: 0.25])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let data = try encoder.encode(scores)
    #expect(String(decoding: data, as: UTF8.self) == #"{"average-precision":0.5,"loss":2,"micro-f1":0.25}"#)
    #expect(try JSONDecoder().decode(Scores.self, from: data) == scores)
    #expect(scores.names == [.loss, .microF1, .averagePrecision], "what is not a number is absent")
  }
}
