import Configuration
import Foundation
import Testing

@Suite struct TrainingConfigurationTests {
  @Test func theDefaultsAreValidAndAsDocumented() throws {
    let standard = TrainingConfiguration()
    try standard.validate()
    #expect(standard.model == .sage)
    #expect(standard.hidden == 256)
    #expect(standard.fanout.description == "15,10,5")
    #expect(standard.layerCount == 3)
    #expect(standard.batchSize == 1000)
    #expect(standard.batchSizePerPart == nil)
    #expect(standard.epochs == 10)
    #expect(standard.seed == 0)
    #expect(standard.optimizer == .adam)
    #expect(standard.order == .balanced)
    #expect(!standard.rowNormalise)
    #expect(standard.features == "feat")
  }

  @Test func decayIsOneValueOrOneForEachLayer() {
    var configuration = TrainingConfiguration()
    configuration.weightDecay = [0.5]
    #expect((0..<3).map(configuration.weightDecay(ofLayer:)) == [0.5, 0.5, 0.5])
    configuration.weightDecay = [0.5, 0, 0.25]
    #expect((0..<3).map(configuration.weightDecay(ofLayer:)) == [0.5, 0, 0.25])
  }

  @Test func classWeightsAreAWordOrAList() throws {
    #expect(try ClassWeights(parsing: "none") == .none)
    #expect(try ClassWeights(parsing: "balanced") == .balanced)
    #expect(try ClassWeights(parsing: "1,2.5") == .given([1, 2.5]))
    #expect(throws: ConfigurationError.self) { try ClassWeights(parsing: "1,two") }
  }

