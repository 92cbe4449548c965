import Collectives
import Foundation
import Telemetry

/// The trace of a run: what every worker did when, for the file that worker 0 writes.
final class TrainingTrace {
  let log: TraceLog
  private let path: String
  private let group: any ProcessGroup

  /// Begins at the same moment on every worker; a collective call.
  init(path: String, group: any ProcessGroup) throws {
    self.path = path
    self.group = group
    try group.barrier()
    log = TraceLog()
  }

  /// Brings all workers' spans together and writes the file; a collective call.
  ///
  /// - Throws: The same error on every worker when it cannot be written.
  func write() throws {
    let everyone = try group.allGather(Array(try JSONEncoder().encode(log.spans)))
    try group.agree {
      guard group.rank == 0 else { return }
      let spans = try everyone.map { try JSONDecoder().decode([TraceLog.Span].self, from: Data($0)) }
      let json = try ChromeTrace.json(spans)
      do { try json.write(to: URL(fileURLWithPath: path), options: .atomic) } catch { throw RunDirectory.failure("write \(path)", error) }
    }
  }
}
