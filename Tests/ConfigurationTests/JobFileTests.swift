import Configuration
import Foundation
import Testing

@Suite struct JobFileTests {
  /// Reads `text` as the file `job.yaml` of a folder that exists only meanwhile.
  private func read(_ text: String) throws -> Job { try read(Data(text.utf8)) }

  private func read(_ bytes: Data) throws -> Job {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("job.yaml")
    try bytes.write(to: path)
    do {
      let file = try JobFile(path.path)
      try file.validate(file.job)
      var job = file.job
      job.partitions = job.partitions?.replacing(folder.path + "/", with: "FOLDER/")
      return job
    } catch let error as ConfigurationError {
      throw ConfigurationError(error.option.replacing(folder.path + "/", with: ""), expected: error.expected, found: error.found)
    }
  }

  @Test func everyKindOfValueIsRead() throws {
    let job = try read(
      """
      # a remark
      partitions: ../parts
      output: /runs/first
      model: gat
      "hidden": 64
      heads: 8
      fanout: [all, 10]
      l2-normalise: yes
      self-loops: off
      dropout: 6e-1
      batch-size-per-part: 25
      seed: 18446744073709551615
      class-weights: [1, 2.5]
      lr: 1
      weight-decay: [0.0005, 0]
      eval-fanout: 5,all
      metric: macro-f1
      split: 3
      threads: 2
      map-peers: false
      silence-limit: 2.5
      prefetch-depth: 0
      prefetch-memory: 1.5GiB
      cache: vip
      cache-memory: 32%
      """)
    #expect(job.partitions == "FOLDER/../parts" && job.output == "/runs/first")
    var training = TrainingConfiguration()
    training.model = .gat
    training.hidden = 64
    training.heads = 8
    training.fanout.hops = [.everyRelation(.all), .everyRelation(.atMost(10))]
    training.l2Normalise = true
    training.selfLoops = false
    training.dropout = 0.6
    training.batchSizePerPart = 25
    training.seed = .max
    training.classWeights = .given([1, 2.5])
    training.learningRate = 1
    training.weightDecay = [0.0005, 0]
    training.evalFanout = try Fanout(parsing: "5,all")
    training.metric = .macroF1
    training.split = "3"
    #expect(job.training == training)
    var execution = ExecutionConfiguration()
    (execution.threads, execution.mapPeers, execution.silenceLimit) = (2, false, 2.5)
    (execution.prefetchDepth, execution.prefetchMemory) = (0, .bytes(3 << 29))
    (execution.cache, execution.cacheMemory) = (.vip, .share(0.32))
    #expect(job.execution == execution)
  }

  @Test func oneValueMayStandForAList() throws {
    let job = try read("fanout: 5\nweight-decay: 0.5\nclass-weights: balanced\neval-fanout: exact\n")
    #expect(job.training.fanout.hops == [.everyRelation(.atMost(5))])
    #expect(job.training.weightDecay == [0.5] && job.training.classWeights == .balanced && job.training.evalFanout == nil)
  }

  /// A file and the one line with which it is refused.
  static let faults: [(String, String)] = [
    ("batch-sise: 5", "job.yaml:1: expected a key of a job, perhaps 'batch-size', found 'batch-sise'"),
    ("lr: 1\n\nbatchSize: 5", "job.yaml:3: expected a key of a job, perhaps 'batch-size', found 'batchSize'"),
    ("fnaout: 5,5", "job.yaml:1: expected a key of a job, perhaps 'fanout', found 'fnaout'"),
    ("<<: {lr: 1}", "job.yaml:1: expected a key of a job, perhaps 'lr', found '<<'"),
    ("[1, 2]: 5", "job.yaml:1: expected a key of a job, found a key that is no text"),
    ("lr: 1\nepochs: 2\nlr: 2", "job.yaml:3: expected every key once, found 'lr' twice"),
    ("epochs: many", "job.yaml:1: epochs: expected a whole number, found 'many'"),
    ("epochs: 1.5", "job.yaml:1: epochs: expected a whole number, found '1.5'"),
    ("epochs: 99999999999999999999", "job.yaml:1: epochs: expected a whole number, found '99999999999999999999'"),
    ("epochs: '5'", "job.yaml:1: epochs: expected a whole number, found '5', a text in quotation marks"),
    ("epochs:", "job.yaml:1: epochs: expected a whole number, found nothing"),
    ("epochs: [5]", "job.yaml:1: epochs: expected a whole number, found a list of 1"),
    ("epochs: {a: 5}", "job.yaml:1: epochs: expected a whole number, found keys and values"),
    ("seed: -1", "job.yaml:1: seed: expected a whole number from 0, found '-1'"),
    ("lr: fast", "job.yaml:1: lr: expected a number, found 'fast'"),
    ("residual: maybe", "job.yaml:1: residual: expected true or false, found 'maybe'"),
    ("model: cnn", "job.yaml:1: model: expected sage, sage-pool, gcn, gat, gatv2, gin, found 'cnn'"),
    ("model: [gat]", "job.yaml:1: model: expected sage, sage-pool, gcn, gat, gatv2, gin, found a list of 1"),
    ("weight-decay: [0.1, x]", "job.yaml:1: weight-decay: expected a number or a list of numbers, found 'x'"),
    ("weight-decay: 0.1,x", "job.yaml:1: weight-decay: expected a number or a list of numbers, found '0.1,x'"),
    ("fanout: [5, few]", "job.yaml:1: fanout: expected whole numbers above 0, or all, one per layer, found 'few' in '5,few'"),
    ("fanout: [[5], 5]", "job.yaml:1: fanout: expected a text or a list of texts, found a list of 2"),
    ("eval-fanout: few", "job.yaml:1: eval-fanout: expected whole numbers above 0, or all, one per layer, found 'few' in 'few'"),
    ("class-weights: 1,x", "job.yaml:1: class-weights: expected none, balanced, or a number for each class, found 'x' in '1,x'"),
    (
      "aggregate: gpu",
      "job.yaml:1: aggregate: expected cpu, or pim: and a preset or the JSON file of a machine, found 'gpu'"
    ),
    ("fanout: all\naggregate-type: int8", "job.yaml:2: aggregate-type: expected float32 with --aggregate cpu, found int8"),
    (
      "aggregate: pim:generic\nfanout: 5",
      "job.yaml:2: fanout: expected all with --aggregate pim:generic, which takes whole neighbourhoods, found 5"
    ),
    ("edge-features: ~", "job.yaml:1: edge-features: expected a name, found nothing"),
    (
      "model: gin\nedge-features: bond",
      "job.yaml:2: edge-features: expected none with --model gin: layers of kind sage alone read rows of edges, found bond"
    ),
    (
      "edge-features: bond\nfirst-hop: exact",
      "job.yaml:2: first-hop: expected sampled with --edge-features, whose rows the kept ones do not hold, found exact"
    ),
    ("features: ~", "job.yaml:1: features: expected a name, found nothing"),
    ("partitions: ''", "job.yaml:1: partitions: expected a path, found '', a text in quotation marks"),
    ("# the last\nepochs: 0", "job.yaml:2: epochs: expected 1 to 1000000, found 0"),
    ("cache: lru", "job.yaml:1: cache: expected none, halo, degree, vip, window, found 'lru'"),
    ("lr: 1\ncache-memory: 0", "job.yaml:2: cache-memory: expected bytes (800MiB, 2GiB) or a share (50%), found '0'"),
    ("prefetch-memory: 5%", "job.yaml:1: prefetch-memory: expected bytes, like 256MiB, found 5%"),
    ("prefetch-depth: -1", "job.yaml:1: prefetch-depth: expected 0 to 1024 steps, found -1"),
    ("threads: 0", "job.yaml:1: threads: expected 1 to 1024, found 0"),
    ("weight-decay: [1, 2]", "job.yaml:1: weight-decay: expected one value, or one for each of 3 layers, found 1.0,2.0"),
    ("", "job.yaml: expected lines 'key: value', found nothing"),
    ("- lr", "job.yaml: expected lines 'key: value', found something else"),
    (
      "lr: 1\n---\nlr: 2", "job.yaml:2: expected YAML, found an error: expected a single document in the stream, but found another document"
    ),
  ]

