import Configuration
import Testing

@Suite struct ExecutionConfigurationTests {
  @Test func theDefaultsAreValid() throws {
    let standard = ExecutionConfiguration()
    try standard.validate()
    #expect(standard.threads == 1)
    #expect(standard.mapPeers)
    #expect(standard.residency == .mapped)
  }

  @Test(arguments: [0, -1, 1025])
  func threadsOutsideTheirRangeAreRefused(threads: Int) {
    var configuration = ExecutionConfiguration()
    configuration.threads = threads
    #expect(throws: ConfigurationError("--threads", expected: "1 to 1024", found: "\(threads)")) { try configuration.validate() }
  }

  @Test(arguments: [0, 0.5, -3, Double.nan])
  func aSilenceLimitBelowOneSecondIsRefused(seconds: Double) {
    var configuration = ExecutionConfiguration()
    configuration.silenceLimit = seconds
    #expect(throws: ConfigurationError("--silence-limit", expected: "at least 1 second", found: "\(seconds)")) {
      try configuration.validate()
    }
  }
}
