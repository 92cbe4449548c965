public import Collectives
public import Configuration
import Foundation
public import Inference
public import Kernels
import Messaging
import Models
import Partitions
import Telemetry
import Tensors

/// Exact inference with a run's model on a partition, by one worker of several; the files have equal bytes for any number of them.
public final class InferenceJob {
  /// What to compute, and where to put it.
  public struct Request: Sendable {
    /// The run directory.
    public var run: String
    /// The partition directory.
    public var partitions: String
    /// The directory to make.
    public var output: String
    public var outputs: Set<PredictionOutput> = [.logits, .predictions]
    public var memory = MemoryAmount.share(0.5)
    /// Brings the rows of neighbours together, and counts what it does.
    public var aggregator: any Aggregator = CPUAggregator()
    public var threads = 1
    /// Seconds of silence after which a worker counts as lost.
    public var silenceLimit = ExecutionConfiguration().silenceLimit
    /// Goes on with what an earlier process left.
    public var resume = false
    public var force = false

    public init(run: String, partitions: String, output: String) {
      self.run = run
      self.partitions = partitions
      self.output = output
    }
  }

  private let request: Request
  private let group: any ProcessGroup
  private let trained: TrainedModel
  private let manifest: Manifest
  private let parts: [LocalPartition]
  private let task: InferenceTask
  private let steps: InferenceSteps
  private let kept: [Int: String]
  private let inference: LayerwiseInference
  private let memory: InferenceMemory
  private let directory: String

  /// Opens model and parts, and begins the directory or goes on with it; a collective call.
  ///
  /// - Parameter report: Shows a line to the user; called on worker 0 only.
  /// - Throws: The same error on every worker when any of them fails.
  public static func run(_ request: Request, group: any ProcessGroup, report: (String) -> Void) throws -> InferenceSummary {
    let begin = MonotonicClock.now()
    let monitor =
      group.size > 1 ? try HeartbeatMonitor.watch(group, token: JobToken.agree(in: group), silence: request.silenceLimit) : nil
    let job = try InferenceJob(request, group: group, report: report)
    let staging = try group.agree { group.rank == 0 ? try job.openDirectory(report) : nil }
    do {
      try group.agree { try job.checkDirectory() }
      let files = try job.compute()
      try group.agree { if let staging { try staging.publish(job.resultManifest(of: files)) } }
    } catch {
      if let staging, staging.holdsSteps {
        report("\(staging.partialPath) keeps the layers that are finished; --resume goes on with them")
      } else {
        staging?.discard()
      }
      throw error
    }
    try group.barrier()
    monitor?.close()
    return job.summary(seconds: Double(MonotonicClock.now() - begin) * 1e-9)
  }

  private init(_ request: Request, group: any ProcessGroup, report: (String) -> Void) throws {
    self.request = request
    self.group = group
    let (trained, manifest) = try group.agree { (try TrainedModel(run: request.run), try Manifest.load(request.partitions)) }
    self.trained = trained
    self.manifest = manifest
    let (task, assignment) = try group.agree {
      (
        try InferenceTask(trained, manifest: manifest, directory: request.partitions),
        try PartAssignment(parts: manifest.partCount, workers: group.size)
      )
    }
    self.task = task
    let model = trained.model
    try group.agree { try Self.checkAggregator(request.aggregator, model) }
    let steps = InferenceSteps(model, joins: request.outputs.contains(.embeddings) && model.joinsSeveralLayers)
    self.steps = steps
    kept = try group.agree { try Self.kept(request.outputs, steps: steps, model: model) }
    if group.rank == 0 {
      if let notice = assignment.notice { report(notice) }
      if manifest.fingerprint != trained.fingerprint {
        report(
          "the model was trained on another graph (fingerprint \(trained.fingerprint), here \(manifest.fingerprint)); features, relations "
            + "and classes fit")
      }
    }
    try StartupAgreement.check(
      group: group, partitions: request.partitions,
      with: [
        .init("model", trained.checksum), .init("--outputs", Self.text(request.outputs)),
        .init("--aggregate", request.aggregator.identity),
      ])
    let threads = Threads(request.threads)
    let parts = try group.agree {
      try assignment.parts(of: group.rank).map { try LocalPartition(directory: request.partitions, manifest: manifest, part: $0) }
    }
    self.parts = parts
    let input = try group.agree { try LearnedInference(trained, run: request.run, partitions: request.partitions) }
    let tables = try group.agree { try parts.map { try input.table(of: $0, after: task.table, threads: threads) } }
    let inference = try LayerwiseInference(
      parts: parts, model: model, input: .tables(tables), assignment: assignment, group: group, aggregator: request.aggregator,
      edgeFeatures: trained.training.edgeFeatures, heldInputBytes: input.joinedBytes(tables, after: task.table), threads: threads)
    self.inference = inference
    memory = try group.agree {
      try inference.memory(budget: try request.memory.bytes(sharedBy: group.hostRanks.count), steps: steps)
    }
    directory = URL(fileURLWithPath: request.output).standardizedFileURL.path + ".partial"
  }

