import ArgumentParser
import Datasets
import Partitioning
import Partitions

struct PartitionCommand: ParsableCommand {
  enum Method: String, ExpressibleByArgument, CaseIterable { case multilevel, streaming, metis, random, given }

  /// Status of a command that has done its work but did not meet a tolerance.
  static let unmetTolerance = ExitCode(3)

  static let configuration = CommandConfiguration(
    commandName: "partition",
    abstract: "Cut a graph into balanced parts with few edges between them.",
    discussion: """
      The input is a dataset directory; one of DGL's chunked graphs (a folder with metadata.json); an edge list in text (separated by \
      commas, semicolons, tabs or blanks; '#' and '%' start comments), a METIS graph (.graph) or a Matrix Market file (.mtx), all also .gz \
      or .zst; edges in .npy of shape (2, edges) or (edges, 2), in 'sources.npy,destinations.npy', or in .npz; or a folder of edge lists of \
      one kind, which are read by name as one. The result is a partition directory with report.html and report.json, which compare it with \
      a random partition of the same graph.

      Where a tolerance is not met, the directory is written all the same, the tolerance is named, and the status is 3, or 0 with \
      --allow-imbalance; random and given parts are only reported.
      """)

  @Argument(help: "Dataset directory, chunked graph, edge list, folder of edge lists, .graph or .mtx.")
  var input: String

  @Option(name: .customShort("k"), help: ArgumentHelp("Number of parts.", valueName: "parts"))
  var partCount: Int

  @Option(
    help: help(
      """
      How nodes are given to parts: few cut edges, by contraction and refinement with METIS between (multilevel) or by METIS alone \
      (metis); one node after the other, for edges that do not fit into memory (streaming); by chance (random); as a file says (given).
      """, "multilevel"))
  var method: Method?

  @Option(help: "How long multilevel and streaming look for fewer cut edges.")
  var effort = PartitionEffort.default

  @Option(help: "File of --method given: the part of each node, one a line, or a .npy array.")
  var assignment: String?

  @Option(
    help: ArgumentHelp(
      "Start from the parts of this partition directory of the same nodes, of as many parts or others, and improve them.",
      valueName: "directory"))
  var refine: String?

  @OptionGroup var balance: BalanceOptions
  @OptionGroup var reads: ReadOptions

  @Option(help: "Seed of the partitioner.")
  var seed: UInt64 = 1

  @OptionGroup var list: InputOptions
  @OptionGroup var edges: EdgeOptions

  @Flag(help: "Read the graph, predict disk, memory and time, and write nothing.")
  var dryRun = false

  @OptionGroup var outputs: PartitionOutputs
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if (method == .given) != (assignment != nil) { throw ValidationError("--assignment FILE belongs to --method given") }
    if refine != nil && method != nil { throw ValidationError("--refine DIRECTORY is a method of its own: leave out --method") }
    if let objective = reads.objective, objective != .edges && !partitionMethod.weighsEdges {
      throw ValidationError("--objective \(objective.rawValue) belongs to --method multilevel, --method metis and --refine")
    }
    if reads.keepsReplicas && outputs.output == nil && !dryRun { throw ValidationError("--replicate and --halo-hops belong to -o") }
    if let last = outputs.only?.parts.max(), last >= partCount { throw ValidationError("--only: there is no part \(last) of \(partCount)") }
    if outputs.isEmpty && !dryRun { throw ValidationError("something to make is missing: -o, --export-assignment or --export-dgl") }
  }

  func run() throws {
    var options = PartitionOptions(
      partCount: partCount, method: partitionMethod, balance: try balance.targets(), partWeights: balance.partWeights?.values ?? [],
      seed: seed)
    options.effort = effort
    options.scratchDirectory = outputs.output.flatMap { path in path.lastIndex(of: "/").map { String(path[...$0]) } } ?? "."
    if !dryRun { try outputs.check() }
    let context = try list.ingest(threads, output: outputs.output ?? ".")
    options.memory = context.memory
    let graph = try GraphReader.read(
      input, nodeCount: list.nodes, format: list.format, transforms: edges.transforms, context: context)
    try reads.apply(to: &options, of: graph)
    var types = outputs.featureType ?? TableTypes()
    types.kept = options.balancedTables
    try types.check(graph)
    if dryRun { return try report.show(PartitionForecast(graph, options, types: types, threads: threads.value)) }
    let plan = try options.memory.map { _ in try PartitionMemory(graph, options, threads: threads.value) }
    let assignment = try Partitioner.assign(graph, options, plan: plan, threads: threads.value) { Halo.printNote($0) }
    let storage = plan?.edges ?? .memory
    try report.show(
      try outputs.write(graph, assignment, types: types, haloHops: options.haloHops, edges: storage, threads: threads.value))
    try refuse(assignment.unmet)
  }

  private var partitionMethod: PartitionMethod {
    if let refine { return .refine(path: refine) }
    return switch method ?? .multilevel {
    case .multilevel: .multilevel
    case .streaming: .streaming
    case .metis: .metis
    case .random: .random
    case .given: .given(path: assignment ?? "")
    }
  }

  /// Ends with a status of its own where a method that balances has not met a tolerance.
  private func refuse(_ unmet: [UnmetTolerance]) throws {
    guard !unmet.isEmpty, !balance.allowImbalance, partitionMethod.balances else { return }
    let list = unmet.map(\.description).joined(separator: "; ")
    Halo.printError("not met: \(list) (everything is written; --allow-imbalance accepts it)")
    throw Self.unmetTolerance
  }
}
