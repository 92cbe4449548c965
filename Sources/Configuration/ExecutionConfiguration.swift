/// Where and how a run is executed: changes its time and memory, never its bits.
public struct ExecutionConfiguration: Codable, Equatable, Sendable {
  /// How feature rows of own parts are held.
  public enum Residency: String, Codable, Sendable, CaseIterable {
    /// Read from the mapped files, pages shared by the workers of a host.
    case mapped
    /// Copied once into huge pages.
    case resident
  }

  /// Which rows of other workers a worker keeps past the step that pulled them.
  public enum Cache: String, Codable, Sendable, CaseIterable {
    /// None.
    case none
    /// Halo nodes: the sources of most in-edges, those of the highest degree, or those that batches most likely read.
    case halo, degree, vip
    /// What coming steps need soonest, and behind that what is needed most often.
    case window
  }

  /// Threads of one worker.
  public var threads = 1
  /// Reads rows and edges of parts owned by workers of the same host from their files instead of asking for them.
  public var mapPeers = true
  public var residency = Residency.mapped
  /// Most steps whose rows are fetched from other workers ahead of the one that is computed; 0: batches are loaded when they are needed,
  /// and no row is kept.
  public var prefetchDepth = 4
  /// Memory of batches that are loaded ahead and all that this needs, beside the rows that the cache keeps; in bytes.
  public var prefetchMemory = MemoryAmount.bytes(256 << 20)
  public var cache = Cache.window
  /// Memory of the rows that the cache keeps; a share is one of the worker's own rows.
  public var cacheMemory = MemoryAmount.share(0.1)
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
    guard (0...1024).contains(prefetchDepth) else {
      throw ConfigurationError("--prefetch-depth", expected: "0 to 1024 steps", found: "\(prefetchDepth)")
    }
    guard case .bytes = prefetchMemory else {
      throw ConfigurationError("--prefetch-memory", expected: "bytes, like 256MiB", found: "\(prefetchMemory)")
    }
    guard checkpointEvery >= 0 else {
      throw ConfigurationError("--checkpoint-every", expected: "a number of epochs from 0", found: "\(checkpointEvery)")
    }
    guard keepCheckpoints >= 1 else {
      throw ConfigurationError("--keep-checkpoints", expected: "at least 1", found: "\(keepCheckpoints)")
    }
  }
}
