import ArgumentParser
import Benchmarks
import Collectives
import Configuration
import Kernels

struct BenchEmbeddingCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "embedding",
    abstract: "Measure reads and updates of learned rows beside random reads of the same memory.",
    discussion: """
      One process owns all four parts of the table, or the workers of 'halo launch' do, at most four. They take steps on a made-up task, \
      whose losses are printed with --json so that others can be compared (bench/peers/embedding); they are the same for any number of \
      workers. Then all workers at once read and update random rows, beside a loop that reads the same rows and their state and does \
      nothing else.
      """)

  @Option(help: "Rows of the table.")
  var rows = EmbeddingBenchmark.Request().rows

  @Option(help: "Columns of a row.")
  var columns = EmbeddingBenchmark.Request().columns

  @Option(help: "How rows follow their gradients.")
  var optimizer = EmbeddingConfiguration.Optimizer.adagrad

  @Option(name: .customLong("lr"), help: "Learning rate of the task.")
  var learningRate = EmbeddingBenchmark.Request().learningRate

  @Option(help: "Rows that each of 4 parts reads in a step of the task.")
  var batch = EmbeddingBenchmark.Request().batch

  @Option(help: "Steps of the task.")
  var steps = EmbeddingBenchmark.Request().steps

  @Option(help: "Different rows of a timed read or update on each worker.")
  var timedRows = EmbeddingBenchmark.Request().timedRows

  @Option(help: ArgumentHelp("Times reads and updates again with so many rows of other workers.", valueName: "0 to 1"))
  var remoteShare = EmbeddingBenchmark.Request().remoteShare

  @Option(help: "Threads of one worker.")
  var threads = 1

  @Option(help: "Timed rounds, after two to warm up.")
  var trials = EmbeddingBenchmark.Request().trials

  @OptionGroup var report: ReportOptions

  func validate() throws {
    let values = [
      ("rows", rows), ("columns", columns), ("batch", batch), ("steps", steps), ("timed-rows", timedRows), ("threads", threads),
      ("trials", trials),
    ]
    for (name, value) in values where value < 1 { throw ValidationError("--\(name) must be at least 1") }
    if rows > 1 << 31 || columns > 1 << 16 { throw ValidationError("a table of \(rows) × \(columns) is too large to measure") }
    if batch % 2 != 0 { throw ValidationError("--batch must be even") }
    if threads > 1_024 { throw ValidationError("--threads must be at most 1024") }
    if !(0...1).contains(remoteShare) { throw ValidationError("--remote-share must be 0 to 1") }
  }

  func checkOptions() throws {}

  func run() throws {
    var request = EmbeddingBenchmark.Request()
    (request.rows, request.columns, request.batch, request.steps) = (rows, columns, batch, steps)
    (request.timedRows, request.threads, request.trials, request.learningRate) = (timedRows, threads, trials, learningRate)
    request.remoteShare = remoteShare
    request.optimizerName = optimizer.rawValue
    request.optimizer =
      switch optimizer {
      case .sgd: .descent
      case .adagrad: .adagrad()
      case .rowwiseAdagrad: .rowAdagrad()
      case .adam: .adam()
      }
    try WorkerJob.run { group in
      if let measured = try EmbeddingBenchmark.run(request, group: group) { try report.show(measured) }
    }
  }
}