  @Test(arguments: faults)
  func aFaultIsNamedByFileAndLine(text: String, line: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try read(text) }
    #expect(error.description == line)
  }

  @Test(arguments: ["lr: [1", "lr: 1\n  epochs: 2", "\tlr: 1", "lr: *unknown", "lr: \"1", "a\u{1}b: 1"])
  func whatIsNoYAMLIsRefusedByLine(text: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try read(text) }
    #expect(error.option.wholeMatch(of: /job\.yaml:\d+/) != nil, "\(error)")
    #expect(error.expected == "YAML" && !error.description.contains("\n"), "\(error)")
  }

  @Test func otherBytesAreRefused() {
    #expect(throws: ConfigurationError("job.yaml", expected: "text in UTF-8", found: "other bytes")) { try read(Data([0x6C, 0xFF, 0x3A])) }
  }

  @Test func theStoredFormReadsBackEqual() throws {
    var job = Job(partitions: "/data/two words: #1", output: "/\u{e9}t\u{e9}/'run\"")
    job.training.features = "true"
    job.training.split = ""
    job.training.learningRate = 0.1
    job.training.weightDecay = [1e-30, 0.25, 3]
    job.training.fanout = try Fanout(parsing: "all,cites=10/writes=all,5")
    job.training.evalFanout = try Fanout(parsing: "3,all,7")
    job.training.classWeights = .given([1, 2.5])
    job.training.batchSizePerPart = 64
    job.training.jump = .concatenate
    job.execution.residency = .resident
    job.execution.silenceLimit = 2.5
    (job.execution.prefetchDepth, job.execution.prefetchMemory) = (9, .bytes(1_000_001))
    (job.execution.cache, job.execution.cacheMemory) = (.halo, .share(0.125))
    (job.execution.checkpointEvery, job.execution.keepCheckpoints, job.startingModel) = (5, 2, "/runs/first")
    #expect(try read(job.yaml(remarks: ["one", "two"])) == job)
    #expect(try read(Job(partitions: "/p").yaml()) == Job(partitions: "/p"))
    var edges = Job(partitions: "/p")
    edges.training.edgeFeatures = "kinds of bonds"
    #expect(try read(edges.yaml()) == edges)
    #expect(try read("edge-features: none").training.edgeFeatures == nil)
    var machine = Job(partitions: "/p")
    (machine.training.aggregate, machine.training.aggregateType) = (.pim("/data/two words: #1.json"), .int32)
    machine.training.fanout = try Fanout(parsing: "all,all")
    #expect(try read(machine.yaml()) == machine)
  }

  @Test func keysAreUniqueAndWrittenInTheirOrder() {
    let names = JobKey.all.map(\.name)
    #expect(Set(names).count == names.count)
    let written = Job(partitions: "/p", output: "/o").yaml().split(separator: "\n").compactMap {
      $0.split(separator: ":").first.map(String.init)
    }
    #expect(written == names.filter { !["repeat", "batch-size-per-part", "init-from", "edge-features"].contains($0) })
  }
}
