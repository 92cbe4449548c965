import ArgumentParser
import Datasets

struct DatasetShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Check a dataset directory and print what it holds: sizes, degrees, repeated edges, classes, splits.")

  @Argument(help: "Dataset directory.")
  var dataset: String

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  func run() throws {
    let graph = try DatasetReader.open(dataset, verifyingChecksums: true, context: threads.ingest)
    try report.show(DatasetSummary(graph, threads: threads.value))
  }
}
