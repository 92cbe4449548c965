import Configuration
import Telemetry

extension MemoryAmount {
  /// Bytes of one of `workers` workers of this host; a share is one of the host's free memory, divided evenly among them.
  ///
  /// - Throws: `ConfigurationError` when free memory is not known here.
  func bytes(sharedBy workers: Int) throws -> Int {
    switch self {
    case .bytes(let bytes): return bytes
    case .share(let share):
      guard let free = FreeMemory.bytes() else {
        throw ConfigurationError("--memory", expected: "bytes where the system does not tell what is free", found: "\(share * 100)%")
      }
      return Int(Double(free) * share) / workers
    }
  }
}
