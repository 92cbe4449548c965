import Collectives

extension ProcessGroup {
  /// Seconds of each round on its slowest worker: a round that all begin together lasts as long. A collective call.
  ///
  /// - Parameter seconds: This worker's, one for each round.
  func slowest(_ seconds: [Double]) throws -> [Double] {
    let all = try allGather(seconds.withUnsafeBytes { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { raw in seconds.indices.map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) } }
    }
    return seconds.indices.map { round in all.map { $0[round] }.max() ?? 0 }
  }
}
