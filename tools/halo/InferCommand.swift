import ArgumentParser
import Configuration
import Inference
import Telemetry
import Training

struct InferCommand: WorkerCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer",
    abstract: "Compute a trained model's output for every node of a partition directory, exactly.",
    discussion: """
      Layer after layer, each from whole neighbourhoods; by itself this is one worker, under 'halo launch' several share the parts, and \
      the files have the same bytes. OUT receives part-000/logits.npy, predictions.npy and embeddings.npy, one row per inner node of the \
      part, and manifest.json with their checksums; 'halo gather' joins the parts in the order of your nodes. Until everything is \
      computed it is OUT.partial: after a kill, --resume goes on from the last finished layer, with any number of workers. With \
      --aggregate pim:upmem1992 sums over neighbours run on a simulated machine with processing-in-memory, a part's layer at a time; its \
      times are modelled and stand beside the measured time of the rest.
      """)

  @Argument(help: ArgumentHelp("Run directory of the model.", valueName: "run"))
  var source: String

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Directory to make.", valueName: "out"))
  var output: String

  @Option(help: "What to keep: logits, predictions, embeddings (the rows that the last product reads), separated by commas.")
  var outputs = OutputList([.logits, .predictions])

  @Option(
    help: ArgumentHelp(
      "Memory of one worker: bytes, 800MiB, 2GiB, or a share of the host's free memory that its workers divide; the result is the same "
        + "for any.", valueName: "amount"))
  var memory = MemoryAmount.share(0.5)

  @Option(help: "Threads of one worker.")
  var threads = 1

  @Option(help: help("Seconds of silence after which a worker counts as lost and the job ends.", ExecutionConfiguration().silenceLimit))
  var silenceLimit: Double?

  @OptionGroup var aggregation: AggregationOptions

  @Flag(help: "Go on with what an interrupted inference left in OUT.partial.")
  var resume = false

  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  func checkOptions() throws {
    guard (1...1024).contains(threads) else { throw ConfigurationError("--threads", expected: "1 to 1024", found: "\(threads)") }
    if let silenceLimit, silenceLimit < 1 {
      throw ConfigurationError("--silence-limit", expected: "at least 1 second", found: "\(silenceLimit)")
    }
    let (place, element) = try aggregation.place()
    _ = try place.machine(element)
  }

  func run() throws {
    try checkOptions()
    var request = InferenceJob.Request(run: source, partitions: parts, output: output)
    request.outputs = Set(outputs.values)
    (request.memory, request.threads, request.resume, request.force) = (memory, threads, resume, force.force)
    if let silenceLimit { request.silenceLimit = silenceLimit }
    let (place, element) = try aggregation.place()
    let machine = try place.machine(element)
    if let machine { request.aggregator = machine }
    let job = request
    try WorkerJob.run { group in
      let begin = MonotonicClock.now()
      let summary = try InferenceJob.run(job, group: group, report: Halo.printNote)
      let result = try ModelledResult(summary, machine: machine, since: begin, in: group)
      if group.rank == 0 { try report.show(result) }
    }
  }
}

/// Kinds of rows, written `logits,predictions`.
struct OutputList: ExpressibleByArgument, CustomStringConvertible {
  var values: [PredictionOutput]

  init(_ values: [PredictionOutput]) { self.values = values }

  init?(argument: String) {
    let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { PredictionOutput(rawValue: String($0)) }
    guard !values.isEmpty, !values.contains(nil) else { return nil }
    self.values = values.compactMap(\.self)
  }

  var description: String { values.map(\.rawValue).joined(separator: ",") }
  var defaultValueDescription: String { description }
}
