import ArgumentParser
import Datasets
import Graphs
import Tensors

/// The dataset directory that a command makes.
struct DatasetTarget: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Dataset directory to make.", valueName: "dataset"))
  var output: String

  @OptionGroup var force: ForceOption
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  /// Writes the graph that `make` returns and prints its summary.
  ///
  /// - Parameter remark: What else the user should know of it, on standard error.
  func write(_ make: (Threads) throws -> RawGraph, remark: (DatasetSummary) -> [String] = { _ in [] }) throws {
    try DatasetWriter.checkTarget(output, force: force.force)
    let graph = try make(threads.value)
    try DatasetWriter.write(graph, to: output, force: force.force, context: threads.ingest)
    let summary = DatasetSummary(graph, threads: threads.value)
    for line in remark(summary) { Halo.printNote(line) }
    try report.show(summary)
  }
}
