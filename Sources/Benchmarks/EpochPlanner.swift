import Collectives
public import Configuration
import Foundation
import KVStore
import Models
import Partitions
import Telemetry
import Tensors
import Training

/// Predicts an epoch on a cluster from sampled batches of a partition and from what a measured run took over its limits.
///
/// ```
/// forward, backward,
/// reduce, update     = limit of the worker's share of the work (EpochLimits, rates measured here on these batches)
///                      · (measured ÷ limit of that stage in the measured run) · measured threads ÷ (cores · efficiency)
/// sample             = sampled edges · measured seconds per sampled edge, likewise for the cores
/// fetch              = pulled bytes ÷ network + pulled bytes · measured seconds per pulled byte
/// reduce             = vector bytes ÷ network + the work above
/// epoch              = Σ stages · (seconds ÷ Σ stages of the measured run)
/// ```
public struct EpochPlanner {
  /// The cluster and the run to predict.
  public struct Request: Sendable {
    public var partitions: String
    let shape: ModelShape
    let limits: [[Int]]
    let table: TableDescription
    let seed: UInt64
    /// Seeds of a step over all parts.
    public let batchSize: Int
    public var workers: Int
    public var cores: Int
    /// Bytes per second each way; `nil`: workers share a host and map each other's parts.
    public var networkBytesPerSecond: Double?
    /// Size of the graph to predict for; `nil`: that of the partition.
    public var nodes: Double?
    public var edges: Double?
    public var trainingNodes: Double?
    /// Speed of a worker's cores over that of as many times the measured threads.
    public var coreEfficiency = 0.75
    /// Share of the network's rate that messages reach.
    public var networkEfficiency = 0.7
    /// Batches sampled.
    public var batches = 4

    /// - Throws: `InputError` or `ConfigurationError` when the partition lacks what the configuration needs.
    public init(partitions: String, training: TrainingConfiguration, workers: Int, cores: Int) throws {
      let task = try PredictedTask(partitions: partitions, training: training)
      self.partitions = partitions
      shape = task.modelShape
      limits = task.limits
      table = task.table
      seed = training.seed
      batchSize = training.globalBatchSize(parts: max(workers, try Manifest.load(partitions).partCount))
      self.workers = workers
      self.cores = cores
    }
  }

  let request: Request
  let report: EpochReport
  let asked: EpochReport?
  let source: SampledBatches
  let rowBytes: Int
  let strideBytes: Int

  /// - Parameters:
  ///   - measured: What `halo bench epoch` measured on this machine, on one worker.
  ///   - asked: The same with rows that were asked of another worker (`--no-map-peers`); `nil`: asking costs what is assumed.
  /// - Throws: `InputError` for a request or a measured run that does not fit.
  public init(_ request: Request, measured: EpochReport, asked: EpochReport?) throws {
    guard request.workers >= 1, request.cores >= 1, request.batchSize >= 1 else {
      throw InputError(
        "plan", expected: "at least one worker, core and seed", found: "\(request.workers), \(request.cores), \(request.batchSize)")
    }
    self.request = request
    report = measured
    self.asked = asked
    let manifest = try Manifest.load(request.partitions)
    // As many seeds a part as on the cluster, where one part goes to each worker or several.
    let parts = max(manifest.partCount, request.workers)
    let sampled = max(1, request.batchSize * manifest.partCount / parts)
    source = try SampledBatches(request.partitions, batchSize: sampled, seed: request.seed)
    let table = request.table
    guard table.layout == .dense else {
      throw InputError(request.partitions, expected: "dense rows in table '\(table.name)'", found: table.layout.rawValue)
    }
    (rowBytes, strideBytes) = (table.rowBytes, table.strideBytes)
  }

