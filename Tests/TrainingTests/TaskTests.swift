import Collectives
import Configuration
import Foundation
import Inference
import Testing
import Training

/// What is predicted, and how it is weighted and scored: the same bits for any number of workers, the same mathematics for any
/// number of parts.
@Suite(.serialized) struct TaskTests {
  enum Example: String, CaseIterable, Sendable {
    case weighted, balanced, unlabelled, multilabel, regression, sampledEvaluation

    var graph: PlantedGraph {
      var graph = PlantedGraph()
      switch self {
      case .multilabel: graph.targets = .labels
      case .regression: graph.targets = .numbers
      case .unlabelled: graph.unknownLabels = true
      default: break
      }
      return graph
    }

    func training() throws -> TrainingConfiguration {
      var training = try DeterminismTests.training(order: .balanced)
      training.epochs = 2
      switch self {
      case .weighted:
        training.classWeights = .given([0.5, 2, 1, 0.25])
        training.labelSmoothing = 0.1
        training.metric = .auc
      case .balanced: training.classWeights = .balanced
      case .unlabelled: break
      case .multilabel: (training.task, training.labelSmoothing) = (.multilabel, 0.05)
      case .regression: training.task = .regression
      case .sampledEvaluation: training.evalFanout = try Fanout(parsing: "2,3")
      }
      return training
    }
  }

  @Test(arguments: Example.allCases)
  func workersDoNotChangeABit(example: Example) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try example.graph.partition(into: 4, at: parts)
    let training = try example.training()
    let alone = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let names = try #require(alone.summary.test).names
    switch example {
    case .weighted: #expect(names == [.accuracy, .loss, .auc, .microF1, .macroF1, .averagePrecision])
    case .multilabel: #expect(names == [.accuracy, .loss, .auc, .microF1, .macroF1, .averagePrecision])
    case .regression: #expect(names == [.loss, .meanAbsoluteError, .determination])
    default: #expect(names == [.accuracy, .loss, .microF1, .macroF1], "ranking four classes takes --metric")
    }
    for (workers, mapPeers) in [(2, false), (3, true), (4, false)] {
      let outcome = try DeterminismTests.run(parts, training: training, workers: workers, threads: 2, mapPeers: mapPeers, into: scratch)
      #expect(outcome.metrics == alone.metrics, "metrics of \(workers) workers")
      #expect(outcome.model == alone.model, "model of \(workers) workers")
      #expect(outcome.scores == alone.scores, "scores of \(workers) workers")
    }
  }

  /// With all neighbours and `--order global` the number of parts changes the order of sums and nothing else: every part must know
  /// the weight of the whole batch.
  @Test(arguments: Example.allCases.filter { $0 != .sampledEvaluation })
  func partsDoNotChangeTheMathematics(example: Example) throws {
    let scratch = try ScratchDirectory()
    var training = try example.training()
    training.order = .global
    training.fanout = try Fanout(parsing: "all,all")
    (training.dropout, training.inputDropout) = (0, 0)
    (training.optimizer, training.learningRate) = (.sgd, 0.05)
    let histories = try [1, 4].map { count in
      let parts = "\(scratch.path)/parts-\(count)"
      try example.graph.partition(into: count, at: parts)
      return try DeterminismTests.run(parts, training: training, workers: min(2, count), threads: 1, mapPeers: true, into: scratch)
        .summary.history
    }
    for (one, four) in zip(histories[0], histories[1]) {
      for (a, b) in [(one.train, four.train), (one.validation!, four.validation!), (one.test!, four.test!)] {
        #expect(a.names == b.names)
        for name in a.names { #expect(abs(a[name]! - b[name]!) <= 1e-4 * max(1, abs(a[name]!)), "\(name) of epoch \(one.epoch)") }
      }
    }
    #expect(histories[0][1].loss < histories[0][0].loss, "the model learns")
  }

  /// Sampling every neighbour is exact evaluation, batch by batch.
  @Test func allNeighboursSampledAreExact() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try DeterminismTests.training(order: .balanced)
    let exact = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch)
    training.evalFanout = try Fanout(parsing: "all,all")
    let sampled = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch)
    #expect(exact.summary.history.map(\.train) == sampled.summary.history.map(\.train), "evaluation changes no training")
    for (a, b) in zip(exact.summary.history, sampled.summary.history) {
      #expect(abs(a.validation![.loss]! - b.validation![.loss]!) < 1e-5 && a.test![.accuracy] == b.test![.accuracy])
    }
    training.evalFanout = try Fanout(parsing: "1,1")
    let thin = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch)
    #expect(thin.summary.history[0].validation != sampled.summary.history[0].validation, "one neighbour is another sample")
  }

  @Test func patienceEndsTheRun() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try DeterminismTests.training(order: .balanced)
    training.epochs = 9
    training.patience = 2
    training.learningRate = 1e-12  // Moves no weight: every evaluation equals the first.
    training.weightDecay = [0]
    let outcome = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    #expect(outcome.summary.epochs == 3 && outcome.summary.bestEpoch == 1)
  }

  @Test func aMetricThatTheValidationSetDoesNotDefineIsOneLine() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.oneHeldOutClass = true
    try graph.partition(into: 4, at: parts)
    var training = try DeterminismTests.training(order: .balanced)
    training.metric = .auc
    let error = #expect(throws: (any Error).self) {
      try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    }
    let known = "accuracy, loss, micro-f1, macro-f1"
    #expect("\(error!)" == "--metric: expected a score that the validation set defines (\(known)), found auc")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["parts"])
  }

  /// What a task cannot find or use is one line, and no run is left.
  @Test(arguments: [
    (
      PlantedGraph.Targets?.none, "multilabel", "label",
      "expected a table 'label' of targets for --task multilabel, found class labels, table feat"
    ),
    (.some(.numbers), "multilabel", "label", "expected targets from 0 to 1, or NaN where unknown, found "),
    (
      .some(.numbers), "regression", "height",
      "expected a table 'height' of targets for --task regression, found class labels, table feat, table label"
    ),
    (.none, "classification", "", "--class-weights: expected 4 numbers, one for each class, found 2"),
  ])
  func whatIsMissingIsOneLine(targets: PlantedGraph.Targets?, task: String, table: String, line: String) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.targets = targets
    try graph.partition(into: 4, at: parts)
    var training = try DeterminismTests.training(order: .balanced)
    training.task = try #require(TrainingConfiguration.Task(rawValue: task))
    training.targets = table
    if task == "classification" { training.classWeights = .given([1, 2]) }
    let error = #expect(throws: (any Error).self) {
      try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    }
    let text = "\(error!)"
    #expect(text.contains(line) && !text.contains("\n"), "\(text)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["parts"])
  }
}
