import ArgumentParser
import Foundation
import Partitions

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a partition directory from its files.",
    discussion: """
      Recomputes every invariant: checksums, ids a bijection, all in-edges present once and in canonical order, the halo complete, \
      splits disjoint, balance and cut as recorded. The first violation is an error; --json lists all of them.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @OptionGroup var report: ReportOptions

  func run() throws {
    let manifest = try Manifest.load(parts)
    let violations = try Verifier.verify(parts)
    if violations.isEmpty || report.json { try report.show(VerifyReport(manifest: manifest, violations: violations)) }
    guard let first = violations.first else { return }
    let others = violations.count > 1 ? " (and \(violations.count - 1) more violations; --json lists them)" : ""
    Halo.printError("\(parts)/\(first)\(others)")
    throw ExitCode.failure
  }
}

/// What was checked, and what does not hold.
private struct VerifyReport: Encodable, CustomStringConvertible {
  struct Entry: Encodable {
    var file: String
    var row: Int?
    var message: String
    var rows: Int
  }

  var name: String
  var parts: Int
  var nodes: Int
  var edges: Int
  var files: Int
  var bytes: Int
  var violations: [Entry]

  init(manifest: Manifest, violations: [Violation]) {
    name = manifest.name
    parts = manifest.partCount
    nodes = manifest.nodeCount
    edges = manifest.edgeCount
    files = manifest.files.count
    bytes = manifest.files.reduce(0) { $0 + $1.size }
    self.violations = violations.map { Entry(file: $0.file, row: $0.row, message: $0.message, rows: $0.count) }
  }

  var description: String { "\(name): \(parts) parts, \(nodes) nodes, \(edges) edges, \(files) files, \(bytes) bytes: everything holds" }
}
