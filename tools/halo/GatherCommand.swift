import ArgumentParser
import Configuration
import Foundation
import Inference
import Tensors

struct GatherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gather",
    abstract: "Join what 'halo infer' computed for the parts, in the order of your nodes.",
    discussion: """
      FILE.npy is an array with row i for your node i; FILE.csv and FILE.csv.gz have a header and a line per node that begins with its \
      number, or with its name if it has one (--ids compact). Checksums are verified before anything is written. Memory: a few MiB and \
      the pages of mapped files.
      """)

  @Argument(help: "Directory that 'halo infer' made.")
  var directory: String

  @Option(name: .shortAndLong, help: ArgumentHelp("File to make: .npy, .csv or .csv.gz.", valueName: "file"))
  var output: String

  @Option(help: "What to join: logits, predictions or embeddings.")
  var what = PredictionOutput.predictions

  @Option(help: "Partition directory, where it is not where it was.")
  var parts: String?

  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  func run() throws {
    guard let format = GatheredRows.Format(path: output) else {
      throw ConfigurationError("--output", expected: "a file name that ends in .npy, .csv or .csv.gz", found: "'\(output)'")
    }
    if FileManager.default.fileExists(atPath: output), !force.force {
      throw InputError(output, expected: "a new file (or --force)", found: "one that exists")
    }
    let rows = try GatheredRows(directory, what, partitions: parts)
    try rows.write(format, to: output)
    try report.show(GatherReport(nodes: rows.nodes, columns: rows.rows.columns, what: what, file: output))
  }
}

/// What was joined.
private struct GatherReport: Encodable, CustomStringConvertible {
  var nodes: Int
  var columns: Int
  var what: PredictionOutput
  var file: String

  var description: String { "\(file): \(what.rawValue) of \(nodes) nodes, \(columns) \(columns == 1 ? "column" : "columns")" }
}
