import ArgumentParser
import Datasets
import Partitioning
import Partitions
import Telemetry

struct PartitionCommand: ParsableCommand {
  enum Method: String, ExpressibleByArgument, CaseIterable { case multilevel, streaming, metis, random, given }

  static let configuration = CommandConfiguration(
    commandName: "partition",
    abstract: "Cut a graph into balanced parts with few edges between them.",
    discussion: """
      The input is a dataset directory; an edge list in text (separated by commas, semicolons, tabs or blanks; '#' and '%' start \
      comments), a METIS graph (.graph) or a Matrix Market file (.mtx), all also .gz or .zst; edges in .npy of shape (2, edges) or \
      (edges, 2), in 'sources.npy,destinations.npy', or in .npz; or a folder of edge lists of one kind, which are read by name as one. \
      The result is a partition directory; the report compares it with a random partition of the same graph.
      """)

  @Argument(help: "Dataset directory, edge list, folder of edge lists, .graph or .mtx.")
  var input: String

  @Option(name: .customShort("k"), help: ArgumentHelp("Number of parts.", valueName: "parts"))
  var partCount: Int

  @Option(
    help: """
      How nodes are given to parts: few cut edges, by contraction and refinement with METIS between (multilevel) or by METIS alone \
      (metis); one node after the other, for edges that do not fit into memory (streaming); by chance (random); as a file says (given).
      """)
  var method = Method.metis

  @Option(help: "How long multilevel and streaming look for fewer cut edges.")
  var effort = PartitionEffort.default

  @Option(help: "File of --method given: the part of each node, one a line, or a .npy array.")
  var assignment: String?

  @OptionGroup var balance: BalanceOptions

  @Option(help: "Seed of the partitioner.")
  var seed: UInt64 = 1

  @OptionGroup var list: InputOptions
  @OptionGroup var edges: EdgeOptions

  @Option(
    help: ArgumentHelp(
      """
      How dense feature tables are stored: float32, float16, bfloat16 or int8 (with a scale for each row), or TABLE=TYPE,... (default: as \
      they are in the dataset).
      """, valueName: "type"))
  var featureType: TableTypes?

  @Option(name: .shortAndLong, help: ArgumentHelp("Partition directory to make.", valueName: "directory"))
  var output: String

  @OptionGroup var force: ForceOption
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if (method == .given) != (assignment != nil) { throw ValidationError("--assignment FILE belongs to --method given") }
  }

  func run() throws {
    try PartitionWriter.checkTarget(output, force: force.force)
    var options = PartitionOptions(partCount: partCount, method: partitionMethod, balance: try balance.targets(), seed: seed)
    options.effort = effort
    options.scratchDirectory = output.lastIndex(of: "/").map { String(output[...$0]) } ?? "."
    let graph = try GraphReader.read(
      input, nodeCount: list.nodes, format: list.format, transforms: edges.transforms, context: list.ingest(threads, output: output))
    let types = featureType ?? TableTypes()
    try types.check(graph)
    let assignment = try Partitioner.assign(graph, options, threads: threads.value) { Halo.printNote($0) }
    let progress = ProgressReporter("writing parts", unit: "bytes", total: nil)
    let manifest = try PartitionWriter.write(
      graph, assignment, to: output, types: types, force: force.force, threads: threads.value
    ) { bytes, _ in
      progress.advance(by: bytes)
    }
    progress.finish()
    try report.show(PartitionReport(manifest))
  }

  private var partitionMethod: PartitionMethod {
    switch method {
    case .multilevel: .multilevel
    case .streaming: .streaming
    case .metis: .metis
    case .random: .random
    case .given: .given(path: assignment ?? "")
    }
  }
}
