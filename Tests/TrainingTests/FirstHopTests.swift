import Collectives
import Configuration
import Foundation
import Partitions
import Testing
import Training

/// Training with an exact first hop: the estimator it claims to be, and a derived table that is kept, checked and made again.
@Suite(.serialized) struct FirstHopTests {
  private static func training(_ model: TrainingConfiguration.Model, fanout: String, firstHop: TrainingConfiguration.FirstHop) throws
    -> TrainingConfiguration
  {
    var training = TrainingConfiguration()
    training.model = model
    training.hidden = 8
    training.fanout = try Fanout(parsing: fanout)
    training.firstHop = firstHop
    training.batchSize = 12
    training.epochs = 2
    training.seed = 5
    training.learningRate = 0.05
    training.optimizer = .sgd
    training.dropout = 0.3
    training.evalEvery = 0
    return training
  }

  private static func losses(_ outcome: DeterminismTests.Outcome) throws -> [Double] {
    struct Line: Decodable {
      var step: Int?
      var loss: Double?
    }
    return try String(decoding: outcome.metrics, as: UTF8.self).split(separator: "\n").compactMap { text in
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      return line.step.flatMap { _ in line.loss }
    }
  }

  /// Every file under the parts' `derived` folders, relative to the directory.
  private static func derivedFiles(_ directory: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).filter {
      var isFolder: ObjCBool = false
      return $0.contains("/derived/") && FileManager.default.fileExists(atPath: "\(directory)/\($0)", isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  private static func contents(_ directory: String) throws -> [String: Data] {
    Dictionary(
      uniqueKeysWithValues: try derivedFiles(directory).map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)"))) })
  }

  struct Case: Sendable, CustomStringConvertible {
    var model: TrainingConfiguration.Model
    var parts: Int
    var sparse: Bool
    var layers: Int
    var change: Int
    var description: String { "\(model), \(parts) parts, \(sparse ? "sparse" : "dense"), \(layers) layers, options \(change)" }
  }

  static let cases: [Case] = [TrainingConfiguration.Model.sage, .gcn, .gin].enumerated().flatMap { index, model in
    (0..<6).map { Case(model: model, parts: 1 + ($0 + index) % 4, sparse: $0 % 2 == 1, layers: 1 + $0 % 3, change: $0) }
  }

  /// The sampled run that takes every in-neighbour in its first hop computes the same in another order of sums.
  @Test(arguments: cases)
  func losesWhatAWholeFirstHopLoses(_ example: Case) throws {
    let scratch = try ScratchDirectory()
    let directory = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.sparse = example.sparse
    graph.columns = example.sparse ? 30 : example.change == 2 ? 12 : 6
    try graph.partition(into: example.parts, at: directory)
    func run(_ first: String, _ firstHop: TrainingConfiguration.FirstHop) throws -> DeterminismTests.Outcome {
      let fanout = ([first] + ["4", "3"].prefix(example.layers - 1)).joined(separator: ",")
      var training = try Self.training(example.model, fanout: fanout, firstHop: firstHop)
      training.residual = example.change == 2
      training.rowNormalise = example.change == 1 || example.change == 4
      training.learnEpsilon = example.model == .gin && example.change % 2 == 1
      training.selfLoops = example.change != 4
      training.jump = example.change == 3 ? .concatenate : .none
      // Sums of many neighbours would make steps too long to stay close.
      if example.model == .gin { training.learningRate = 0.002 }
      let workers = min(2, example.parts)
      return try DeterminismTests.run(directory, training: training, workers: workers, threads: 1, mapPeers: false, into: scratch)
    }
    let (sampled, exact) = (try run("all", .sampled), try run("2", .exact))
    let (wanted, found) = (try Self.losses(sampled), try Self.losses(exact))
    #expect(wanted.count == 20 && found.count == 20)
    for (step, (a, b)) in zip(found, wanted).enumerated() { #expect(abs(a - b) <= 1e-5 * abs(b), "step \(step + 1): \(a), \(b)") }
    let (first, whole) = (exact.summary.traffic.layers, sampled.summary.traffic.layers)
    #expect(first.count == example.layers && first[0].edges == 0 && first[0].sources == whole[0].destinations)
    #expect(Array(first.dropFirst()) == Array(whole.dropFirst()), "the other hops sample the same")
    #expect(exact.summary.history.allSatisfy { $0.firstHop == .exact } && sampled.summary.history.allSatisfy { $0.firstHop == nil })
    #expect(exact.summary.scores.firstHop == .exact)
    #expect(String(decoding: exact.metrics, as: UTF8.self).components(separatedBy: "\"firstHop\":\"exact\"").count == 3, "in both epochs")
  }

  @Test func theTableIsMadeOnceAndAgainWhereItIsDamaged() throws {
    let scratch = try ScratchDirectory()
    let directory = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 3, at: directory)
    let graphBefore = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/graph.json"))
    func run(_ workers: Int) throws -> DeterminismTests.Outcome {
      try DeterminismTests.run(
        directory, training: try Self.training(.sage, fanout: "2,3", firstHop: .exact), workers: workers, threads: 1, mapPeers: false,
        into: scratch)
    }
    let first = try run(1)
    let made = try Self.contents(directory)
    let names = try Self.derivedFiles(directory)
    #expect(names.count == 6 && names.count { $0.hasSuffix("/feat-first-hop.npy") } == 3)
    #expect(names.count { $0.hasSuffix("/manifest.json") } == 3)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/graph.json")) == graphBefore)

    func inode(_ name: String) throws -> UInt64? {
      try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")[.systemFileNumber] as? UInt64
    }
    let nodes = try names.map(inode)
    #expect(try run(3).metrics == first.metrics)
    #expect(try names.map(inode) == nodes, "found and not made again")

    // One flipped byte, a file cut short, no manifest: each part's folder is made again, by another number of workers.
    let table = URL(fileURLWithPath: "\(directory)/\(names.first { $0.hasPrefix("part-000") && $0.hasSuffix("npy") }!)")
    var bytes = try Data(contentsOf: table)
    bytes[bytes.count - 40] ^= 1
    try bytes.write(to: table)
    let cut = URL(fileURLWithPath: "\(directory)/\(names.first { $0.hasPrefix("part-001") && $0.hasSuffix("npy") }!)")
    try Data(contentsOf: cut).prefix(1000).write(to: cut)
    try FileManager.default.removeItem(atPath: "\(directory)/\(names.first { $0.hasPrefix("part-002") && $0.hasSuffix("json") }!)")
    // What a writer that died has left; no process has the highest number.
    let folder = URL(fileURLWithPath: "\(directory)/\(names[0])").deletingLastPathComponent()
    let abandoned = folder.deletingLastPathComponent().path + "/.\(folder.lastPathComponent).partial-4194305"
    try FileManager.default.createDirectory(atPath: abandoned, withIntermediateDirectories: false)
    #expect(try run(2).metrics == first.metrics)
    #expect(try Self.contents(directory) == made)
    #expect(!FileManager.default.fileExists(atPath: abandoned))
  }

  /// The name of a folder stands for all that decides its rows.
  @Test func otherRowsHaveAnotherFolder() throws {
    let scratch = try ScratchDirectory()
    let directory = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.sparse = true
    graph.columns = 30
    try graph.partition(into: 2, at: directory)
    func folders(_ change: (inout TrainingConfiguration) -> Void) throws -> Set<String> {
      var training = try Self.training(.gcn, fanout: "2,3", firstHop: .exact)
      training.epochs = 1
      change(&training)
      let before = try Set(Self.derivedFiles(directory).map { $0.split(separator: "/")[2] })
      _ = try DeterminismTests.run(directory, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
      return try Set(Self.derivedFiles(directory).map { String($0.split(separator: "/")[2]) }.filter { !before.contains(Substring($0)) })
    }
    #expect(try folders { _ in }.count == 1)
    #expect(try folders { ($0.hidden, $0.seed, $0.dropout) = (4, 9, 0) }.isEmpty, "parameters take no part")
    #expect(try folders { $0.rowNormalise = true }.count == 1)
    #expect(try folders { $0.selfLoops = false }.count == 1)
    #expect(try folders { $0.model = .sage }.count == 1)
    #expect(try folders { $0.residual = true }.count == 1, "the residual reads the own row")
  }

  @Test func aStoppedRunGoesOnWithTheSameBits() throws {
    let scratch = try ScratchDirectory()
    let directory = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: directory)
    var training = try Self.training(.sage, fanout: "2,3", firstHop: .exact)
    training.epochs = 4
    training.evalEvery = 1
    let whole = try DeterminismTests.run(directory, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let run = "\(scratch.path)/stopped"
    var execution = ExecutionConfiguration()
    execution.mapPeers = false
    var request = TrainingJob.Request(partitions: directory, run: run, training: training, execution: execution)
    request.watched = false
    request.stopRequested = { true }
    let begun = request
    let summaries = try InProcessGroup.run(size: 3) { try TrainingJob(begun, group: $0, report: { _ in }).run() }
    #expect(summaries[0].stopped && summaries[0].epochs == 1)
    request.stopRequested = { false }
    request.resumes = true
    let resumed = request
    _ = try InProcessGroup.run(size: 2) { try TrainingJob(resumed, group: $0, report: { _ in }).run() }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/metrics.jsonl")) == whole.metrics)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/model.safetensors")) == whole.model)
  }
}