  /// Samples, measures the rates that the batches ask for, and predicts.
  public func plan() throws -> EpochPlan {
    let manifest = source.manifest
    let threads = Threads(report.threads * report.workers)
    let parts = max(manifest.partCount, request.workers)
    let nodes = request.nodes ?? today.nodes
    let edges = request.edges ?? today.edges * nodes / today.nodes
    let growth = nodes / today.nodes
    let trained = Double(manifest.parts.reduce(0) { $0 + $1.splits[0].train[source.nodeType] })
    let trainingNodes = request.trainingNodes ?? trained * growth
    let steps = Int((trainingNodes / Double(request.batchSize)).rounded(.up))
    let partsPerWorker = Double(parts) / Double(request.workers)

    let (sampled, machine, imbalance) = try sample(threads)
    let share = remoteShareFactor(parts: parts)
    let repeats = growth == 1 ? 1 : SourceRepeats.exponent(of: source.parts, nodes: manifest.nodeCount)
    let sizes = sampled.scaled(
      growth: pow(growth, repeats), density: edges / nodes / (today.edges / today.nodes), remoteShare: share, limits: request.limits)
    let weights = try Model(request.shape).parameters.count
    let traffic = traffic(sizes, steps: steps, partsPerWorker: partsPerWorker, weights: weights)
    let work = EpochWork(
      shape: request.shape, traffic: traffic, rowBytes: rowBytes, batches: Int(Double(steps) * partsPerWorker))
    var rates = machine
    rates.products = work.productShapes.map {
      MachineLimits.Product(shape: $0, rate: ProductLimits.rate($0, threads: threads, trials: 3))
    }
    let limits = EpochLimits(work: work, traffic: traffic, weights: weights / request.workers, steps: steps, rates: rates)
    let stages = stageSeconds(limits, traffic, threads: threads.count, imbalance: imbalance)
    let overlap = report.seconds.median / max(1e-9, report.stages.values.reduce(0, +))
    let seconds = stages.values.reduce(0, +) * overlap
    return EpochPlan(
      graph: manifest.name, nodes: nodes, edges: edges, trainingNodes: trainingNodes, workers: request.workers, cores: request.cores,
      networkBytesPerSecond: request.networkBytesPerSecond, steps: steps, seconds: seconds, stages: stages,
      seedsPerSecondAndCore: trainingNodes / seconds / Double(request.workers * request.cores),
      bytes: [
        "sample": Double(traffic.storeBytesReceived - traffic.remoteRowBytes), "fetch": Double(traffic.remoteRowBytes),
        "reduce": Double(traffic.reduceBytesSent),
      ],
      memory: memory(sizes, nodes: nodes, edges: edges, weights: weights), batch: sizes,
      assumptions: assumptions(parts: parts, share: share, growth: growth, repeats: repeats, imbalance: imbalance))
  }

  /// Mean sizes of a part's batch, the rates of what the batches read, and the edges of a step's busiest worker over the mean.
  private func sample(_ threads: Threads) throws -> (BatchSizes, MachineLimits, imbalance: Double) {
    let manifest = source.manifest
    let assignment = try PartAssignment(parts: manifest.partCount, workers: min(request.workers, manifest.partCount))
    let owners = (0..<manifest.partCount).map { assignment.worker(of: $0) }
    let book = source.parts[0].book
    let table = try BenchTable(
      rows: source.tableRows, columns: request.shape.inputColumns, elementType: request.table.elementType, placement: .mapped,
      threads: threads)
    var total: BatchSizes?
    var limits: MachineLimits?
    var imbalance = 0.0
    try source.forEach(request.batches, limits: request.limits, wantsDegrees: request.shape.readsDegrees, table: table, threads: threads) {
      batches in
      let sizes = BatchSizes.measure(
        batches.map { PartBatchSizes(part: $0.part, seeds: $0.seeds.count, blocks: $0.blocks) }, owners: owners
      ) { book.owner(of: $0) }
      total = total.map { $0 + sizes } ?? sizes
      let edges = Set(owners).map { worker in batches.filter { owners[$0.part] == worker }.reduce(0) { $0 + $1.edgeCount } }
      imbalance += Double((edges.max() ?? 0) * edges.count) / Double(max(1, edges.reduce(0, +)))
      guard limits == nil else { return }
      let one = sizes.divided(by: 1)
      let work = EpochWork(
        shape: request.shape, traffic: traffic(one, steps: 1, partsPerWorker: 1, weights: 0), rowBytes: rowBytes, batches: 1)
      limits = MachineLimits.measure(
        work, rowBytes: rowBytes, strideBytes: strideBytes, nodes: manifest.nodeCount, edges: manifest.edgeCount, weights: 1 << 18,
        batches: batches, threads: threads, trials: 3, measuresProducts: false)
    }
    return (total!.divided(by: Double(request.batches)), limits!, imbalance / Double(request.batches))  // There is a batch.
  }

  /// How the share of remote rows changes from the workers that can be sampled to those asked for, as with a random cut.
  private func remoteShareFactor(parts: Int) -> Double {
    let sampled = Double(min(request.workers, source.manifest.partCount))
    guard sampled > 1, request.workers > 1 else { return 1 }
    return (1 - 1 / Double(request.workers)) / (1 - 1 / sampled)
  }

  var today: (nodes: Double, edges: Double) { (Double(source.manifest.nodeCount), Double(source.manifest.edgeCount)) }
}

extension BatchSizes {
  /// Mean sizes of a part's batch in a measured run.
  init(_ report: EpochReport) {
    self.init()
    let count = Double(max(1, report.steps * report.parts))
    seeds = Double(report.traffic.seeds) / count
    layers = report.traffic.layers.map { layer in
      Layer(
        destinations: Double(layer.destinations) / count, sources: Double(layer.sources) / count, edges: Double(layer.edges) / count)
    }
  }
}
