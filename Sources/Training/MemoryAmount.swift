import Configuration
import Foundation
import Telemetry

/// Memory that a worker may use: so many bytes, or a share of what is free.
public enum MemoryAmount: Equatable, Sendable {
  case bytes(Int)
  /// Of the host's free memory, divided evenly among its workers.
  case share(Double)

  /// Reads `1500000`, `800MiB`, `2GiB` or `50%`.
  public init?(parsing text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent > 0, percent <= 100 else { return nil }
      self = .share(percent / 100)
      return
    }
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]
    let unit = units.first { text.hasSuffix($0.0) }
    guard let number = Double(unit.map { String(text.dropLast($0.0.count)) } ?? text), number.isFinite else { return nil }
    let bytes = number * Double(unit?.1 ?? 1)
    guard bytes >= 1, bytes < 1e18 else { return nil }
    self = .bytes(Int(bytes))
  }

  /// Bytes of one of `workers` workers of this host.
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