  @Test func placesOfAggregationAreTheProcessorsOrAMachine() throws {
    #expect(try AggregationPlace(parsing: "cpu") == .cpu && AggregationPlace(parsing: "pim:a/b:c.json") == .pim("a/b:c.json"))
    for text in ["", "pim", "pim:", "gpu", "CPU"] {
      #expect(
        throws: ConfigurationError("--here", expected: "cpu, or pim: and a preset or the JSON file of a machine", found: "'\(text)'")
      ) { try AggregationPlace(parsing: text, option: "--here") }
    }
    var configuration = TrainingConfiguration()
    #expect(!configuration.isFullBatch)
    (configuration.aggregate, configuration.aggregateType) = (.pim("generic"), .int16)
    configuration.fanout = try Fanout(parsing: "all,all")
    try configuration.validate()
    #expect(configuration.isFullBatch)
    let stored = try JSONDecoder().decode(TrainingConfiguration.self, from: JSONEncoder().encode(configuration))
    #expect(stored == configuration)
  }

  @Test func theBatchIsGlobalUnlessGivenPerPart() {
    var configuration = TrainingConfiguration()
    configuration.batchSize = 1000
    #expect(configuration.globalBatchSize(parts: 4) == 1000)
    configuration.batchSizePerPart = 300
    #expect(configuration.globalBatchSize(parts: 4) == 1200)
  }

  /// One change that makes the defaults invalid.
  struct Fault: Sendable {
    var option: String
    var found: String
    var apply: @Sendable (inout TrainingConfiguration) -> Void

    init(_ option: String, _ found: String, _ apply: @escaping @Sendable (inout TrainingConfiguration) -> Void) {
      self.option = option
      self.found = found
      self.apply = apply
    }
  }

  static let faults: [Fault] = [
    Fault("--hidden", "0") { $0.hidden = 0 },
    Fault("--hidden", "65537") { $0.hidden = 65_537 },
    Fault("--fanout", "17") { $0.fanout.hops = Array(repeating: .everyRelation(.all), count: 17) },
    Fault("--fanout", "0") { $0.fanout.hops = [] },
    Fault("--first-hop", "exact") { ($0.firstHop, $0.inputDropout) = (.exact, 0.1) },
    Fault("--first-hop", "exact") { ($0.firstHop, $0.model) = (.exact, .gat) },
    Fault("--first-hop", "exact") { ($0.firstHop, $0.model) = (.exact, .gatv2) },
    Fault("--first-hop", "exact") { ($0.firstHop, $0.model) = (.exact, .sagePool) },
    Fault("--first-hop", "exact") { ($0.firstHop, $0.edgeFeatures) = (.exact, "bond") },
    Fault("--edge-features", "bond") { ($0.edgeFeatures, $0.model) = ("bond", .gcn) },
    Fault("--edge-features", "bond") { ($0.edgeFeatures, $0.model) = ("bond", .sagePool) },
    Fault("--aggregate-type", "int8") { $0.aggregateType = .int8 },
    Fault("--aggregate", "pim:generic") { ($0.aggregate, $0.model) = (.pim("generic"), .sagePool) },
    Fault("--fanout", "15,10,5") { $0.aggregate = .pim("generic") },
    Fault("--first-hop", "exact") { ($0.aggregate, $0.fanout, $0.firstHop) = (.pim("generic"), try! Fanout(parsing: "all,all"), .exact) },
    Fault("--batch-size-per-part", "9") {
      ($0.aggregate, $0.fanout, $0.batchSizePerPart) = (.pim("generic"), try! Fanout(parsing: "all"), 9)
    },
    Fault("--batch-size", "0") { $0.batchSize = 0 },
    Fault("--batch-size-per-part", "-1") { $0.batchSizePerPart = -1 },
    Fault("--epochs", "0") { $0.epochs = 0 },
    Fault("--epochs", "1000001") { $0.epochs = 1_000_001 },
    Fault("--lr", "0.0") { $0.learningRate = 0 },
    Fault("--lr", "-0.1") { $0.learningRate = -0.1 },
    Fault("--lr", "nan") { $0.learningRate = .nan },
    Fault("--lr", "inf") { $0.learningRate = .infinity },
    Fault("--dropout", "1.0") { $0.dropout = 1 },
    Fault("--dropout", "nan") { $0.dropout = .nan },
    Fault("--input-dropout", "-0.5") { $0.inputDropout = -0.5 },
    Fault("--weight-decay", "-1.0") { $0.weightDecay = [-1] },
    Fault("--weight-decay", "inf") { $0.weightDecay = [.infinity] },
    Fault("--momentum", "1.0") { $0.momentum = 1 },
    Fault("--weight-decay", "0.1,0.2") { $0.weightDecay = [0.1, 0.2] },
    Fault("--eval-every", "-1") { $0.evalEvery = -1 },
    Fault("--eval-fanout", "5,5") { $0.evalFanout = try! Fanout(parsing: "5,5") },
    Fault("--patience", "-1") { $0.patience = -1 },
    Fault("--heads", "0") { $0.heads = 0 },
    Fault("--heads", "2") { $0.heads = 2 },
    Fault("--heads", "3") {
      $0.model = .gat
      $0.heads = 3
    },
    Fault("--output-heads", "0") { $0.outputHeads = 0 },
    Fault("--attention-dropout", "0.5") { $0.attentionDropout = 0.5 },
    Fault("--attention-dropout", "1.0") {
      $0.model = .gatv2
      $0.attentionDropout = 1
    },
    Fault("--learn-epsilon", "--model gcn") {
      $0.model = .gcn
      $0.learnEpsilon = true
    },
    Fault("--class-weights", "1.0,-1.0") { $0.classWeights = .given([1, -1]) },
    Fault("--class-weights", "--task multilabel") {
      $0.task = .multilabel
      $0.classWeights = .balanced
    },
    Fault("--label-smoothing", "1.0") { $0.labelSmoothing = 1 },
    Fault("--label-smoothing", "--task regression") {
      $0.task = .regression
      $0.labelSmoothing = 0.1
    },
    Fault("--metric", "auc") {
      $0.task = .regression
      $0.metric = .auc
    },
    Fault("--warmup", "-1") { $0.warmup = -1 },
    Fault("--lr-step", "0") { $0.stepEvery = 0 },
    Fault("--lr-factor", "0.0") { $0.stepFactor = 0 },
    Fault("--clip-norm", "-1.0") { $0.clipNorm = -1 },
  ]

  @Test func everyValueOutsideItsRangeIsRefusedByItsOption() throws {
    for fault in Self.faults {
      var configuration = TrainingConfiguration()
      fault.apply(&configuration)
      let error = try #require(throws: ConfigurationError.self, "\(fault.option) \(fault.found)") { try configuration.validate() }
      #expect(error.option == fault.option)
      #expect(error.found == fault.found)
    }
  }

  @Test func theStoredFormReadsBackEqual() throws {
    var configuration = TrainingConfiguration()
    configuration.fanout = try Fanout(parsing: "all,cites=10/writes=all")
    configuration.batchSizePerPart = 64
    configuration.seed = .max
    configuration.learningRate = 0.1
    configuration.weightDecay = [0.5, 0]
    configuration.classWeights = .given([1, 2.5])
    configuration.evalFanout = try Fanout(parsing: "3,all")
    let stored = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: stored) == configuration)
  }
}
