import Configuration
import Foundation
import Partitions
import Tensors
import Testing
import Training

/// Every model and every option under the determinism contract: any two choices meet in one run at least.
@Suite(.serialized) struct OptionDeterminismTests {
  /// One factor: its levels change a configuration.
  struct Factor: Sendable {
    var name: String
    var levels: [@Sendable (inout TrainingConfiguration) -> Void]

    init(_ name: String, _ levels: (@Sendable (inout TrainingConfiguration) -> Void)...) {
      (self.name, self.levels) = (name, levels)
    }

    init<Value: Sendable>(
      _ name: String, all values: [Value], _ path: WritableKeyPath<TrainingConfiguration, Value> & Sendable
    ) {
      self.name = name
      levels = values.map { value in { $0[keyPath: path] = value } }
    }
  }

  /// Set before the others: what later factors need to know.
  static let factors: [Factor] = [
    Factor("model", all: TrainingConfiguration.Model.allCases, \.model),
    Factor("activation", all: TrainingConfiguration.Activation.allCases, \.activation),
    Factor("norm", all: TrainingConfiguration.Norm.allCases, \.norm),
    Factor("l2", all: [false, true], \.l2Normalise),
    Factor("residual", all: [false, true], \.residual),
    Factor("jump", all: TrainingConfiguration.Jump.allCases, \.jump),
    Factor("self loops", all: [false, true], \.selfLoops),
    Factor("task", all: TrainingConfiguration.Task.allCases, \.task),
    Factor("order", all: TrainingConfiguration.Order.allCases, \.order),
    Factor("sampler", all: TrainingConfiguration.Sampler.allCases, \.sampler),
    Factor("resample", all: TrainingConfiguration.Resample.allCases, \.resample),
    Factor("optimiser", all: TrainingConfiguration.Optimizer.allCases, \.optimizer),
    Factor("schedule", all: TrainingConfiguration.Schedule.allCases, \.schedule),
    Factor("clip", all: [0, 0.05], \.clipNorm),
    Factor("warm-up", all: [0, 1], \.warmup),
    Factor("weights", { _ in }, { if $0.task == .classification { $0.classWeights = .balanced } }),
    Factor("smoothing", { _ in }, { if $0.task != .regression { $0.labelSmoothing = 0.1 } }),
    Factor("dropout", { ($0.dropout, $0.inputDropout) = (0, 0) }, { ($0.dropout, $0.inputDropout) = (0.4, 0.2) }),
    Factor("evaluation", { _ in }, { $0.evalFanout = try! Fanout(parsing: "5,2") }),  // Safe: a literal.
    Factor("decay", { $0.weightDecay = [0.001] }, { $0.weightDecay = [0.01, 0] }),
    Factor("rows", { _ in }, { $0.rowNormalise = true }),
    // Where the options allow it.
    Factor("first hop", { _ in }, { if [.sage, .gcn, .gin].contains($0.model) { ($0.firstHop, $0.inputDropout) = (.exact, 0) } }),
    // What only some models have.
    Factor(
      "variant", { _ in },
      {
        switch $0.model {
        case .gat, .gatv2: ($0.heads, $0.outputHeads, $0.attentionDropout) = (2, 3, 0.3)
        case .gin: $0.learnEpsilon = true
        default: break
        }
      }),
  ]

  /// How the features are stored; `nil`: sparse.
  static let storages: [ElementType?] = [.float32, nil, .float16, .bfloat16, .int8]

  /// Levels of the factors, then how the features are stored, and 4 or 6 parts.
  static let array = CoveringArray(levels: factors.map(\.levels.count) + [storages.count, 2])

  static func configuration(_ row: [Int]) throws -> TrainingConfiguration {
    var training = try DeterminismTests.training(order: .balanced)
    training.epochs = 2
    training.batchSize = 25
    for (factor, level) in zip(factors, row) { factor.levels[level](&training) }
    try training.validate()
    return training
  }

  @Test func everyPairOfLevelsMeets() {
    var missing = CoveringArray.allPairs(Self.array.levels)
    for row in Self.array.rows { missing.subtract(CoveringArray.pairs(of: row)) }
    #expect(missing.isEmpty)
    #expect(Self.array.rows.count < 50, "\(Self.array.rows.count) rows")
  }

  @Test(arguments: array.rows)
  func workersThreadsAndRoutesDoNotChangeABit(row: [Int]) throws {
    let training = try Self.configuration(row)
    let (type, parts) = (Self.storages[row[row.count - 2]], row[row.count - 1] == 1 ? 6 : 4)
    var graph = PlantedGraph()
    graph.sparse = type == nil
    graph.columns = type == nil ? 30 : 8
    graph.targets = training.task == .multilabel ? .labels : training.task == .regression ? .numbers : nil
    let scratch = try ScratchDirectory()
    let directory = "\(scratch.path)/parts"
    try graph.partition(into: parts, at: directory, types: TableTypes(type))
    func run(_ workers: Int, _ threads: Int, _ mapPeers: Bool) throws -> DeterminismTests.Outcome {
      try DeterminismTests.run(directory, training: training, workers: workers, threads: threads, mapPeers: mapPeers, into: scratch)
    }
    let alone = try run(1, 1, true)
    #expect(alone.summary.history.allSatisfy { $0.loss.isFinite })
    for (workers, threads, mapPeers) in [(1, 2, true), (2, 1, false), (3, 2, true), (4, 1, false)] {
      let outcome = try run(workers, threads, mapPeers)
      #expect(outcome.metrics == alone.metrics, "metrics of \(workers) workers, \(threads) threads, mapped peers \(mapPeers)")
      #expect(outcome.model == alone.model, "model of \(workers) workers, \(threads) threads, mapped peers \(mapPeers)")
    }
  }
}
