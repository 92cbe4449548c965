import ArgumentParser
import Datasets
import Partitioning
import Partitions
import Telemetry

struct PartitionCommand: ParsableCommand {
  enum Method: String, ExpressibleByArgument, CaseIterable { case metis, random, given }

  static let configuration = CommandConfiguration(
    commandName: "partition",
    abstract: "Cut a graph into balanced parts with few edges between them.",
    discussion: """
      The input is a dataset directory, an edge list (.tsv, .csv or .txt, plain or .gz or .zst: two node numbers a line, '#' and '%' \
      start comments) or a METIS graph (.graph, .graph.gz). The result is a partition directory; the report compares it with a random \
      partition of the same graph.
      """)

  @Argument(help: "Dataset directory, edge list or METIS graph.")
  var input: String

  @Option(name: .customShort("k"), help: ArgumentHelp("Number of parts.", valueName: "parts"))
  var partCount: Int

  @Option(help: "How nodes are given to parts: few cut edges (metis), by chance (random), as a file says (given).")
  var method = Method.metis

  @Option(help: "File of --method given: the part of each node, one a line, or a .npy array.")
  var assignment: String?

  @Option(
    help: ArgumentHelp(
      """
      What every part holds an equal share of: nodes, edges (in-edges), train, validation, test, type:NAME or types; \
      'nodes,edges=10%' gives edges a tolerance of their own.
      """, valueName: "constraint,..."))
  var balance = "nodes,edges,train"

  @Option(help: "How far above the mean the largest part may be.")
  var tolerance = Fraction(0.05)

  @Option(help: "Seed of the partitioner.")
  var seed: UInt64 = 1

  @OptionGroup var edges: EdgeOptions

  @Option(help: ArgumentHelp("Number of nodes of an edge list in which not every node occurs.", valueName: "count"))
  var nodes: Int?

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
    let options = PartitionOptions(partCount: partCount, method: partitionMethod, balance: try targets(), seed: seed)
    let graph = try GraphReader.read(input, nodeCount: nodes, transforms: edges.transforms, context: threads.ingest)
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
    case .metis: .metis
    case .random: .random
    case .given: .given(path: assignment ?? "")
    }
  }

  private func targets() throws -> [BalanceTarget] {
    try balance.split(separator: ",", omittingEmptySubsequences: false).map { field in
      let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else { return BalanceTarget(String(field), tolerance: tolerance.value) }
      guard let own = Fraction(argument: String(sides[1])) else {
        throw ValidationError("--balance: '\(sides[1])' is no tolerance; write \(sides[0])=5%")
      }
      return BalanceTarget(String(sides[0]), tolerance: own.value)
    }
  }
}
