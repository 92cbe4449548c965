import Collectives
import Configuration
import Foundation
import Inference
import Partitions
import Tensors
import Testing
import Training

/// Training with learned input columns: alone, or after the features.
@Suite(.serialized) struct LearnedTrainingTests {
  struct Case: Sendable, CustomStringConvertible {
    var features: String
    var optimizer: EmbeddingConfiguration.Optimizer
    var element = EmbeddingConfiguration.Element.float32
    var model = TrainingConfiguration.Model.sage
    var change: @Sendable (inout TrainingConfiguration) -> Void = { _ in }
    var description: String { "\(features), \(optimizer.rawValue), \(element.rawValue), \(model.rawValue)" }
  }

  static let cases = [
    Case(features: "none", optimizer: .adagrad),
    Case(features: "feat", optimizer: .adam) { $0.evalFanout = try! Fanout(parsing: "5,2") },  // Safe: a literal.
    Case(features: "none", optimizer: .sgd, element: .float16, model: .gat) { ($0.inputDropout, $0.heads) = (0, 2) },
    Case(features: "feat", optimizer: .rowwiseAdagrad, element: .float16, model: .gcn) { $0.embedding.gradient = .mean },
    Case(features: "none", optimizer: .adagrad, model: .gin) { ($0.evalFanout, $0.order) = (try! Fanout(parsing: "5,2"), .global) },
  ]

  static func training(_ example: Case) throws -> TrainingConfiguration {
    var training = try DeterminismTests.training(order: .balanced)
    training.features = example.features
    training.model = example.model
    training.embedding.columns = 6
    training.embedding.optimizer = example.optimizer
    training.embedding.element = example.element
    training.embedding.learningRate = 0.1
    example.change(&training)
    try training.validate()
    return training
  }

