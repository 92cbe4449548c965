import ArgumentParser
import Benchmarks

struct BenchPullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Measure pulling rows over the loopback interface, beside ZeroMQ alone.",
    discussion: """
      One process serves a table and pulls random rows of it, as a worker pulls those of another one. In turn with it, ZeroMQ alone moves \
      the same rows, gathered and copied by the shortest loops, and then messages of the same size that nobody writes or reads.
      """)

  @Option(help: "Rows of the table.")
  var tableRows = PullBenchmark.Request().tableRows

  @Option(help: "Float32 elements of a row.")
  var columns = PullBenchmark.Request().columns

  @Option(help: "Different rows of one pull.")
  var rows = PullBenchmark.Request().rows

  @Option(help: "Threads of the server.")
  var serverThreads = 1

  @Option(help: "Threads of each side that move bytes between memory and network.")
  var ioThreads = 1

  @Option(help: "Connections between the two sides.")
  var connections = 1

  @Option(help: "Timed rounds, after one to warm up.")
  var trials = PullBenchmark.Request().trials

  @OptionGroup var report: ReportOptions

  func validate() throws {
    let values = [
      ("table-rows", tableRows), ("columns", columns), ("rows", rows), ("server-threads", serverThreads), ("io-threads", ioThreads),
      ("connections", connections), ("trials", trials),
    ]
    for (name, value) in values where value < 1 { throw ValidationError("--\(name) must be at least 1") }
    if tableRows > 1 << 31 || columns > 1 << 20 { throw ValidationError("a table of \(tableRows) × \(columns) is too large to measure") }
    for (name, value) in values[3...5] where value > 256 { throw ValidationError("--\(name) must be at most 256") }
  }

  func run() throws {
    var request = PullBenchmark.Request()
    (request.tableRows, request.columns, request.rows, request.trials) = (tableRows, columns, rows, trials)
    (request.serverThreads, request.ioThreads, request.connections) = (serverThreads, ioThreads, connections)
    try report.show(PullBenchmark.run(request))
  }
}
