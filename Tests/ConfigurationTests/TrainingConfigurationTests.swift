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
    Fault("--weight-decay", "-1.0") { $0.weightDecay = -1 },
    Fault("--weight-decay", "inf") { $0.weightDecay = .infinity },
    Fault("--momentum", "1.0") { $0.momentum = 1 },
    Fault("--eval-every", "-1") { $0.evalEvery = -1 },
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
    let stored = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: stored) == configuration)
  }
}
