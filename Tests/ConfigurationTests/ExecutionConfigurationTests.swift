import Configuration
import Testing

@Suite struct ExecutionConfigurationTests {
  @Test func theDefaultsAreValid() throws {
    let standard = ExecutionConfiguration()
    try standard.validate()
    #expect(standard.threads == 1)
    #expect(standard.mapPeers)
    #expect(standard.residency == .mapped)
    #expect(standard.prefetchDepth == 4 && standard.prefetchMemory == .bytes(256 << 20))
    #expect(standard.cache == .window && standard.cacheMemory == .share(0.1))
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

  @Test(arguments: [-1, 1025])
  func aPrefetchDepthOutsideItsRangeIsRefused(depth: Int) {
    var configuration = ExecutionConfiguration()
    configuration.prefetchDepth = depth
    #expect(throws: ConfigurationError("--prefetch-depth", expected: "0 to 1024 steps", found: "\(depth)")) {
      try configuration.validate()
    }
  }

  @Test func theMemoryToLoadAheadIsNoShare() {
    var configuration = ExecutionConfiguration()
    configuration.prefetchMemory = .share(0.25)
    #expect(throws: ConfigurationError("--prefetch-memory", expected: "bytes, like 256MiB", found: "25%")) {
      try configuration.validate()
    }
  }
}
