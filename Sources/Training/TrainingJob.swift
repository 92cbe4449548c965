public import Collectives
public import Configuration
import Foundation
import Inference
import KVStore
public import Kernels
package import Loading
public import Models
public import Partitions
import Sampling
import Telemetry
import Tensors

/// A whole training run on one worker: all workers of the group run the same job together.
public final class TrainingJob {
  /// What to train, on what, and where to put it.
  public struct Request: Sendable {
    /// The partition directory.
    public var partitions: String
    /// The run directory to make; `nil` trains without keeping anything, for benchmarks.
    public var run: String?
    public var force = false
    /// Goes on with the run that is in `run`, from its newest checkpoint, instead of making one.
    public var resumes = false
    /// A model file, or a run directory with one, whose weights a run begins with instead of random ones.
    public var startingModel: String?
    /// Whether the run has been asked to stop; looked at when an epoch ends.
    public var stopRequested: @Sendable () -> Bool = { false }
    public var training: TrainingConfiguration
    public var execution: ExecutionConfiguration
    /// The place that `training.aggregate` names; it counts what it does.
    public var aggregator: any Aggregator = CPUAggregator()
    /// Scores the model on the validation and test sets; off where only the training steps matter.
    public var evaluates = true
    /// File to write that shows when every worker did what; see `ChromeTrace`.
    public var trace: String?
    /// Watches the other workers' heartbeats; off for workers that share a process.
    public var watched = true

    public init(partitions: String, run: String?, training: TrainingConfiguration, execution: ExecutionConfiguration) {
      self.partitions = partitions
      self.run = run
      self.training = training
      self.execution = execution
    }
  }

  private let request: Request
  private let group: any ProcessGroup
  private let report: (String) -> Void
  private let worker: Worker
  private let plan: BatchPlan
  private let model: Model
  private let loss: Loss
  private let normalisers: StepNormalisers
  private let step: TrainingStep
  private let loader: StepLoader
  private let trace: TrainingTrace?
  private let reducer: GradientReducer
  private let evaluator: Evaluator
  private let recorder: RunRecorder
  private let checkpointer: Checkpointer
  private let meter: TrafficMeter

