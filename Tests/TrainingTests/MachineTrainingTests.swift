import Collectives
import Configuration
import Foundation
import Kernels
import PIM
import Testing
import Training

/// Full-batch training whose sums, forward and backward, run on a simulated machine.
@Suite(.serialized) struct MachineTrainingTests {
  struct Case: Sendable, CustomStringConvertible {
    var model: TrainingConfiguration.Model
    var hidden: Int
    var jump: TrainingConfiguration.Jump
    var sparse: Bool
    var description: String { "\(model), hidden \(hidden), jump \(jump), \(sparse ? "sparse" : "dense")" }
  }

  /// Wide hidden layers aggregate first, narrow ones and sparse rows are transformed first.
  static let cases: [Case] = [TrainingConfiguration.Model.sage, .gcn, .gin].flatMap { model in
    [
      Case(model: model, hidden: 16, jump: .concatenate, sparse: false), Case(model: model, hidden: 8, jump: .none, sparse: false),
      Case(model: model, hidden: 8, jump: .none, sparse: true),
    ]
  }

  private static var topology: PIMTopology {
    var topology = PIMTopology.generic
    (topology.coresOfRanks, topology.modules) = ([3, 2], 1)
    return topology
  }

  private static func training(_ example: Case, _ type: AggregationPlace.Element? = .float32) throws -> TrainingConfiguration {
    var training = TrainingConfiguration()
    (training.model, training.hidden, training.jump) = (example.model, example.hidden, example.jump)
    training.learnEpsilon = example.model == .gin
    training.fanout = try Fanout(parsing: "all,all")
    training.batchSize = 120
    training.epochs = 3
    training.seed = 4
    training.learningRate = 0.05
    training.optimizer = .sgd
    training.dropout = 0.3
    training.weightDecay = [0.001]
    if let type { (training.aggregate, training.aggregateType) = (.pim("generic"), type) }
    return training
  }

  private static func request(
    _ parts: String, _ training: TrainingConfiguration, into run: String, threads: Int = 1, topology: PIMTopology = topology
  ) throws -> TrainingJob.Request {
    var execution = ExecutionConfiguration()
    execution.threads = threads
    var request = TrainingJob.Request(partitions: parts, run: run, training: training, execution: execution)
    request.watched = false
    if training.isFullBatch {
      request.aggregator = try PIMMachine(topology, PIMElementType(rawValue: training.aggregateType.rawValue)!)
    }
    return request
  }

  @discardableResult
  private static func train(_ request: TrainingJob.Request, workers: Int = 1) throws -> TrainingSummary {
    try InProcessGroup.run(size: workers) { group in try TrainingJob(request, group: group, report: { _ in }).run() }[0]
  }

  private static func losses(_ run: String) throws -> [Double] {
    struct Line: Decodable {
      var step: Int?
      var loss: Double?
    }
    return try String(contentsOfFile: "\(run)/metrics.jsonl", encoding: .utf8).split(separator: "\n").compactMap { text in
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      return line.step.flatMap { _ in line.loss }
    }
  }

  private static func bytes(_ run: String) throws -> [Data] {
    try ["metrics.jsonl", "model.safetensors", "scores.json"].map { try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0)")) }
  }

  /// The processors take the same step where fan-out and batch leave nothing out; the order of sums alone is another one.
  @Test(arguments: cases)
  func lossesAreThoseOfTheProcessors(example: Case) throws {
    let scratch = try ScratchDirectory()
    var graph = PlantedGraph()
    graph.sparse = example.sparse
    let parts = "\(scratch.path)/parts"
    try graph.partition(into: 3, at: parts)
    try Self.train(Self.request(parts, Self.training(example, nil), into: "\(scratch.path)/cpu"))
    let expected = try Self.losses("\(scratch.path)/cpu")
    #expect(expected.count == 3 && expected[2] < expected[0], "one step an epoch, and the model learns")
    for (type, bound) in [(AggregationPlace.Element.float32, 1e-5), (.int32, 1e-4), (.int16, 0.05)] {
      let request = try Self.request(parts, Self.training(example, type), into: "\(scratch.path)/\(type)")
      try Self.train(request)
      let found = try Self.losses("\(scratch.path)/\(type)")
      #expect(found.count == 3)
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= bound, "\(type): \(a), expected \(b)") }
      let report = try #require(request.aggregator as? PIMMachine).report
      // Three epochs of three parts: two layers forward, and backward where a layer's input has a gradient or it was transformed first.
      let backward = example.hidden == 16 ? 1 : 2
      #expect(report.passes == 3 * 3 * (2 + backward) && report.modelled.kernel > 0 && report.modelled.load > 0)
    }
  }

  @Test(arguments: [AggregationPlace.Element.float32, .int8])
  func workersThreadsAndResumingChangeNoBit(type: AggregationPlace.Element) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(Case(model: .gcn, hidden: 16, jump: .max, sparse: false), type)
    training.classWeights = .balanced
    training.optimizer = .adam
    let whole = "\(scratch.path)/whole"
    try Self.train(Self.request(parts, training, into: whole))
    for workers in 2...4 {
      let run = "\(scratch.path)/\(workers)"
      try Self.train(Self.request(parts, training, into: run, threads: 1 + workers % 2), workers: workers)
      #expect(try Self.bytes(run) == Self.bytes(whole), "\(workers) workers")
    }
    let stopped = "\(scratch.path)/stopped"
    var request = try Self.request(parts, training, into: stopped)
    request.stopRequested = { true }
    #expect(try Self.train(request, workers: 2).epochs == 1)
    request = try Self.request(parts, training, into: stopped)
    request.resumes = true
    #expect(try Self.train(request, workers: 3).epochs == 3)
    #expect(try Self.bytes(stopped) == Self.bytes(whole), "resumed")
  }

  @Test func aLayerThatFitsNoBankEndsTheRunOnAllWorkers() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 2, at: parts)
    var topology = Self.topology
    (topology.name, topology.bankBytes) = ("tiny", 64)
    let request = try Self.request(parts, Self.training(Self.cases[0]), into: "\(scratch.path)/run", topology: topology)
    let error = #expect(throws: WorkerError.self) { try Self.train(request, workers: 2) }
    #expect(error?.message.hasPrefix("--aggregate pim:tiny: expected a layer of which some strategy fits the banks") == true)
    #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/run"))
  }
}