  private static func checkAggregator(_ aggregator: any Aggregator, _ model: Model) throws {
    let kind = model.shape.kind
    guard !aggregator.takesWholeLayers || kind.sumsNeighbours else {
      throw ConfigurationError(
        "--aggregate", expected: "cpu for a model of kind \(kind.rawValue), whose layers gather with parameters or compare",
        found: "a simulated machine")
    }
  }

  /// Names of the files that steps give themselves.
  private static func kept(_ outputs: Set<PredictionOutput>, steps: InferenceSteps, model: Model) throws -> [Int: String] {
    var kept: [Int: String] = [:]
    if outputs.contains(.logits) { kept[steps.count - 1] = PredictionOutput.logits.rawValue }
    guard outputs.contains(.embeddings) else { return kept }
    guard let step = steps.embeddingStep(of: model) else {
      throw ConfigurationError("--outputs", expected: "no embeddings of a model that has no hidden layer", found: "embeddings")
    }
    kept[step] = PredictionOutput.embeddings.rawValue
    return kept
  }

  private static func text(_ outputs: Set<PredictionOutput>) -> String {
    PredictionOutput.allCases.filter(outputs.contains).map(\.rawValue).joined(separator: ",")
  }

  private func openDirectory(_ report: (String) -> Void) throws -> PredictionDirectory {
    let directory = try PredictionDirectory(
      request.output,
      identity: [
        "model": trained.checksum, "partition": try Checksum.of(file: "\(request.partitions)/\(Manifest.fileName)"),
        "outputs": Self.text(request.outputs), "program": try Checksum.of(file: "/proc/self/exe"),
        "instruction set": "\(InstructionSet.detected)", "BLAS": BLAS.description, "aggregator": request.aggregator.identity,
      ], resume: request.resume, force: request.force)
    if directory.isResumed { report("going on with \(directory.partialPath)") }
    return directory
  }

  private func checkDirectory() throws {
    guard FileManager.default.fileExists(atPath: "\(directory)/work") else {
      throw InputError(directory, expected: "a folder that all workers share", found: "none that worker 0 has made")
    }
  }

  /// Computes and writes every file; records of all parts' files on every worker.
  private func compute() throws -> [FileRecord] {
    let storage = try FileStorage(directory: directory, parts: parts, steps: steps, kept: kept, memory: memory, group: group)
    let logits = try withExtendedLifetime(trained.weights) {
      try inference.run(weights: trained.weights.pointer, storage: storage)
    }
    let mine = try group.agree { try zip(parts, logits).flatMap { try records(of: $0, logits: $1, storage) } }
    let encoded = try JSONEncoder().encode(mine)
    return try group.allGather(Array(encoded)).flatMap { try JSONDecoder().decode([FileRecord].self, from: Data($0)) }
  }

  /// Records of one part's files, in the order of `PredictionOutput`.
  private func records(of part: LocalPartition, logits: MappedMatrix, _ storage: FileStorage) throws -> [FileRecord] {
    try PredictionOutput.allCases.filter(request.outputs.contains).map { output in
      if output == .predictions {
        return try withExtendedLifetime(logits) {
          try PartPredictions.write(logits.view, task.kind, part: part.part, directory: directory)
        }
      }
      guard let step = kept.first(where: { $0.value == output.rawValue })?.key, let record = storage.record(of: step, part) else {
        preconditionFailure("a finished step has a record")
      }
      return record
    }
  }

  private func resultManifest(of files: [FileRecord]) throws -> PredictionManifest {
    let rows = PredictionOutput.allCases.filter(request.outputs.contains).map { output in
      let step = kept.first { $0.value == output.rawValue }?.key
      return step.map { PredictionManifest.Rows(output: output, elementType: .float32, columns: steps.columns($0, of: trained.model)) }
        ?? PartPredictions.rows(task.kind, outputs: trained.model.shape.classes)
    }
    return PredictionManifest(
      partitions: URL(fileURLWithPath: request.partitions).standardizedFileURL.path,
      partition: try Checksum.of(file: "\(request.partitions)/\(Manifest.fileName)"), fingerprint: manifest.fingerprint,
      partCount: manifest.partCount, nodes: manifest.nodeCount, model: trained.checksum, kind: task.kind, rows: rows, files: files)
  }

  private func summary(seconds: Double) -> InferenceSummary {
    InferenceSummary(
      nodes: manifest.nodeCount, edges: manifest.edgeCount, parts: manifest.partCount, workers: group.size,
      outputs: PredictionOutput.allCases.filter(request.outputs.contains), seconds: seconds, directory: request.output)
  }
}

/// What `halo infer` reports.
public struct InferenceSummary: Encodable, Sendable {
  public var nodes: Int
  public var edges: Int
  public var parts: Int
  public var workers: Int
  public var outputs: [PredictionOutput]
  /// Wall seconds, opening and writing included.
  public var seconds: Double
  /// Where the results lie.
  public var directory: String
}
