import Collectives
import Configuration
import Foundation
import Kernels
import Partitions
import Tensors

/// What must be the same on every worker, or their bits would differ; compared once at start.
enum StartupAgreement {
  /// - Throws: On every worker, naming the worker, the value and both sides of the first mismatch.
  static func check(group: any ProcessGroup, request: TrainingJob.Request) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let options = String(decoding: try encoder.encode(request.training), as: UTF8.self)
    try check(
      group: group, partitions: request.partitions,
      with: [
        .init("training options", options), .init("--no-map-peers", String(!request.execution.mapPeers)),
        .init("--aggregate", request.aggregator.identity),
      ])
  }

  /// - Parameter others: What else must be the same.
  /// - Throws: As above.
  static func check(group: any ProcessGroup, partitions: String, with others: [ConfigurationAgreement.Entry]) throws {
    let entries = try group.agree { () throws -> [ConfigurationAgreement.Entry] in
      [
        .init("instruction set", "\(InstructionSet.detected)"),
        .init("BLAS", BLAS.description),
        .init("program", try Checksum.of(file: "/proc/self/exe")),
        .init("partition", try Checksum.of(file: "\(partitions)/\(Manifest.fileName)")),
      ] + others
    }
    try ConfigurationAgreement(entries).verify(in: group)
  }
}
