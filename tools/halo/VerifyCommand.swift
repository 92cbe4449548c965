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

  @Option(help: ArgumentHelp("Check these parts alone, 0,2 or 0-3; the others may be absent.", valueName: "parts"))
  var only: PartList?

  @OptionGroup var report: ReportOptions

  func run() throws {
    let manifest = try Manifest.load(parts)
    let violations = try Verifier.verify(parts, only: only?.parts)
    if violations.isEmpty || report.json {
      try report.show(VerifyReport(manifest: manifest, checked: only?.parts, in: parts, violations: violations))
    }
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
  /// Parts that are not in the directory.
  var absent: [Int]
  /// Parts that were checked; `nil`: all.
  var checked: [Int]?
  var violations: [Entry]

  /// - Parameter checked: The parts that were checked; all where `nil`.
  init(manifest: Manifest, checked: Set<Int>?, in directory: String, violations: [Violation]) {
    absent = manifest.absentParts(in: directory)
    self.checked = checked?.sorted()
    name = manifest.name
    parts = manifest.partCount
    nodes = manifest.nodeCount
    edges = manifest.edgeCount
    files = manifest.files.count
    bytes = manifest.files.reduce(0) { $0 + $1.size }
    self.violations = violations.map { Entry(file: $0.file, row: $0.row, message: $0.message, rows: $0.count) }
  }

  var description: String {
    let all = "\(name): \(parts) parts, \(nodes) nodes, \(edges) edges, \(files) files, \(bytes) bytes"
    guard let checked else { return "\(all): everything holds" }
    let numbers = { (parts: [Int]) in parts.map(String.init).joined(separator: ", ") }
    let missing = absent.isEmpty ? "no part is absent" : "absent: \(numbers(absent))"
    return "\(all)\nchecked alone: \(numbers(checked)); \(missing): everything holds between these"
  }
}
