public import Collectives
import Models
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
    let rates = MachineLimits.measure(
      plan(job.modelShape, job.firstHop, traffic, table, nodes: manifest.nodeCount, edges: manifest.edgeCount, steps: job.stepsPerEpoch),
      threads: Threads(request.execution.threads * workersHere))
    let rowBytes = table.columns * table.elementType.size
    let limits = EpochLimits(
      shape: job.modelShape, traffic: traffic, rowBytes: rowBytes, firstHop: job.firstHop, weights: job.weightCount,
      steps: job.stepsPerEpoch, rates: rates)
    var stages: [String: Double] = [:]
    for stage in measured[0].stages.keys {
      stages[stage] = EpochReport.Spread(byEpoch.map { lines in lines.reduce(0) { $0 + $1.stages[stage]! } / Double(lines.count) }).median
    }
    let firstRows = traffic.layers[0].edges + traffic.layers[0].destinations
    return EpochReport(
      firstHop: request.training.firstHop.rawValue, graph: manifest.name, parts: manifest.partCount, workers: summary.workers,
      threads: request.execution.threads,
      epochs: numbers.count, seconds: seconds, seedsPerSecond: Double(traffic.seeds) / seconds.median,
      sampledEdgesPerSecond: Double(traffic.sampledEdges) / seconds.median, stages: stages,
      bytes: [
        "sample": traffic.storeBytesSent + traffic.storeBytesReceived - traffic.remoteRowBytes, "fetch": traffic.remoteRowBytes,
        "forward": firstRows * rowBytes, "reduce": traffic.reduceBytesSent,
      ],
      traffic: traffic, peakMemory: byEpoch[numbers.count - 1].map(\.peakMemory), machine: rates, limits: limits,
      shareOfLimit: limits.seconds / seconds.median)
  }

  /// Measurements of the sizes that the epoch worked on: its table, its adjacency, and the products of its mean step.
  private static func plan(
    _ shape: ModelShape, _ firstHop: FirstHop?, _ traffic: Traffic, _ table: TableDescription, nodes: Int, edges: Int, steps: Int
  ) -> LimitPlan {
    let rowBytes = max(64, table.columns * table.elementType.size)
    let products = traffic.layers.enumerated().filter { !($0.offset == 0 && shape.sparseInput) }.map { index, layer in
      ProductShape(
        rows: max(1, layer.destinations / max(1, steps)),
        inner: index == 0 ? firstHop?.columns ?? 2 * shape.inputColumns : 2 * shape.inputWidth(of: index),
        columns: shape.outputWidth(of: index), form: .forward)
    }
    let tableBytes = max(1 << 20, nodes * max(rowBytes, table.strideBytes))
    return LimitPlan(
      rowBytes: rowBytes, strideBytes: max(rowBytes, table.strideBytes), tableBytes: min(tableBytes, 2 << 30),
      adjacencyBytes: max(1 << 20, min(4 * edges, 1 << 30)), products: products)
  }
}