  /// What must be equal: the files of a run that are a function of the training alone, by name.
  static func files(_ run: String, parts: Int) throws -> [String: Data] {
    let names = ["metrics.jsonl", "model.safetensors", "scores.json"] + (0..<parts).map { "embeddings/part-00\($0).safetensors" }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0)"))) })
  }

  @discardableResult
  static func train(
    _ parts: String, _ training: TrainingConfiguration, run: String, workers: Int = 1, threads: Int = 1, mapPeers: Bool = true,
    resumes: Bool = false, epochs: Int? = nil
  ) throws -> TrainingSummary {
    var execution = ExecutionConfiguration()
    (execution.threads, execution.mapPeers) = (threads, mapPeers)
    var training = training
    if let epochs { training.epochs = epochs }
    var request = TrainingJob.Request(partitions: parts, run: run, training: training, execution: execution)
    (request.watched, request.resumes) = (false, resumes)
    let job = request
    return try InProcessGroup.run(size: workers) { try TrainingJob(job, group: $0, report: { _ in }).run() }[0]
  }

  @Test(arguments: cases)
  func workersThreadsAndRoutesDoNotChangeABit(_ example: Case) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts, types: TableTypes(example.element == .float16 ? .bfloat16 : nil))
    let training = try Self.training(example)
    try Self.train(parts, training, run: "\(scratch.path)/reference")
    let reference = try Self.files("\(scratch.path)/reference", parts: 4)
    for workers in 1...4 {
      for mapPeers in workers == 1 ? [true] : [true, false] {
        let run = "\(scratch.path)/run-\(workers)-\(mapPeers)"
        let summary = try Self.train(parts, training, run: run, workers: workers, threads: 2, mapPeers: mapPeers)
        for (name, data) in try Self.files(run, parts: 4) {
          #expect(data == reference[name], "\(name) of \(workers) workers, mapped peers \(mapPeers)")
        }
        if workers > 1 { #expect(summary.traffic.remoteRows > 0, "learned rows of others are always pulled") }
      }
    }
    var other = training
    other.embedding.learningRate *= 2
    try Self.train(parts, other, run: "\(scratch.path)/other")
    #expect(try Self.files("\(scratch.path)/other", parts: 4)["metrics.jsonl"] != reference["metrics.jsonl"])
  }

  @Test(arguments: [EmbeddingConfiguration.Optimizer.adagrad, .adam])
  func otherWorkersGoOnWithTheSameBits(_ optimizer: EmbeddingConfiguration.Optimizer) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(Case(features: "none", optimizer: optimizer))
    training.epochs = 4
    try Self.train(parts, training, run: "\(scratch.path)/whole")
    let whole = try Self.files("\(scratch.path)/whole", parts: 4)
    for (first, second) in [(1, 3), (4, 2)] {
      let run = "\(scratch.path)/run-\(first)"
      try Self.train(parts, training, run: run, workers: first, epochs: 2)
      // What an epoch after the checkpoint may have left.
      for part in 0..<4 {
        try Data("later rows".utf8).write(to: URL(fileURLWithPath: "\(run)/embeddings/part-00\(part).safetensors"), options: .atomic)
      }
      try Self.train(parts, training, run: run, workers: second, threads: 2, resumes: true)
      for (name, data) in try Self.files(run, parts: 4) { #expect(data == whole[name], "\(name) of \(first) and \(second) workers") }
    }
  }

  @Test func checkpointsDoNotDependOnTheNumberOfWorkers() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    let training = try Self.training(Case(features: "feat", optimizer: .adam))
    for workers in [1, 3] { try Self.train(parts, training, run: "\(scratch.path)/\(workers)", workers: workers, epochs: 1) }
    for part in 0..<4 {
      for name in ["part-00\(part).safetensors", "best-part-00\(part).safetensors"] {
        let files = try [1, 3].map { try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\($0)/checkpoints/epoch-000001/\(name)")) }
        #expect(files[0] == files[1], "\(name)")
      }
      let file = try SafeTensorsFile(mapping: "\(scratch.path)/1/checkpoints/epoch-000001/part-00\(part).safetensors")
      #expect(file.names == ["first-moment", "rows", "second-moment"])
    }
  }

  /// A run that diverges ends with one line, the same on any number of workers, and keeps nothing, also when its last step alone went wrong.
  @Test(arguments: ["none", "feat"])
  func aRunThatDivergesSaysSo(features: String) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(Case(features: features, optimizer: .sgd))
    (training.learningRate, training.embedding.learningRate) = (1e30, 1e30)
    for workers in [1, 2, 4] {
      let run = "\(scratch.path)/run-\(workers)"
      #expect {
        try Self.train(parts, training, run: run, workers: workers)
      } throws: {
        "\($0)" == "epoch 1: expected a finite loss, found one that is not (a smaller --lr, --embed-learning-rate or --clip-norm may help)"
      }
      #expect(!FileManager.default.fileExists(atPath: run))
    }
    // One step an epoch: its loss is finite still, the weights after it are not.
    (training.epochs, training.batchSize, training.batchSizePerPart) = (1, 240, nil)
    (training.optimizer, training.learningRate, training.weightDecay) = (.sgd, 1e30, [1e20])
    for workers in [1, 2, 4] {
      #expect {
        try Self.train(parts, training, run: "\(scratch.path)/short-\(workers)", workers: workers)
      } throws: { "\($0)".hasPrefix("epoch 1: expected finite weights, found some that are not") }
    }
  }

  /// Bytes are copied where learned columns follow fixed ones, and nowhere else.
  @Test(arguments: ["none", "feat"])
  func joinedRowsAloneAreCopied(features: String) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    let training = try Self.training(Case(features: features, optimizer: .adagrad))
    let summary = try Self.train(parts, training, run: "\(scratch.path)/run", workers: 2, mapPeers: false, epochs: 1)
    for line in summary.timings {
      // 12 features and 6 learned columns for every row that the first layer reads.
      #expect(line.loading.bytesCopied == (features == "none" ? 0 : 4 * 18 * line.traffic.layers[0].sources))
    }
  }

  /// Nothing but the graph and the training labels is known: rows of a class grow alike.
  @Test func rowsWithoutFeaturesAreLearned() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    var training = try Self.training(Case(features: "none", optimizer: .adagrad))
    (training.epochs, training.dropout, training.inputDropout, training.hidden) = (30, 0, 0, 16)
    training.embedding.columns = 16
    let summary = try Self.train(parts, training, run: "\(scratch.path)/run", workers: 2)
    #expect(try #require(summary.test?[.accuracy]) > 0.5, "chance is 0.25")
    #expect(summary.history.last!.loss < 0.5 * summary.history[0].loss)
  }

  /// Inference reads the rows of the best epoch: its predictions have the score that training has reported.
  @Test(arguments: ["none", "feat"])
  func inferenceReadsWhatWasLearned(features: String) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    let run = "\(scratch.path)/run"
    let summary = try Self.train(parts, try Self.training(Case(features: features, optimizer: .adagrad)), run: run, workers: 2)
    var outputs: [Data] = []
    for workers in [1, 3] {
      let output = "\(scratch.path)/predictions-\(workers)"
      let request = InferenceJob.Request(run: run, partitions: parts, output: output)
      _ = try InProcessGroup.run(size: workers) { try InferenceJob.run(request, group: $0, report: { _ in }) }
      outputs += try (0..<4).map { try Data(contentsOf: URL(fileURLWithPath: "\(output)/part-00\($0)/logits.npy")) }
    }
    #expect(Array(outputs[..<4]) == Array(outputs[4...]), "workers change no bit")
    let manifest = try Manifest.load(parts)
    var (right, total) = (0, 0)
    for number in 0..<4 {
      let part = try LocalPartition(directory: parts, manifest: manifest, part: number)
      let predicted = try NPYArray(mapping: "\(scratch.path)/predictions-1/part-00\(number)/predictions.npy")
        .elements(as: Int32.self, shape: [part.innerCount])
      let labels = try #require(part.nodes[0].labels)
      for node in part.split(0, type: 0).test {
        total += 1
        if predicted[Int(node)] == labels[Int(node)] { right += 1 }
      }
    }
    #expect(try abs(Double(right) / Double(total) - #require(summary.test?[.accuracy])) < 1e-12)
    // Another partition has other rows.
    let elsewhere = "\(scratch.path)/elsewhere"
    try PlantedGraph(trainNodes: 118).partition(into: 4, at: elsewhere)
    let request = InferenceJob.Request(run: run, partitions: elsewhere, output: "\(scratch.path)/x")
    #expect(throws: (any Error).self) {
      _ = try InProcessGroup.run(size: 1) { try InferenceJob.run(request, group: $0, report: { _ in }) }
    }
  }

  @Test func aRunWithoutFeaturesOrLearnedColumnsIsRefused() throws {
    let options: [((inout TrainingConfiguration) -> Void, String)] = [
      ({ $0.features = "none" }, "--features: expected a table, or --embed, found none"),
      ({ $0.embedding.columns = -1 }, "--embed: expected 0 to 65536 columns, found -1"),
      (
        { ($0.embedding.columns, $0.firstHop, $0.inputDropout) = (4, .exact, 0) },
        "--first-hop: expected sampled with --embed, whose rows change every step, found exact"
      ),
      (
        { ($0.embedding.columns, $0.rowNormalise) = (4, true) },
        "--row-normalise: expected off with --embed, whose rows are not divided by their sums, found on"
      ),
      (
        { ($0.embedding.columns, $0.embedding.learningRate) = (4, 0) }, "--embed-learning-rate: expected a number above 0, found 0.0"
      ),
    ]
    for (change, message) in options {
      var training = TrainingConfiguration()
      change(&training)
      #expect { try training.validate() } throws: { "\($0)" == message }
    }
  }
}
