import Collectives
import Foundation
import PIM
import Telemetry

/// The result of a command and, where a machine was simulated, what its sums are modelled to have taken.
struct ModelledResult<Summary: Encodable & CustomStringConvertible>: Encodable, CustomStringConvertible {
  let summary: Summary
  let aggregation: PIMReport?

  /// A collective call: the reports of all workers together.
  ///
  /// - Parameter begin: When the work began, by `MonotonicClock`.
  init(_ summary: Summary, machine: PIMMachine?, since begin: UInt64, in group: any ProcessGroup) throws {
    let seconds = Double(MonotonicClock.now() - begin) * 1e-9
    self.summary = summary
    aggregation = try machine.map { machine in
      let reports = try group.allGather(Array(try JSONEncoder().encode(machine.report)))
      return PIMReport(workers: try reports.map { try JSONDecoder().decode(PIMReport.self, from: Data($0)) }, seconds: seconds)
    }
  }

  private enum Key: CodingKey { case aggregation }

  /// The summary's keys, and `aggregation` where there is one.
  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    guard let aggregation else { return }
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(aggregation, forKey: .aggregation)
  }

  var description: String { summary.description + (aggregation.map { "\n\($0)" } ?? "") }
}
