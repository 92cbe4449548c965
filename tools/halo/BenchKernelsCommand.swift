import ArgumentParser
import Benchmarks
import Configuration
import KVStore
import Partitions
import Tensors

struct BenchKernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure the kernels on sampled batches and whole neighbourhoods, beside what memory gives for the same rows.",
    discussion: """
      Every kernel's output is compared with a reference first. Kernel and limit run in turn; the limit reads the same rows in the same \
      order and does nothing else. The graph is a partition directory, or one that is generated for the occasion (--graph, --nodes, \
      --edges). With --once the mean in place runs once over one batch and nothing is timed: for 'valgrind --tool=callgrind \
      --cache-sim=yes --toggle-collect=halo_aggregate_f32'.
      """)

  @Argument(help: "Partition directory; left out: --graph.")
  var parts: String?

  @OptionGroup var graph: GeneratedGraph

  @Option(help: "In-neighbours sampled by each layer, input hop first.")
  var fanout = "15,10,5"

  @Option(help: "Seeds of a batch.")
  var batchSize = 1000

  @Option(help: "Batches of a pass.")
  var batches = 4

  @Option(help: ArgumentHelp("Columns of a row.", valueName: "columns,..."))
  var widths = WholeNumbers([64, 100, 128, 256])

  @Option(help: ArgumentHelp("Those of --widths at which whole neighbourhoods are measured (default: all).", valueName: "columns,..."))
  var fullGraphWidths: WholeNumbers?

  @Option(help: ArgumentHelp("Threads to measure with.", valueName: "count,..."))
  var threads = WholeNumbers([1, 2])

  @Option(
    help: ArgumentHelp(
      "Kernels to measure: \(KernelBenchmark.Kernel.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name,..."))
  var kernels = KernelBenchmark.Kernel.allCases.map(\.rawValue).joined(separator: ",")

  @Option(name: .customLong("type"), help: "Storage type of the rows.")
  var elementType = ElementType.float32

  @Option(help: "Where the rows lie: 4 KiB pages of a file (mapped) or huge pages (resident).")
  var residency = ExecutionConfiguration.Residency.mapped

  @Option(help: "Timed rounds, after one to warm up.")
  var trials = 7

  @Flag(help: "Run the mean in place once over one batch and time nothing.")
  var once = false

  @OptionGroup var report: ReportOptions

  func validate() throws {
    if (parts == nil) == (graph.graph == nil) { throw ValidationError("a partition directory or --graph, and not both") }
    if batchSize < 1 || batches < 1 || trials < 1 { throw ValidationError("--batch-size, --batches and --trials must be at least 1") }
  }

  func run() throws {
    let chosen = try kernels.split(separator: ",").map { name in
      guard let kernel = KernelBenchmark.Kernel(rawValue: String(name)) else {
        let known = KernelBenchmark.Kernel.allCases.map(\.rawValue).joined(separator: ", ")
        throw ConfigurationError("--kernels", expected: known, found: "'\(name)'")
      }
      return kernel
    }
    try graph.withPartition(parts) { directory in
      let relations = try Manifest.load(directory).schema.relations.map(\.name)
      var request = KernelBenchmark.Request(
        partitions: directory, limits: try Fanout(parsing: fanout).limits(relations: relations))
      request.batchSize = batchSize
      request.batches = once ? 1 : batches
      request.widths = widths.values
      request.fullGraphWidths = fullGraphWidths?.values
      request.threads = threads.values
      request.kernels = chosen
      request.elementType = elementType
      request.placement = residency == .resident ? .resident : .mapped
      request.trials = trials
      if once {
        Halo.printNote("\(try KernelBenchmark.runOnce(request)) bytes of rows are needed")
      } else {
        try report.show(try KernelBenchmark.run(request) { Halo.printNote($0) })
      }
    }
  }
}
