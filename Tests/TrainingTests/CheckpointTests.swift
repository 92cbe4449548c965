import Collectives
import Configuration
import Foundation
import Synchronization
import Testing
import Training

/// A run that ended in the middle and goes on, on other workers, is the run that never ended.
@Suite(.serialized) struct CheckpointTests {
  private let scratch: ScratchDirectory
  private let parts: String
  private let run: String

  init() throws {
    scratch = try ScratchDirectory()
    parts = "\(scratch.path)/parts"
    run = "\(scratch.path)/run"
    try PlantedGraph().partition(into: 4, at: parts)
  }

  private static func training(_ optimizer: TrainingConfiguration.Optimizer = .adam) throws -> TrainingConfiguration {
    var training = try DeterminismTests.training(order: .balanced)
    training.hidden = 300  // More than one chunk of 4,096 weights, so that several workers have a slice.
    training.optimizer = optimizer
    training.momentum = 0.9
    training.epochs = 4
    return training
  }

  /// Lines that a run reports.
  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// Trains into `run`; with `stopAfter`, one worker is asked to stop in that epoch.
  @discardableResult
  private func train(
    _ training: TrainingConfiguration, into run: String? = nil, workers: Int = 1, threads: Int = 1, resumes: Bool = false,
    stopAfter: Int? = nil, lines: Lines = Lines(), _ change: (inout TrainingJob.Request) -> Void = { _ in }
  ) throws -> TrainingSummary {
    var execution = ExecutionConfiguration()
    execution.threads = threads
    var request = TrainingJob.Request(partitions: parts, run: run ?? self.run, training: training, execution: execution)
    request.watched = false
    request.resumes = resumes
    // Every worker asks once an epoch; the first of the epoch is told to stop.
    let asked = Lines()
    request.stopRequested = {
      asked.append("")
      return stopAfter.map { asked.all.count > workers * ($0 - 1) } ?? false
    }
    change(&request)
    let job = request
    return try InProcessGroup.run(size: workers) { group in
      try TrainingJob(job, group: group, report: { lines.append($0) }).run()
    }[0]
  }

