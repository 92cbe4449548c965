import ArgumentParser
import Configuration
import Foundation

/// What a job is made of: a partition directory or a job file, and the flags that override the file.
struct JobOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Partition directory, or a job file: .yaml, its keys are the options below.", valueName: "parts|job.yaml"))
  var source: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Run directory to make.", valueName: "run"))
  var output: String?

  @Option(help: ArgumentHelp("Partition directory instead of the job file's.", valueName: "parts"))
  var partitions: String?

  @OptionGroup var training: TrainingOptions

  @OptionGroup(title: "How it is executed")
  var execution: ExecutionOptions

  func validate() throws {
    if namesFile { return }
    if output == nil { throw ValidationError("Missing expected argument '--output <run>'") }
    if partitions != nil { throw ValidationError("--partitions belongs to a job file; '\(source)' is none") }
  }

  /// The job with every given flag written over it, checked; it names a partition and an output.
  ///
  /// - Throws: `ConfigurationError` naming the flag, or the file and the line, of the first value that cannot be used.
  func job() throws -> Job {
    guard namesFile else {
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

  private var namesFile: Bool {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), isDirectory.boolValue { return false }
    return source.hasSuffix(".yaml") || source.hasSuffix(".yml")
  }

  private func applied(to base: Job) throws -> Job {
    var job = base
    if let partitions { job.partitions = partitions }
    if let output { job.output = output }
    try training.apply(to: &job.training)
    execution.apply(to: &job.execution)
    return job
  }
}