  /// Opens the partition, connects the workers and builds the model; a collective call.
  ///
  /// - Parameter report: Shows a line to the user; called on worker 0 only.
  /// - Throws: The same error on every worker when any of them fails.
  public init(_ request: Request, group: any ProcessGroup, report: @escaping (String) -> Void) throws {
    self.request = request
    self.group = group
    self.report = report
    let (training, execution) = (request.training, request.execution)
    precondition(request.aggregator.takesWholeLayers == training.isFullBatch, "the aggregator that the configuration names")
    try group.agree {
      try training.validate()
      try execution.validate()
      if group.rank == 0, let run = request.run, !request.resumes { try RunDirectory.requireAbsent(run, force: request.force) }
    }
    let threads = Threads(execution.threads)
    worker = try Worker(
      directory: request.partitions, group: group, seed: training.seed, edgeFeatures: training.edgeFeatures, execution: execution,
      watched: request.watched)
    try StartupAgreement.check(group: group, request: request)
    let (worker, manifest) = (worker, worker.manifest)
    let task = try group.agree { try PredictionTask(manifest: manifest, directory: request.partitions, training: training) }
    let trainCounts = manifest.parts.map { $0.splits[task.split].train[task.nodeType] }
    let batchSize =
      training.isFullBatch ? max(1, trainCounts.reduce(0, +)) : training.globalBatchSize(parts: manifest.partCount)
    if group.rank == 0 {
      report(
        "batch: \(batchSize) seeds a step over \(manifest.partCount) parts; fan-out "
          + "\(training.fanout), input hop first\(Self.samplingNotice(training))")
      for notice in [worker.assignment.notice, group.size > 1 ? CoreBinding.notice(threads: execution.threads) : nil] {
        if let notice { report(notice) }
      }
    }
    plan = BatchPlan(
      order: training.order == .balanced ? .balanced : .global, seed: training.seed, batchSize: batchSize, trainCounts: trainCounts)
    let model = try group.agree { try Model(task.modelShape) }
    self.model = model
    let reducer = GradientReducer(
      group: group, assignment: worker.assignment, elementCount: model.parameters.count, threads: threads)
    self.reducer = reducer
    let store = task.table.map { worker.store(of: $0) }
    let learned = try LearnedColumns.open(task, worker: worker, stepsPerEpoch: plan.stepsPerEpoch, threads: threads)
    if let learned, group.rank == 0 { report(learned.notice(manifest: manifest)) }
    let input = try FirstHopTable.store(
      of: task, model: model, features: store, worker: worker, directory: request.partitions, threads: threads, report: report)
    inputTable = input.table
    let source = RoutedNeighborSource(
      book: worker.book, mapped: worker.mapped.mapValues(\.inEdges), replicas: worker.replicatedInEdges, worker: worker.workerOfPart,
      client: worker.client, listCount: worker.parts.count, edges: task.edgeTables.isEmpty ? nil : EdgeRanges(manifest))
    let edgeStores = worker.edgeStores()
    trace = try request.trace.map { try TrainingTrace(path: $0, group: group) }
    let (plan, log) = (plan, trace?.log)
    // A step over all training nodes is loaded once: nothing comes after it.
    var loading = execution
    if training.isFullBatch { loading.prefetchDepth = 0 }
    let loader = try group.agree {
      try StepLoader(
        worker: worker, input: input, edgeStores: edgeStores, source: source, execution: loading,
        end: training.epochs * plan.stepsPerEpoch, trace: log
      ) { source, store, edgeStores in
        BatchLoader(
          parts: worker.parts, nodeType: task.nodeType, split: task.split, plan: plan, seed: training.seed,
          sampling: SamplingMethod(training), limits: Array(task.limits.suffix(input.sampledLayers)),
          wantsDegrees: model.shape.readsDegrees, source: source, store: store, edgeStores: edgeStores, threads: threads)
      }
    }
    self.loader = loader
    let targets = try group.agree { try task.targets(of: worker.parts, directory: request.partitions) }
    let loss = try task.loss(parts: worker.parts, reducer: reducer)
    self.loss = loss
    normalisers = try StepNormalisers(plan: plan, loss: loss, targets: targets, loader: loader.direct, reducer: reducer)
    step = TrainingStep(
      model: model, loader: loader, loss: loss, targets: targets, reducer: reducer, configuration: training,
      stepsPerEpoch: plan.stepsPerEpoch, aggregator: request.aggregator, learned: learned, group: group, trace: log, threads: threads)
    meter = TrafficMeter(loader: loader, reducer: reducer, learned: learned)
    evaluator = try Evaluator(
      worker: worker, model: model, store: store, edgeStores: edgeStores, learned: learned?.input, source: source, task: task, loss: loss,
      targets: targets, reducer: reducer, threads: threads)
    checkpointer = try Checkpointer(
      request: request, layout: model.parameters, learned: learned, stepsPerEpoch: plan.stepsPerEpoch, group: group)
    let checkpoint = try checkpointer.restored(report: report)
    if let checkpoint {
      try step.restore(checkpoint)
      try checkpointer.restore(learned, after: checkpoint)
    } else if let path = request.startingModel {
      try StartingWeights.share(from: path, layout: model.parameters, into: step.weights, group: group, report: report)
    }
    recorder = try RunRecorder(
      request: request, manifest: manifest, model: model, metric: task.metric, checkpoint: checkpoint, learned: learned, group: group)
  }

  /// Steps of one epoch.
  public var stepsPerEpoch: Int { plan.stepsPerEpoch }
  public var modelShape: ModelShape { model.shape }
  /// What the rows that batches begin with hold; `nil`: the features.
  public var firstHop: FirstHop? { request.training.firstHop == .exact ? model.firstHop : nil }
  /// Elements of the flat vector of weights.
  public var weightCount: Int { model.parameters.count }
  /// What this worker computed in the last step, for measurements; valid until the next one.
  package var newestBatches: [PartBatch] { step.newestBatches }
  /// Table of the rows that batches begin with.
  public let inputTable: TableDescription

  /// Trains until all epochs are done, patience is at an end or a stop is requested; a collective call. The summary is the same on every
  /// worker.
  public func run() throws -> TrainingSummary {
    do {
      if request.resumes, group.rank == 0 { report(resumptionLine) }
      var stops = false
      while !stops, let epoch = nextEpoch {
        let (losses, timings) = try trainEpoch(epoch)
        let (evaluation, evaluationSeconds) = try evaluateIfDue(epoch)
        try recorder.record(
          epoch: epoch, losses: losses, evaluation: evaluation, timings: timings.completed(evaluationSeconds: evaluationSeconds),
          weights: step.weights)
        stops = try group.allGather(value: request.stopRequested()).contains(true)
        try checkpointer.writeIfDue(recorder, step, isLast: nextEpoch == nil, stops: stops)
        try recorder.publish()
        if group.rank == 0 { report(recorder.newestLine) }
      }
      loader.close()
      let summary = try recorder.finish(lastWeights: step.weights, stopped: nextEpoch != nil)
      try trace?.write()
      try worker.finish()
      return summary
    } catch {
      recorder.discard()
      throw error
    }
  }