  private func bytes(_ name: String, of run: String? = nil) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(run ?? self.run)/\(name)"))
  }

  private func checkpoints() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints").sorted()
  }

  private func expectEqualRuns(_ other: String, _ what: String) throws {
    for file in ["metrics.jsonl", "model.safetensors", "scores.json"] {
      #expect(try bytes(file) == bytes(file, of: other), "\(file) of \(what)")
    }
  }

  /// What a process leaves that was killed in the middle of an epoch and of a checkpoint.
  private func leaveTraces() throws {
    for file in ["metrics.jsonl", "timings.jsonl"] {
      let handle = try #require(FileHandle(forUpdatingAtPath: "\(run)/\(file)"))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(#"{"epoch":9,"loss":1.5,"step":1}\n{"epo"#.utf8))
      try handle.close()
    }
    try Data("not the model of the checkpoint".utf8).write(to: URL(fileURLWithPath: "\(run)/model.safetensors"))
    try FileManager.default.createDirectory(atPath: "\(run)/checkpoints/.partial", withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(fileURLWithPath: "\(run)/checkpoints/.partial/dense.safetensors"))
  }

  @Test(arguments: [TrainingConfiguration.Optimizer.adam, .adamw, .sgd])
  func otherWorkersGoOnWithTheSameBits(_ optimizer: TrainingConfiguration.Optimizer) throws {
    var training = try Self.training(optimizer)
    training.schedule = .cosine
    training.warmup = 1
    training.clipNorm = 1
    let whole = "\(scratch.path)/whole"
    try train(training, into: whole)
    for (first, second) in [(1, 3), (3, 1), (2, 4), (4, 2)] {
      let stopped = try train(training, workers: first, stopAfter: 1)
      #expect(stopped.stopped && stopped.epochs == 1)
      try leaveTraces()
      let again = try train(training, workers: second, threads: 2, resumes: true, stopAfter: 2)
      #expect(again.stopped && again.epochs == 3, "two more epochs")
      try leaveTraces()
      let end = try train(training, workers: first, resumes: true)
      #expect(!end.stopped && end.epochs == 4)
      try expectEqualRuns(whole, "\(first), \(second) and \(first) workers")
      try FileManager.default.removeItem(atPath: run)
    }
  }

  @Test func stateDoesNotDependOnTheNumberOfWorkers() throws {
    let file = "checkpoints/epoch-000001/dense.safetensors"
    for workers in [1, 3] { try train(try Self.training(), into: "\(run)\(workers)", workers: workers, stopAfter: 1) }
    #expect(try bytes(file, of: "\(run)1") == bytes(file, of: "\(run)3"))
  }

  /// Damages the newest checkpoint in every way; the one before it takes its place.
  @Test(arguments: [
    "dense.safetensors cut", "dense.safetensors changed", "state.json missing", "manifest.json missing", "manifest.json cut",
  ])
  func aDamagedCheckpointIsPassedOver(_ damage: String) throws {
    let training = try Self.training()
    let whole = "\(scratch.path)/whole"
    try train(training, into: whole)
    try train(training, stopAfter: 3) { $0.execution.keepCheckpoints = 2 }
    let words = damage.split(separator: " ")
    let file = URL(fileURLWithPath: "\(run)/checkpoints/epoch-000003/\(words[0])")
    var content = try Data(contentsOf: file)
    switch words[1] {
    case "cut": try content.prefix(content.count / 2).write(to: file)
    case "missing": try FileManager.default.removeItem(at: file)
    default:
      content[content.count - 5] ^= 1
      try content.write(to: file)
    }
    let lines = Lines()
    try train(training, resumes: true, lines: lines)
    let notices = lines.all.filter { $0.contains("passed over") }
    #expect(notices.count == 1 && notices[0].contains("epoch-000003/\(words[0])"), "\(lines.all)")
    #expect(lines.all.contains { $0.hasSuffix("goes on after epoch 2 of 4") }, "\(lines.all)")
    try expectEqualRuns(whole, "a run with \(damage)")
    #expect(try checkpoints().contains("epoch-000004"))
  }

  @Test func withoutASoundCheckpointNothingIsTouched() throws {
    let training = try Self.training()
    try train(training, stopAfter: 2) { $0.execution.keepCheckpoints = 2 }
    let metrics = try bytes("metrics.jsonl")
    func refusal(_ training: TrainingConfiguration, _ change: (inout TrainingJob.Request) -> Void = { _ in }) -> String {
      do {
        try train(training, workers: 2, resumes: true, change)
        return "no error"
      } catch { return "\(error)".replacing(scratch.path + "/", with: "") }
    }
    var other = training
    other.learningRate *= 2
    #expect(refusal(other).hasSuffix("manifest.json: expected a checkpoint of this run's configuration, found one of another"))
    let elsewhere = "\(scratch.path)/elsewhere"
    try PlantedGraph(trainNodes: 118).partition(into: 4, at: elsewhere)
    #expect(refusal(training) { $0.partitions = elsewhere }.hasSuffix("expected a checkpoint on this partition, found one on another"))
    for epoch in 1...2 { try FileManager.default.removeItem(atPath: "\(run)/checkpoints/epoch-00000\(epoch)") }
    #expect(refusal(training) == "run/checkpoints: expected a checkpoint to go on from, found none")
    #expect(try bytes("metrics.jsonl") == metrics)
  }

  @Test func aFinishedRunHasNothingToResume() throws {
    let training = try Self.training()
    try train(training)
    let before = try ["metrics.jsonl", "model.safetensors", "scores.json", "timings.jsonl"].map { try bytes($0) }
    let lines = Lines()
    let summary = try train(training, workers: 2, resumes: true, lines: lines)
    #expect(lines.all.contains { $0.hasSuffix("run is finished, after epoch 4: there is nothing to resume") })
    #expect(!summary.stopped && summary.epochs == 4)
    #expect(try ["metrics.jsonl", "model.safetensors", "scores.json", "timings.jsonl"].map { try bytes($0) } == before)
  }

  @Test func aRunWhoseRateDoesNotDependOnItsLengthMayGrow() throws {
    var short = try Self.training()
    short.epochs = 2
    let long = try Self.training()
    let whole = "\(scratch.path)/whole"
    try train(long, into: whole)
    try train(short, workers: 2)
    try train(long, workers: 3, resumes: true)
    try expectEqualRuns(whole, "two epochs and two more")
    (short.schedule, short.epochs) = (.linear, 5)
    var longer = short
    longer.epochs = 6
    let other = "\(scratch.path)/linear"
    try train(short, into: other)
    #expect(throws: (any Error).self) { try train(longer, into: other, resumes: true) }
  }

  @Test func patienceIsResumedToo() throws {
    var training = try Self.training()
    training.learningRate = 1e-9  // Nothing gets better.
    training.patience = 2
    training.epochs = 50
    let whole = "\(scratch.path)/whole"
    let epochs = try train(training, into: whole).epochs
    #expect(epochs < 50)
    try train(training, workers: 2, stopAfter: 2)
    #expect(try train(training, resumes: true).epochs == epochs)
    try expectEqualRuns(whole, "a run that lost its patience")
  }

  @Test func onlyTheNewestAndTheBestAreKept() throws {
    var training = try Self.training()
    training.epochs = 6
    let best = try train(training, workers: 2).scores.bestEpoch
    func names(_ epochs: Set<Int>) -> [String] { epochs.sorted().map { "epoch-00000\($0)" } }
    #expect(try checkpoints() == names([best, 6]))
    try FileManager.default.removeItem(atPath: run)
    try train(training) { $0.execution.keepCheckpoints = 3 }
    #expect(try checkpoints() == names([best, 4, 5, 6]))
    try FileManager.default.removeItem(atPath: run)
    try train(training) { $0.execution.checkpointEvery = 0 }
    #expect(!FileManager.default.fileExists(atPath: "\(run)/checkpoints"))
    try FileManager.default.removeItem(atPath: run)
    try train(training, stopAfter: 2) { $0.execution.checkpointEvery = 0 }
    #expect(try checkpoints() == names([2]), "who is asked to stop keeps its state")
  }
}
