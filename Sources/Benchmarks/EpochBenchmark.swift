public import Collectives
import Configuration
import Loading
import Partitions
import Tensors
public import Training

/// Measures training epochs as a user runs them: the steps of whole epochs, without evaluation and without a run directory.
public enum EpochBenchmark {
  /// Trains one epoch to warm up and `epochs` more; then worker 0 measures the machine's limits with all threads of its host.
  ///
  /// - Parameter request: Its run directory, evaluation and epochs are replaced.
  /// - Returns: The report on worker 0, `nil` elsewhere; a collective call.
  public static func run(
    _ request: TrainingJob.Request, epochs: Int, group: any ProcessGroup, report: @escaping (String) -> Void
  ) throws -> EpochReport? {
    precondition(epochs >= 1, "\(epochs) epochs to measure")
    guard !request.training.learnsInputs else {
      throw ConfigurationError(
        "--embed", expected: "0 where an epoch is measured beside its limits", found: "\(request.training.embedding.columns)")
    }
    var request = request
    request.run = nil
    request.evaluates = false
    request.training.epochs = epochs + 1
    let job = try TrainingJob(request, group: group, report: report)
    let summary = try job.run()
    guard group.rank == 0 else { return nil }
    let manifest = try Manifest.load(request.partitions)
    return measured(job, summary, manifest, request, workersHere: group.hostRanks.count)
  }

  private static func measured(
    _ job: TrainingJob, _ summary: TrainingSummary, _ manifest: Manifest, _ request: TrainingJob.Request, workersHere: Int
  ) -> EpochReport {
    let measured = summary.timings.filter { $0.epoch > 1 }
    let numbers = Set(measured.map(\.epoch)).sorted()
    let byEpoch = numbers.map { number in measured.filter { $0.epoch == number } }
    let seconds = EpochReport.Spread(byEpoch.map { lines in lines.map(\.seconds).max() ?? 0 })
    let traffic = summary.traffic(ofEpoch: numbers[numbers.count / 2])
    let table = job.inputTable
    let rowBytes = table.rowBytes
    let steps = job.stepsPerEpoch
    let work = EpochWork(
      shape: job.modelShape, traffic: traffic, rowBytes: rowBytes, batches: steps * manifest.partCount,
      derivedColumns: job.firstHop?.columns)
    let rates = MachineLimits.measure(
      work, rowBytes: rowBytes, strideBytes: table.strideBytes, nodes: manifest.nodeCount, edges: manifest.edgeCount,
      weights: job.weightCount, batches: job.newestBatches, threads: Threads(request.execution.threads * workersHere))
    let limits = EpochLimits(work: work, traffic: traffic, weights: job.weightCount, steps: steps, rates: rates)
    var stages: [String: Double] = [:]
    for stage in measured[0].stages.keys {
      stages[stage] = EpochReport.Spread(byEpoch.map { lines in lines.reduce(0) { $0 + $1.stages[stage]! } / Double(lines.count) }).median
    }
    let firstRows = traffic.layers[0].edges + traffic.layers[0].destinations
    return EpochReport(
      firstHop: request.training.firstHop.rawValue, graph: manifest.name, parts: manifest.partCount, workers: summary.workers,
      threads: request.execution.threads,
      model: job.modelShape, weights: job.weightCount, steps: steps, epochs: numbers.count, seconds: seconds,
      seedsPerSecond: Double(traffic.seeds) / seconds.median,
      sampledEdgesPerSecond: Double(traffic.sampledEdges) / seconds.median, stages: stages,
      bytes: [
        "sample": traffic.storeBytesSent + traffic.storeBytesReceived - traffic.remoteRowBytes, "fetch": traffic.remoteRowBytes,
        "forward": firstRows * rowBytes, "reduce": traffic.reduceBytesSent,
      ],
      traffic: traffic, peakMemory: byEpoch[numbers.count - 1].map(\.peakMemory),
      partBytes: PlanMemory.partBytes(manifest, strideBytes: table.strideBytes), machine: rates, limits: limits,
      shareOfLimit: limits.seconds / seconds.median)
  }
}

extension MachineLimits {
  /// Measures what the limits of `work` ask for: its products, and its reads on `batches`.
  ///
  /// - Parameters:
  ///   - rowBytes: Bytes of an input row that count.
  ///   - weights: Elements of the flat vector of weights.
  static func measure(
    _ work: EpochWork, rowBytes: Int, strideBytes: Int, nodes: Int, edges: Int, weights: Int, batches: [PartBatch], threads: Threads,
    trials: Int = 5, measuresProducts: Bool = true
  ) -> MachineLimits {
    let rowBytes = max(64, rowBytes)
    let strideBytes = max(rowBytes, strideBytes)
    let plan = LimitPlan(
      rowBytes: rowBytes, strideBytes: strideBytes, tableBytes: min(max(1 << 20, nodes * strideBytes), 2 << 30),
      adjacencyBytes: max(1 << 20, min(4 * edges, 1 << 30)), stateBytes: max(1 << 12, 14 * weights),
      products: measuresProducts ? work.productShapes : [], trials: trials)
    var limits = measure(plan, threads: threads)
    let reads = BatchReads(
      batches: batches, firstLayer: work.layerCount - (batches.first?.blocks.count ?? 0), threads: threads, trials: trials)
    limits.reads = work.readKinds.compactMap { kind in reads.rate(kind).map { Reads(reads: kind, rate: $0) } }
    return limits
  }
}
