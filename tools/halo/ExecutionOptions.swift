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

  @Option(help: help("Seconds of silence after which a worker counts as lost and the job ends.", standard.silenceLimit))
  var silenceLimit: Double?

  /// Writes every given flag over `result`; ranges are not checked.
  func apply(to result: inout ExecutionConfiguration) {
    if let threads { result.threads = threads }
    if let mapPeers { result.mapPeers = mapPeers }
    if let residency { result.residency = residency }
    if let silenceLimit { result.silenceLimit = silenceLimit }
  }
}
