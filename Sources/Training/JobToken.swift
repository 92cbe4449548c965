package import Collectives
import Messaging

/// A random number that only this job's workers know; frames with another are dropped.
package enum JobToken {
  /// A collective call.
  package static func agree(in group: any ProcessGroup) throws -> UInt64 {
    let mine = withUnsafeBytes(of: UInt64.random(in: 1...UInt64.max)) { Array($0) }
    return try group.broadcast(mine, from: 0).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  }
}

extension HeartbeatMonitor {
  /// Starts the signs of life between the workers of a job, whose silence ends it: rank 0 leads, the others follow; a collective call.
  ///
  /// - Parameter silence: Seconds after which a silent worker counts as lost.
  static func watch(_ group: any ProcessGroup, token: UInt64, silence: Double) throws -> HeartbeatMonitor {
    let timing = HeartbeatMonitor.Timing(beatSeconds: min(1, silence / 5), silenceSeconds: silence)
    // The launcher adds no line of its own to this status.
    let end = HeartbeatMonitor.endJob(status: Launcher.failureIsReported)
    let leader = try group.agree {
      group.rank == 0 ? try HeartbeatMonitor(leading: group.size, token: token, timing: timing, onSilence: end) : nil
    }
    let endpoint = String(decoding: try group.broadcast(Array((leader?.endpoint ?? "").utf8), from: 0), as: UTF8.self)
    return try group.agree {
      try leader ?? HeartbeatMonitor(following: endpoint, rank: group.rank, token: token, timing: timing, onSilence: end)
    }
  }
}
