import Configuration
import KVStore
import Loading
import Messaging
import Partitions
import Telemetry
import Tensors

/// The batches of training steps: loaded when they are needed or, where some of the fixed rows that they read belong to other workers, ahead
/// of that.
final class StepLoader {
  /// Loads a step when it is asked for; knows the seeds of every step.
  let direct: BatchLoader
  private let source: RoutedNeighborSource
  private let store: RowStore?
  private let edgeStores: [RowStore]
  private let client: Client?
  private let pipeline: PrefetchPipeline?

  /// - Parameters:
  ///   - input: Where the rows come from.
  ///   - edgeStores: Where rows of edges come from, by relation that has some.
  ///   - end: Steps of the whole run.
  ///   - make: A loader of the run's batches.
  /// - Throws: `MessagingError` when there are no more connections to be had.
  init(
    worker: Worker, input: FirstHopTable.Input, edgeStores: [RowStore], source: RoutedNeighborSource, execution: ExecutionConfiguration,
    end: Int, trace: TraceLog?, make: (RoutedNeighborSource, RowStore?, [RowStore]) -> BatchLoader
  ) throws {
    direct = make(source, input.store, edgeStores)
    self.edgeStores = edgeStores
    self.source = source
    store = input.store
    client = worker.client
    guard execution.prefetchDepth > 0, case .bytes(let memory) = execution.prefetchMemory, input.store != nil || !edgeStores.isEmpty,
      let sampling = try worker.connect(answerBytes: memory / 32), let pulling = try worker.connect(answerBytes: memory / 32)
    else {
      pipeline = nil
      return
    }
    let stores = (input.store.map { [$0] } ?? []) + edgeStores
    let caches = try worker.caches(of: stores, execution, spareBytes: memory / 8)
    let ahead = zip(stores, caches).map { $0.twin(client: pulling, cache: $1) }
    let aheadSource = source.twin(client: sampling)
    pipeline = PrefetchPipeline(
      loader: make(aheadSource, input.store == nil ? nil : ahead[0], Array(ahead.suffix(edgeStores.count))), source: aheadSource,
      pulling: pulling, limits: .init(memoryBytes: memory, depth: execution.prefetchDepth), end: end, trace: trace)
  }

  /// Whether batches are loaded on a thread of their own.
  var loadsAhead: Bool { pipeline != nil }

  /// The batches of a step, with their rows; steps one after the other.
  func load(epoch: Int, step: Int, runStep: UInt32, clock: StageClock) throws -> [PartBatch] {
    if let pipeline { return try clock.measure(.wait) { try pipeline.take(Int(runStep)) } }
    let batches = try clock.measure(.sample) { try direct.sample(epoch: epoch, step: step) }
    try clock.measure(.fetch) { try direct.fetch(epoch: epoch, step: step) }
    return batches
  }

  /// What was loaded last.
  var newest: [PartBatch] { pipeline?.newest ?? direct.newest }

  /// What loading has taken and moved so far.
  var totals: LoadingTotals {
    if let pipeline { return pipeline.totals }
    var totals = LoadingTotals()
    if let store { totals.rows = store.traffic }
    if let first = edgeStores.first { totals.edgeRows = edgeStores.dropFirst().reduce(first.traffic) { $0 + $1.traffic } }
    totals.peers = client?.traffic ?? [:]
    totals.remoteNodes = source.remoteNodes
    return totals
  }

  /// Asks other workers for nothing more; before any of them ends.
  func close() { pipeline?.close() }
}
