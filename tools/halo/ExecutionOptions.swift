import ArgumentParser
import Configuration

/// Where and how a run is executed: its time and memory, never its bits.
struct ExecutionOptions: ParsableArguments {
  private static let standard = ExecutionConfiguration()

  @Option(help: help("Threads of one worker.", standard.threads))
  var threads: Int?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Read parts owned by workers of the same host from their files instead of asking for their rows.", word(standard.mapPeers)))
  var mapPeers: Bool?

  @Option(
    help: help(
      "How feature rows of own parts are held: 'mapped' shares the files' pages, 'resident' copies them once into huge pages.",
      standard.residency.rawValue))
  var residency: ExecutionConfiguration.Residency?

  @Option(
    help: help(
      "Most steps whose batches are loaded ahead of the one that is computed, where rows or samples come from other workers; 0: none, and "
        + "no row is kept.", standard.prefetchDepth))
  var prefetchDepth: Int?

  @Option(
    help: help(
      "Memory of batches that are loaded ahead: how many are follows from it. The rows that the cache keeps are not in it.",
      standard.prefetchMemory))
  var prefetchMemory: MemoryAmount?

  @Option(
    help: help(
      "Rows of other workers that are kept past their step: 'none'; halo nodes with most in-edges into the worker's parts ('halo'), of the "
        + "highest 'degree', or most likely in a batch ('vip'); or by 'window' what coming steps need soonest, and behind that what is "
        + "needed most often.", standard.cache.rawValue))
  var cache: ExecutionConfiguration.Cache?

  @Option(
    help: ArgumentHelp(
      "Memory of the rows that are kept: bytes, or a share of the worker's own rows. (default: \(standard.cacheMemory))",
      valueName: "bytes|percent"))
  var cacheMemory: MemoryAmount?

  @Option(help: help("Seconds of silence after which a worker counts as lost and the job ends.", standard.silenceLimit))
  var silenceLimit: Double?

  /// Writes every given flag over `result`; ranges are not checked.
  func apply(to result: inout ExecutionConfiguration) {
    if let threads { result.threads = threads }
    if let mapPeers { result.mapPeers = mapPeers }
    if let residency { result.residency = residency }
    if let prefetchDepth { result.prefetchDepth = prefetchDepth }
    if let prefetchMemory { result.prefetchMemory = prefetchMemory }
    if let cache { result.cache = cache }
    if let cacheMemory { result.cacheMemory = cacheMemory }
    if let silenceLimit { result.silenceLimit = silenceLimit }
  }
}
