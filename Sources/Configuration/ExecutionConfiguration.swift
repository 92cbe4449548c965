/// Where and how a run is executed: changes its time and memory, never its bits.
public struct ExecutionConfiguration: Codable, Equatable, Sendable {
  /// How feature rows of own parts are held.
  public enum Residency: String, Codable, Sendable, CaseIterable {
    /// Read from the mapped files, pages shared by the workers of a host.
    case mapped
    /// Copied once into huge pages.
    case resident
  }

  /// Threads of one worker.
  public var threads = 1
  /// Reads rows and edges of parts owned by workers of the same host from their files instead of asking for them.
  public var mapPeers = true
  public var residency = Residency.mapped
  /// Seconds of silence after which a worker counts as lost.
  public var silenceLimit = 10.0
  /// Epochs between two checkpoints, beside those after the last epoch and of each better model; 0: only when the run is asked to stop.
  public var checkpointEvery = 1
  /// Newest checkpoints that are kept, beside that of the best model.
  public var keepCheckpoints = 1

  public init() {}

  /// - Throws: `ConfigurationError` for the first option outside its range.
  public func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ConfigurationError("--threads", expected: "1 to 1024", found: "\(threads)")
    }
    guard silenceLimit >= 1 else {
      throw ConfigurationError("--silence-limit", expected: "at least 1 second", found: "\(silenceLimit)")
    }
    guard checkpointEvery >= 0 else {
      throw ConfigurationError("--checkpoint-every", expected: "a number of epochs from 0", found: "\(checkpointEvery)")
    }
    guard keepCheckpoints >= 1 else {
      throw ConfigurationError("--keep-checkpoints", expected: "at least 1", found: "\(keepCheckpoints)")
    }
  }
}
