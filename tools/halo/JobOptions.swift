import ArgumentParser
import Configuration
import Foundation

/// What a job is made of: a partition directory or a job file, and the flags that override the file.
struct JobOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Partition directory, or a job file: .yaml, its keys are the options below.", valueName: "parts|job.yaml"))
  var source: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Run directory to make.", valueName: "run"))
  var output: String?

  @Option(help: ArgumentHelp("Partition directory instead of the job file's.", valueName: "parts"))
  var partitions: String?

  @Option(
    name: .customLong("init-from"),
    help: ArgumentHelp(
      "Model file, or run directory with one, whose weights to begin with; its output layer begins anew where the classes are others.",
      valueName: "model|run"))
  var startingModel: String?

  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp(
      """
      Several runs: 'seeds=10' with --seed and the seeds that follow it, 'splits' on every split of the partition; both may be given. RUN \
      then holds a run directory for each, and summary.json with mean and deviation. (default: none)
      """, valueName: "seeds=N|splits"))
  var repetition: [String] = []

  @OptionGroup var training: TrainingOptions

  @OptionGroup(title: "Aggregation")
  var aggregation: AggregationOptions

  @OptionGroup(title: "How it is executed")
  var execution: ExecutionOptions

  @OptionGroup(title: "Checkpoints")
  var checkpoints: CheckpointOptions

  func validate() throws {
    if checkpoints.resume != nil {
      if let source { throw ValidationError("--resume takes everything from the run; '\(source)' is too much") }
      if output != nil { throw ValidationError("--resume writes to the run itself; --output is too much") }
      return
    }
    guard let source else { throw ValidationError("Missing expected argument '<parts|job.yaml>'") }
    if namesFile(source) { return }
    if output == nil { throw ValidationError("Missing expected argument '--output <run>'") }
    if partitions != nil { throw ValidationError("--partitions belongs to a job file; '\(source)' is none") }
  }

  /// The job with every given flag written over it, checked; it names a partition and an output.
  ///
  /// - Throws: `ConfigurationError` naming the flag, or the file and the line, of the first value that cannot be used.
  func job() throws -> Job {
    if let run = checkpoints.resume { return try resumedJob(run) }
    guard let source else { preconditionFailure("a source or a run, as validated") }
    guard namesFile(source) else {
      let job = try applied(to: Job(partitions: source))
      try job.validate()
      return job
    }
    let file = try JobFile(source)
    let job = try applied(to: file.job)
    try file.validate(job)
    if job.partitions == nil { throw ConfigurationError(source, expected: "the key 'partitions', or --partitions", found: "neither") }
    if job.output == nil { throw ConfigurationError(source, expected: "the key 'output', or --output", found: "neither") }
    return job
  }

  /// The job of a run that goes on.
  private func resumedJob(_ run: String) throws -> Job {
    let file = try JobFile("\(run)/\(JobFile.name)")
    var job = try applied(to: file.job)
    try file.validate(job)
    try job.checkResumption(of: file.job)
    job.output = run
    return job
  }

  private func namesFile(_ source: String) -> Bool {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), isDirectory.boolValue { return false }
    return source.hasSuffix(".yaml") || source.hasSuffix(".yml")
  }

  private func applied(to base: Job) throws -> Job {
    var job = base
    if let partitions { job.partitions = partitions }
    if let output { job.output = output }
    if let startingModel { job.startingModel = startingModel }
    if !repetition.isEmpty { job.repetition = try Repetition(parsing: repetition.joined(separator: ",")) }
    try training.apply(to: &job.training)
    try aggregation.apply(to: &job.training)
    execution.apply(to: &job.execution)
    checkpoints.apply(to: &job.execution)
    return job
  }
}
