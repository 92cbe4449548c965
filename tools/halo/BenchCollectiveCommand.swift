import ArgumentParser
import Benchmarks
import Collectives

struct BenchCollectiveCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "collective",
    abstract: "Measure the sum of gradients and the collection of weights over the workers of 'halo launch'.",
    discussion: """
      A sum and a collection are compared with what they must be before anything is timed. The result stands beside what memory copies \
      when all workers copy at once.
      """)

  @Option(help: "Elements of the vector of weights.")
  var elements = 1_000_000

  @Option(help: help("Parts whose gradients are summed.", "one for each worker"))
  var parts: Int?

  @Option(help: "Threads of one worker.")
  var threads = 1

  @Option(help: "Timed rounds, after one to warm up.")
  var trials = 20

  @OptionGroup var report: ReportOptions

  func validate() throws {
    for (name, value) in [("elements", elements), ("parts", parts ?? 1), ("threads", threads), ("trials", trials)] where value < 1 {
      throw ValidationError("--\(name) must be at least 1")
    }
    if threads > 1024 { throw ValidationError("--threads must be 1 to 1024") }
  }

  func checkOptions() throws {}

  func run() throws {
    var request = CollectiveBenchmark.Request(elements: elements)
    request.parts = parts ?? 0
    request.threads = threads
    request.trials = trials
    try WorkerJob.run { group in
      if let measured = try CollectiveBenchmark.run(request, group: group) { try report.show(measured) }
    }
  }
}
