import Collectives
import Configuration
import Foundation
import Partitions
import Tensors
import Testing
import Training

/// The determinism contract: the same bits whatever the number of workers and threads, and wherever rows come from.
@Suite(.serialized) struct DeterminismTests {
  struct Case: Sendable, CustomStringConvertible {
    var parts: Int
    var order: TrainingConfiguration.Order
    /// How the features are stored; `nil`: sparse.
    var type: ElementType?
    var description: String { "\(parts) parts, \(order), \(type?.rawValue ?? "sparse")" }
  }

  static let cases =
    [4, 6].flatMap { parts in
      [TrainingConfiguration.Order.balanced, .global].flatMap { order in
        ([.float32, nil] as [ElementType?]).map { Case(parts: parts, order: order, type: $0) }
      }
    } + [ElementType.float16, .bfloat16, .int8].map { Case(parts: 4, order: .balanced, type: $0) }

  /// What a run leaves that must be equal, and what it moved.
  struct Outcome {
    var metrics: Data
    var model: Data
    var scores: Data
    var summary: TrainingSummary
  }

  static func training(order: TrainingConfiguration.Order) throws -> TrainingConfiguration {
    var training = TrainingConfiguration()
    training.hidden = 8
    training.fanout = try Fanout(parsing: "4,3")
    training.batchSize = 6
    training.epochs = 3
    training.seed = 7
    training.learningRate = 0.01
    training.dropout = 0.4
    training.inputDropout = 0.2
    training.weightDecay = [0.001]
    training.order = order
    return training
  }

  static func run(
    _ directory: String, training: TrainingConfiguration, workers: Int, threads: Int, mapPeers: Bool, into scratch: ScratchDirectory,
    _ change: (inout ExecutionConfiguration) -> Void = { _ in }
  ) throws -> Outcome {
    let run = "\(scratch.path)/run-\(UUID().uuidString)"
    var execution = ExecutionConfiguration()
    execution.threads = threads
    execution.mapPeers = mapPeers
    change(&execution)
    var request = TrainingJob.Request(partitions: directory, run: run, training: training, execution: execution)
    request.watched = false
    let job = request
    let summaries = try InProcessGroup.run(size: workers) { group in
      try TrainingJob(job, group: group, report: { _ in }).run()
    }
    return Outcome(
      metrics: try Data(contentsOf: URL(fileURLWithPath: "\(run)/metrics.jsonl")),
      model: try Data(contentsOf: URL(fileURLWithPath: "\(run)/model.safetensors")),
      scores: try Data(contentsOf: URL(fileURLWithPath: "\(run)/scores.json")), summary: summaries[0])
  }

  @Test(arguments: cases)
  func workersThreadsAndRoutesDoNotChangeABit(_ example: Case) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.sparse = example.type == nil
    // 13 columns leave gaps in rows of every type.
    graph.columns = example.type == nil ? 40 : example.type == .float32 ? 12 : 13
    try graph.partition(into: example.parts, at: parts, types: TableTypes(example.type))
    let training = try Self.training(order: example.order)
    let reference = try Self.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let lines = String(decoding: reference.metrics, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 3 * 21, "20 steps and a summary for each of 3 epochs")
    #expect(reference.summary.traffic.remoteRows == 0)
    for workers in 1...4 {
      for threads in 1...2 {
        for mapPeers in workers == 1 ? [true] : [true, false] {
          let name = "\(workers) workers, \(threads) threads, mapped peers \(mapPeers)"
          let outcome = try Self.run(
            parts, training: training, workers: workers, threads: threads, mapPeers: mapPeers, into: scratch)
          #expect(outcome.metrics == reference.metrics, "metrics of \(name)")
          #expect(outcome.model == reference.model, "model of \(name)")
          #expect(outcome.scores == reference.scores, "scores of \(name)")
          if !mapPeers {
            #expect(outcome.summary.traffic.remoteRows > 0, "remote rows of \(name)")
            #expect(outcome.summary.traffic.storeBytesReceived > 0, "bytes of \(name)")
          }
        }
      }
    }
  }

  /// Norms over the whole gradient, rates that follow the step, decay by layer: all the same on any number of workers.
  @Test(arguments: [TrainingConfiguration.Optimizer.adam, .adamw, .sgd])
  func workersDoNotChangeABitOfTheOptimiser(_ optimizer: TrainingConfiguration.Optimizer) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(order: .balanced)
    training.hidden = 300  // More than one chunk of 4,096 weights, so that several workers have a slice.
    training.optimizer = optimizer
    training.momentum = 0.9
    training.weightDecay = [0.01, 0]
    training.schedule = optimizer == .sgd ? .step : .cosine
    training.stepEvery = 1
    training.warmup = 1
    training.clipNorm = 0.5
    let reference = try Self.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    for workers in 2...4 {
      let outcome = try Self.run(parts, training: training, workers: workers, threads: 2, mapPeers: true, into: scratch)
      #expect(outcome.metrics == reference.metrics, "metrics of \(workers) workers")
      #expect(outcome.model == reference.model, "model of \(workers) workers")
    }
    let changes: [(String, (inout TrainingConfiguration) -> Void)] = [
      ("clipNorm", { $0.clipNorm = 0 }), ("warmup", { $0.warmup = 0 }), ("schedule", { $0.schedule = .constant }),
      ("weightDecay", { $0.weightDecay = [0, 0.01] }),
    ]
    for (name, change) in changes {
      var other = training
      change(&other)
      let outcome = try Self.run(parts, training: other, workers: 1, threads: 1, mapPeers: true, into: scratch)
      #expect(outcome.metrics != reference.metrics, "\(name) matters")
    }
  }

  /// A test of equality must be able to fail: other seeds give other bits.
  @Test func anotherSeedGivesAnotherRun() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(order: .balanced)
    let first = try Self.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    training.seed = 8
    let second = try Self.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    #expect(first.metrics != second.metrics && first.model != second.model)
  }

  /// The model learns: the planted classes are found.
  @Test func trainingBeatsChance() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(order: .balanced)
    training.epochs = 10
    let outcome = try Self.run(parts, training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    #expect(outcome.summary.history.last!.loss < outcome.summary.history[0].loss)
    #expect(try #require(outcome.summary.test?[.accuracy]) > 0.7, "chance is 0.25")
  }
}