  /// What the log says of samples that are not drawn anew and uniformly in every step.
  private static func samplingNotice(_ training: TrainingConfiguration) -> String {
    (training.sampler == .labor ? ", on average (LABOR)" : "") + (training.resample == .epoch ? "; samples are kept for an epoch" : "")
      + (training.isFullBatch ? "; all training nodes in one step, sums over neighbours on \(training.aggregate), simulated" : "")
  }

  /// The epoch to train, from 0; `nil` when the run is finished.
  private var nextEpoch: Int? {
    let progress = recorder.progress
    let isOver = progress.history.count >= request.training.epochs || progress.isExhausted(patience: request.training.patience)
    return isOver ? nil : progress.history.count
  }

  private var resumptionLine: String {
    let (done, run) = (recorder.progress.history.count, request.run ?? "")
    guard nextEpoch != nil else { return "\(run) is finished, after epoch \(done): there is nothing to resume" }
    return "\(run) goes on after epoch \(done) of \(request.training.epochs)"
  }

  private func trainEpoch(_ epoch: Int) throws -> (EpochLosses, EpochTimings) {
    let normalisers = try normalisers.ofEpoch(epoch)
    var losses = EpochLosses(parts: worker.parts.map(\.part), normalisers: normalisers)
    let progress = group.rank == 0 ? ProgressReporter("epoch \(epoch + 1)", unit: "steps", total: plan.stepsPerEpoch) : nil
    let (begin, workBefore, bytesBefore, loadedBefore) = (MonotonicClock.now(), step.work, meter.reading, loader.totals)
    let (copiedBefore, workedBefore) = (meter.rowBytesCopied, ProcessorClock.process())
    for number in 0..<plan.stepsPerEpoch {
      let runStep = UInt32(epoch * plan.stepsPerEpoch + number)
      let stepBegin = MonotonicClock.now()
      let outcomes = try step.take(epoch: epoch, step: number, runStep: runStep, normaliser: normalisers[number])
      trace?.log.add("step", lane: .compute, from: stepBegin, to: MonotonicClock.now(), step: Int(runStep))
      losses.record(outcomes, step: number)
      progress?.advance(by: 1)
    }
    let timings = EpochTimings(
      epoch: epoch + 1, worker: group.rank, seconds: Double(MonotonicClock.now() - begin) * 1e-9,
      processorSeconds: Double(ProcessorClock.process() - workedBefore) * 1e-9, steps: plan.stepsPerEpoch, stages: step.clock.take(),
      traffic: (step.work - workBefore) + (meter.reading - bytesBefore),
      loading: EpochLoading(
        loader.totals, since: loadedBefore, loadsAhead: loader.loadsAhead, bytesCopied: meter.rowBytesCopied - copiedBefore),
      mappedParts: OpenPartFiles.parts(under: request.partitions))
    try losses.sumOverParts(reducer, hasAccuracy: loss.decides)
    // Weights and losses are the same on every worker.
    if losses.scores[.loss] == nil || !step.hasFiniteWeights {
      let (expected, found) =
        losses.scores[.loss] == nil ? ("a finite loss", "one that is not") : ("finite weights", "some that are not")
      let advice = "a smaller \(request.training.learnsInputs ? "--lr, --embed-learning-rate" : "--lr") or --clip-norm may help"
      try group.agree { throw InputError("epoch \(epoch + 1)", expected: expected, found: "\(found) (\(advice))") }
    }
    return (losses, timings)
  }

  /// Scores after the epoch where they are due, and the seconds they took.
  private func evaluateIfDue(_ epoch: Int) throws -> (Evaluation?, Double) {
    let every = request.training.evalEvery
    let isLast = epoch + 1 == request.training.epochs
    guard request.evaluates, isLast || (every > 0 && (epoch + 1) % every == 0) else { return (nil, 0) }
    let begin = MonotonicClock.now()
    let evaluation = try evaluator.evaluate(weights: step.weights)
    let (scores, metric) = (evaluation.validation.scores, recorder.progress.metric)
    if !scores.names.isEmpty, scores[metric] == nil {
      let known = scores.names.map(\.rawValue).joined(separator: ", ")
      try group.agree {
        throw ConfigurationError("--metric", expected: "a score that the validation set defines (\(known))", found: metric.rawValue)
      }
    }
    return (evaluation, Double(MonotonicClock.now() - begin) * 1e-9)
  }
}
