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
    let entries = try group.agree { () throws -> [ConfigurationAgreement.Entry] in
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return [
        .init("instruction set", "\(InstructionSet.detected)"),
        .init("BLAS", BLAS.description),
        .init("program", try Checksum.of(file: "/proc/self/exe")),
        .init("partition", try Checksum.of(file: "\(request.partitions)/\(Manifest.fileName)")),
        .init("training options", String(decoding: try encoder.encode(request.training), as: UTF8.self)),
        .init("--no-map-peers", String(!request.execution.mapPeers)),
      ]
    }
    try ConfigurationAgreement(entries).verify(in: group)
  }
}
