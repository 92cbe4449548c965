import Collectives
import Configuration
import Foundation
import PIM
import Tensors
import Testing
import Training

/// Runs from a graph with rows of edges to predictions.
@Suite(.serialized) struct EdgeFeatureRunTests {
  private let scratch: ScratchDirectory
  private let parts: String

  init() throws {
    scratch = try ScratchDirectory()
    parts = "\(scratch.path)/parts"
    try EdgeGraph().partition(into: 4, at: parts)
  }

  private func run(_ training: TrainingConfiguration, workers: Int = 2) throws -> DeterminismTests.Outcome {
    try DeterminismTests.run(parts, training: training, workers: workers, threads: 1, mapPeers: false, into: scratch)
  }

  /// Classes that only rows of edges show are found with them, and not without.
  @Test func whatOnlyEdgesShowIsLearned() throws {
    var training = try EdgeFeatureTests.training()
    (training.epochs, training.learningRate, training.hidden) = (20, 0.02, 16)
    (training.dropout, training.inputDropout) = (0.2, 0)
    let accuracy = try #require(try run(training).summary.test?[.accuracy])
    #expect(accuracy > 0.9, "\(accuracy) with edges")
    training.edgeFeatures = nil
    let chance = try #require(try run(training).summary.test?[.accuracy])
    #expect(chance < 0.5, "\(chance) without; chance is 0.25")
  }

  /// Sampling everything computes what exact inference does from the parts' own rows.
  @Test(arguments: [[true], [true, false, true]])
  func samplingAllGivesTheExactScores(tables: [Bool]) throws {
    let parts = "\(scratch.path)/parts-all"
    try EdgeGraph(tables: tables).partition(into: 4, at: parts)
    var training = try EdgeFeatureTests.training()
    var losses: [Double] = []
    for fanout in [nil, "all,all"] as [String?] {
      training.evalFanout = try fanout.map { try Fanout(parsing: $0) }
      let outcome = try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch)
      losses.append(try #require(outcome.summary.test?[.loss]))
    }
    #expect(abs(losses[0] - losses[1]) < 1e-5 * losses[0], "\(losses)")
  }

  @Test func aStoppedRunGoesOnWithTheSameBits() throws {
    let training = try EdgeFeatureTests.training()
    let whole = try run(training, workers: 1)
    let run = "\(scratch.path)/stopped"
    func go(resumes: Bool, stops: Bool, workers: Int) throws {
      var execution = ExecutionConfiguration()
      execution.mapPeers = false
      var request = TrainingJob.Request(partitions: parts, run: run, training: training, execution: execution)
      (request.watched, request.resumes, request.stopRequested) = (false, resumes, { stops })
      let job = request
      _ = try InProcessGroup.run(size: workers) { group in try TrainingJob(job, group: group, report: { _ in }).run() }
    }
    try go(resumes: false, stops: true, workers: 3)
    try go(resumes: true, stops: false, workers: 2)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/metrics.jsonl")) == whole.metrics)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/model.safetensors")) == whole.model)
  }

  /// A machine sums the neighbours; rows of edges are brought together by the processors beside it.
  @Test func aSimulatedMachineTakesTheSameSteps() throws {
    var training = try EdgeFeatureTests.training()
    (training.fanout, training.batchSize, training.dropout, training.inputDropout) = (try Fanout(parsing: "all,all"), 120, 0, 0)
    let cpu = try run(training, workers: 1).summary.history.map(\.loss)
    training.aggregate = .pim("generic")
    var topology = PIMTopology.generic
    (topology.coresOfRanks, topology.modules) = ([3, 2], 1)
    var request = TrainingJob.Request(
      partitions: parts, run: "\(scratch.path)/machine", training: training, execution: ExecutionConfiguration())
    request.watched = false
    request.aggregator = try PIMMachine(topology, .float32)
    let job = request
    let machine = try InProcessGroup.run(size: 2) { group in try TrainingJob(job, group: group, report: { _ in }).run() }[0]
    for (a, b) in zip(machine.history.map(\.loss), cpu) { #expect(abs(a - b) < 1e-5 * b, "\(a), expected \(b)") }
    #expect(cpu.count == 3 && cpu[2] < cpu[0])
  }

  @Test func anyNumberOfWorkersInfersTheSameBytes() throws {
    var training = try EdgeFeatureTests.training()
    training.epochs = 1
    var request = TrainingJob.Request(
      partitions: parts, run: "\(scratch.path)/run", training: training, execution: ExecutionConfiguration())
    request.watched = false
    let job = request
    _ = try InProcessGroup.run(size: 1) { group in try TrainingJob(job, group: group, report: { _ in }).run() }
    func infer(_ parts: String, workers: Int, memory: MemoryAmount = .share(0.5)) throws -> [Data] {
      var request = InferenceJob.Request(run: "\(scratch.path)/run", partitions: parts, output: "\(scratch.path)/out-\(workers)")
      (request.memory, request.force) = (memory, true)
      let job = request
      _ = try InProcessGroup.run(size: workers) { group in try InferenceJob.run(job, group: group, report: { _ in }) }
      return try (0..<4).map { part in
        try Data(contentsOf: URL(fileURLWithPath: "\(job.output)/part-00\(part)/logits.npy"))
      }
    }
    let alone = try infer(parts, workers: 1)
    #expect(try infer(parts, workers: 3) == alone)
    #expect(try infer(parts, workers: 1, memory: .bytes(400_000)) == alone)
    let bare = "\(scratch.path)/bare"
    try EdgeGraph(tables: [false]).partition(into: 4, at: bare)
    let error = #expect(throws: WorkerError.self) { try infer(bare, workers: 2) }
    #expect(error?.message == "\(bare)/graph.json: expected an edge table 'bond', found no table of edges")
    let wide = "\(scratch.path)/wide"
    try EdgeGraph(columns: 7).partition(into: 4, at: wide)
    let other = #expect(throws: WorkerError.self) { try infer(wide, workers: 2) }
    #expect(other?.message == "\(wide)/graph.json: expected 9 columns in edge table 'bond' of 'r0', as the model reads, found 7")
  }

  @Test func aTableThatIsNotThereIsOneLine() throws {
    var training = try EdgeFeatureTests.training()
    training.edgeFeatures = "bonds"
    let error = #expect(throws: WorkerError.self) { try run(training) }
    #expect(error?.message == "\(parts)/graph.json: expected an edge table 'bonds', found bond")
    let predicted = ConfigurationError("--edge-features", expected: "none where a run is predicted", found: "bonds")
    #expect(throws: predicted) { try PredictedTask(partitions: parts, training: training) }
  }
}
