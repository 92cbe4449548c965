import ArgumentParser
import Benchmarks
import Datasets
import Partitioning

struct BenchPartitionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partition",
    abstract: "Measure partitioning methods: cut and seconds, in turn, over several seeds.",
    discussion: """
      Reads the graph, builds its adjacency once, and measures the partitioning step alone. 'metis-alone' is one call of METIS under the \
      same tolerances; 'unrefined' is 'fast' with refinement off.
      """)

  @Argument(help: "Dataset directory, edge list or METIS graph.")
  var input: String

  @Option(name: .customShort("k"), help: ArgumentHelp("Number of parts.", valueName: "parts"))
  var partCount: Int

  @Option(help: ArgumentHelp("What to measure.", valueName: "method,..."))
  var methods = "metis-alone,multilevel"

  @Option(help: "Runs of each method, with seeds from 1 on.")
  var seeds = 5

  @OptionGroup var balance: BalanceOptions
  @OptionGroup var edges: EdgeOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if seeds < 1 { throw ValidationError("--seeds: at least one") }
    _ = try chosen()
  }

  func run() throws {
    let graph = try GraphReader.read(input, transforms: edges.transforms, context: threads.ingest)
    let request = PartitionBenchmark.Request(
      options: PartitionOptions(partCount: partCount, balance: try balance.targets()), methods: try chosen(), seeds: seeds,
      threads: threads.value)
    try report.show(PartitionBenchmark.run(graph, request) { Halo.printNote($0) })
  }

  private func chosen() throws -> [PartitionBenchMethod] {
    try methods.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let method = PartitionBenchMethod(rawValue: String(name)) else {
        let all = PartitionBenchMethod.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--methods: expected \(all), found '\(name)'")
      }
      return method
    }
  }
}
