import Collectives
import Configuration
import Foundation
import Graphs
import KVStore
import Loading
import Messaging
import Partitioning
import Partitions
import Sampling
import Synchronization
import Telemetry
import Tensors
import Testing
import Training

/// Loading ahead and keeping rows change what is moved when, and not a bit of what is computed.
@Suite(.serialized) struct PrefetchTests {
  /// How a run loads its batches.
  struct Case: Sendable, CustomStringConvertible {
    var depth = 4
    var memory = 256 << 20
    var cache = ExecutionConfiguration.Cache.window
    var cacheMemory = MemoryAmount.share(0.1)
    var description: String { "depth \(depth), \(memory) bytes, \(cache) \(cacheMemory)" }

    func apply(to execution: inout ExecutionConfiguration) {
      (execution.prefetchDepth, execution.prefetchMemory) = (depth, .bytes(memory))
      (execution.cache, execution.cacheMemory) = (cache, cacheMemory)
    }
  }

  static let cases =
    [
      Case(depth: 0), Case(depth: 1), Case(depth: 3), Case(depth: 9), Case(memory: 1), Case(memory: 100_000),
      Case(depth: 3, memory: 30_000),
      Case(cacheMemory: .bytes(1)), Case(cacheMemory: .bytes(200)), Case(depth: 2, cacheMemory: .share(1)),
    ]
    + ExecutionConfiguration.Cache.allCases.flatMap { cache in
      [Case(cache: cache), Case(depth: 1, memory: 40_000, cache: cache, cacheMemory: .share(0.32))]
    }

  /// Four random parts with the rows that their batches are expected to read, which `vip` ranks by.
  private static func write(_ graph: RawGraph, at path: String, types: TableTypes) throws {
    var options = PartitionOptions(partCount: 4, method: .random, seed: 3)
    options.batches = ExpectedBatches(fanout: "4,3", limits: [[4], [3]], batchSize: 6)
    let assignment = try Partitioner.assign(graph, options, threads: Threads(1))
    _ = try PartitionWriter.write(graph, assignment, to: path, types: types, threads: Threads(1))
  }

  @Test(arguments: [ElementType.float32, .int8, nil] as [ElementType?])
  func depthsBudgetsAndPoliciesDoNotChangeABit(type: ElementType?) throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    var graph = PlantedGraph()
    graph.sparse = type == nil
    graph.columns = type == nil ? 40 : 13
    try Self.write(graph.graph, at: parts, types: TableTypes(type))
    let training = try DeterminismTests.training(order: .balanced)
    let reference = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    for example in Self.cases {
      for workers in [2, 3, 4] {
        let outcome = try DeterminismTests.run(
          parts, training: training, workers: workers, threads: workers == 3 ? 2 : 1, mapPeers: false, into: scratch, example.apply)
        #expect(outcome.metrics == reference.metrics, "metrics of \(workers) workers, \(example)")
        #expect(outcome.model == reference.model, "model of \(workers) workers, \(example)")
        #expect(outcome.scores == reference.scores, "scores of \(workers) workers, \(example)")
        for line in outcome.summary.timings {
          #expect((line.loading.ahead != nil) == (example.depth > 0))
          let stages = line.stages
          #expect((stages["wait"] ?? 0 > 0) == (example.depth > 0) && (stages["sample"] ?? 0 > 0) == (example.depth == 0))
        }
      }
    }
  }

  /// What is pulled is the same in every run, too, and less the more is kept.
  @Test func whatIsPulledDoesNotDependOnTimeAndFallsWithTheCache() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    let training = try DeterminismTests.training(order: .balanced)
    func run(_ example: Case) throws -> TrainingSummary {
      try DeterminismTests.run(parts, training: training, workers: 2, threads: 1, mapPeers: false, into: scratch, example.apply).summary
    }
    let none = try run(Case(depth: 0))
    var pulled: [Int] = []
    for share in [0.02, 0.1, 0.32, 1] {
      let (once, again) = (try run(Case(cacheMemory: .share(share))), try run(Case(cacheMemory: .share(share))))
      #expect(once.traffic == again.traffic, "share \(share)")
      #expect(once.timings.map(\.loading.rowsCached) == again.timings.map(\.loading.rowsCached), "share \(share)")
      #expect(once.traffic.layers == none.traffic.layers && once.traffic.remoteNodes == none.traffic.remoteNodes)
      pulled.append(once.traffic.remoteRows)
    }
    #expect(try run(Case(cache: .none)).traffic.remoteRows == none.traffic.remoteRows)
    #expect(pulled == pulled.sorted(by: >) && pulled[0] < none.traffic.remoteRows, "\(pulled) of \(none.traffic.remoteRows)")
    // 240 nodes in 4 parts: all that is remote fits, and is pulled once by each worker.
    #expect(pulled[3] <= 240, "\(pulled)")
  }

  /// Rows asked are local, repeated, cached or pulled; bytes are those of the rows; peers add up.
  @Test func theCountersOfTimingsAddUp() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 6, at: parts)
    let training = try DeterminismTests.training(order: .balanced)
    let summary = try DeterminismTests.run(
      parts, training: training, workers: 3, threads: 1, mapPeers: false, into: scratch, Case(cacheMemory: .share(0.2)).apply
    ).summary
    #expect(summary.timings.count == 9)
    for worker in 0..<3 {
      let lines = summary.timings.filter { $0.worker == worker }
      #expect(lines.reduce(0) { $0 + $1.loading.rowsAsked } == lines.reduce(0) { $0 + $1.traffic.layers[0].sources })
    }
    for line in summary.timings {
      let loading = line.loading
      #expect(
        loading.rowsAsked == loading.rowsLocal + loading.rowsDeduplicated + loading.rowsCached + loading.rowsPulled, "epoch \(line.epoch)")
      #expect(loading.rowsPulled == line.traffic.remoteRows && loading.rowBytes == 48 * loading.rowsPulled)
      #expect(loading.peers.map(\.worker) == [0, 1, 2].filter { $0 != line.worker })
      #expect(loading.peers.reduce(0) { $0 + $1.rows } == loading.rowsPulled)
      #expect(loading.peers.reduce(0) { $0 + $1.bytesReceived } == line.traffic.storeBytesReceived)
      #expect(loading.peers.allSatisfy { $0.requests > 0 && $0.bytesReceived > $0.rowBytes })
      let ahead = try #require(loading.ahead)
      #expect(ahead.stepsFetched == 4 && ahead.stepsSampled > 0 && ahead.bytes > 0)
      // All steps of this short run are sampled before its last epoch.
      #expect(line.epoch > 1 || ahead.sampleSeconds > 0 && ahead.fetchSeconds > 0)
    }
  }

  /// A stopped run that goes on with other depths and caches ends with the bits of one that was not stopped.
  @Test func aRunGoesOnWithTheSameBits() throws {
    let scratch = try ScratchDirectory()
    let parts = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 4, at: parts)
    let training = try DeterminismTests.training(order: .balanced)
    let whole = try DeterminismTests.run(parts, training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let run = "\(scratch.path)/stopped"
    func go(resumes: Bool, stops: Bool, _ example: Case, workers: Int) throws {
      var execution = ExecutionConfiguration()
      execution.mapPeers = false
      example.apply(to: &execution)
      var request = TrainingJob.Request(partitions: parts, run: run, training: training, execution: execution)
      (request.watched, request.resumes, request.stopRequested) = (false, resumes, { stops })
      let job = request
      _ = try InProcessGroup.run(size: workers) { group in try TrainingJob(job, group: group, report: { _ in }).run() }
    }
    try go(resumes: false, stops: true, Case(depth: 3), workers: 3)
    try go(resumes: true, stops: true, Case(depth: 1, cache: .none), workers: 2)
    try go(resumes: true, stops: false, Case(depth: 0), workers: 4)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/metrics.jsonl")) == whole.metrics)
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/model.safetensors")) == whole.model)
  }
}

/// A pipeline by itself: worker 0 of two, the other being a server only.
@Suite(.serialized) struct PrefetchPipelineTests {
  private let scratch: ScratchDirectory
  private let directory: String
  private let manifest: Manifest
  private let parts: [LocalPartition]
  private let plan: BatchPlan

  init() throws {
    scratch = try ScratchDirectory()
    directory = "\(scratch.path)/parts"
    try PlantedGraph().partition(into: 2, at: directory)
    let manifest = try Manifest.load(directory)
    self.manifest = manifest
    let path = directory
    parts = try (0..<2).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
    plan = BatchPlan(order: .balanced, seed: 7, batchSize: 6, trainCounts: manifest.parts.map { $0.splits[0].train[0] })
  }

  private var handlers: [MessageKind: RequestHandler] {
    let (book, tables) = (PartitionBook(manifest), [TableShards(number: 0, of: manifest, in: [parts[1]])])
    var handlers = rowHandlers(book: book, tables: ServedTables(tables, serving: 1..<2))
    handlers[.sampleNeighbors] = SamplingService.handler(book: book, own: [1: parts[1].inEdges], relationCount: 1, seed: 7)
    return handlers
  }

  private func source(_ client: Client?, mapped: Range<Int>) -> RoutedNeighborSource {
    RoutedNeighborSource(
      book: PartitionBook(manifest), mapped: Dictionary(uniqueKeysWithValues: mapped.map { ($0, parts[$0].inEdges) }), worker: [0, 1],
      client: client, listCount: 1)
  }

  private func store(_ client: Client?, mapped: Range<Int>, cache: RowCacheOptions? = nil) -> RowStore {
    RowStore(
      shards: TableShards(number: 0, of: manifest, in: Array(parts[mapped])), book: PartitionBook(manifest), workers: [0, 1],
      client: client, cache: cache)
  }

  private func loader(_ source: RoutedNeighborSource, _ store: RowStore) -> BatchLoader {
    BatchLoader(
      parts: [parts[0]], nodeType: 0, split: 0, plan: plan, seed: 7, limits: [[4], [3]], wantsDegrees: true, source: source, store: store,
      threads: Threads(1))
  }

  private func pipeline(
    _ server: Server, depth: Int, memory: Int = 1 << 20, policy: CachePolicy = .window, steps: Int
  ) throws -> PrefetchPipeline {
    let (sampling, pulling) = (
      try Client(token: 8, endpoints: [1: server.endpoint]), try Client(token: 8, endpoints: [1: server.endpoint])
    )
    let store = store(pulling, mapped: 0..<1, cache: RowCacheOptions(policy: policy, rows: 9, spareBytes: 1 << 10, stepsAhead: depth))
    let source = source(sampling, mapped: 0..<1)
    return PrefetchPipeline(
      loader: loader(source, store), source: source, pulling: pulling, limits: .init(memoryBytes: memory, depth: depth),
      end: steps)
  }

  /// Seeds, blocks and rows of a batch, written out.
  private func text(_ batch: PartBatch) -> String {
    var text = "\(Array(batch.seeds.readOnly))"
    for block in batch.blocks {
      text += "\n\(block.destinationCount) \(Array(block.sourceIDs.readOnly)) \(Array(block.sourceDegrees.readOnly))"
      for relation in block.relations { text += "\n\(Array(relation.indptr.readOnly)) \(Array(relation.sources.readOnly))" }
    }
    guard let rows = batch.rows, case .dense(let segments) = rows.segments else { return text }
    for reference in rows.references {
      let segment = segments[reference.segment]
      let bytes = UnsafeRawBufferPointer(start: segment.base + reference.row * segment.strideBytes, count: 4 * rows.columns)
      text += "\n\(Array(bytes))"
    }
    return text
  }

  @Test(arguments: [(1, 1), (4, 60_000), (1, 1 << 20), (3, 1 << 20), (8, 1 << 24)])
  func stepsAreTheSameAsOnesLoadedWhenNeeded(depth: Int, memory: Int) throws {
    let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
    defer { server.close() }
    let steps = 3 * plan.stepsPerEpoch
    let direct = loader(source(nil, mapped: 0..<2), store(nil, mapped: 0..<2))
    for first in [0, 7, steps - 1] {
      let pipeline = try pipeline(server, depth: depth, memory: memory, steps: steps)
      defer { pipeline.close() }
      for step in first..<steps {
        let (epoch, number) = step.quotientAndRemainder(dividingBy: plan.stepsPerEpoch)
        let expected = try direct.sample(epoch: epoch, step: number)
        try direct.fetch(epoch: epoch, step: number)
        let found = try pipeline.take(step)
        #expect(found.map(text) == expected.map(text), "step \(step) from \(first)")
      }
      #expect(pipeline.totals.rows.rowsAsked > 0 && pipeline.totals.remoteNodes > 0)
      let (fetched, bytes) = (pipeline.totals.stepsFetchedAhead, pipeline.totals.bytesAhead)
      // Of the first step nothing is known.
      if first == steps - 1 {
        #expect(fetched == 0)
      } else if memory >= 1 << 20 {
        #expect(fetched == depth && bytes > 0 && bytes <= memory, "\(fetched) steps in \(bytes) bytes")
      }
      #expect(fetched <= (memory == 1 ? 0 : depth))
    }
  }

  /// For every budget: what is held stays within it, or is what a single batch needs; what is asked of others and held is the same whether
  /// compute is slow or fast; and the larger the budget, the more is loaded ahead.
  @Test(arguments: [CachePolicy.none, .window], [1, 3, 8])
  func whatIsHeldStaysWithinAnyBudget(policy: CachePolicy, depth: Int) throws {
    let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
    defer { server.close() }
    let steps = 2 * plan.stepsPerEpoch
    func run(_ memory: Int, delayed: (Int) -> Bool) throws -> LoadingTotals {
      let pipeline = try pipeline(server, depth: depth, memory: memory, policy: policy, steps: steps)
      defer { pipeline.close() }
      for step in 0..<steps {
        _ = try pipeline.take(step)
        if delayed(step) { Thread.sleep(forTimeInterval: 0.002) }
      }
      return pipeline.totals
    }
    // One batch and what loading it needs.
    let alone = try run(1) { _ in false }
    #expect(alone.stepsFetchedAhead == 0 && alone.stepsSampledAhead == 0)
    var ahead: [Int] = []
    for budget in stride(from: alone.bytesAhead / 2, to: alone.bytesAhead + 300_000, by: 13_333) + [1 << 24] {
      let fast = try run(budget) { _ in false }
      let slow = try run(budget) { $0 % 3 == 1 }
      #expect(fast.bytesAhead <= max(budget, alone.bytesAhead), "\(fast.bytesAhead) bytes of \(budget), \(alone.bytesAhead) alone")
      #expect(fast.bytesAhead == slow.bytesAhead && fast.rows.pulled == slow.rows.pulled && fast.peers == slow.peers, "\(budget) bytes")
      #expect(fast.stepsFetchedAhead <= depth)
      ahead.append(fast.stepsFetchedAhead + fast.stepsSampledAhead)
    }
    #expect(ahead.first == 0 && ahead.last! > depth, "\(ahead)")
  }

  /// The error of a peer comes in place of the first step that it concerns, as it is, and the steps before it are there.
  @Test func theErrorOfAPeerComesInPlaceOfItsStep() throws {
    struct Full: Error, CustomStringConvertible { var description: String { "the disk is on fire" } }
    for kind in [MessageKind.pullRows, .sampleNeighbors] {
      let answered = Answered()
      var handlers = handlers
      let answer = handlers[kind]!
      handlers[kind] = { request in
        guard answered.next() < 12 else { throw Full() }
        return try answer(request)
      }
      let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
      defer { server.close() }
      let pipeline = try pipeline(server, depth: 2, memory: 1, steps: 100)
      var taken = 0
      let error = #expect(throws: MessagingError.self) {
        for step in 0..<100 {
          _ = try pipeline.take(step)
          taken += 1
        }
      }
      #expect(error == .refused(peer: 1, endpoint: server.endpoint, reason: "the disk is on fire"))
      // One pull a step; one request for samples a step and hop, but none of seeds, which are all here.
      #expect(taken == 12, "\(taken) steps before the error")
      #expect(throws: MessagingError.self) { try pipeline.take(taken) }
      pipeline.close()
    }
  }

  /// The rows of the first turns come only after the next turn's samples have gone out: nothing would come if they were not on their way
  /// while that is sampled.
  @Test func rowsTravelWhileTheNextStepsAreSampled() throws {
    let (sampled, pulled) = (Counter(), Counter())
    let waker = Waker()
    var handlers = handlers
    let (sample, pull) = (handlers[.sampleNeighbors]!, handlers[.pullRows]!)
    // One request for samples a turn, since seeds are all here, and one for rows.
    handlers[.sampleNeighbors] = { request in
      defer {
        sampled.add()
        waker.wakeServer()
      }
      return try sample(request)
    }
    handlers[.pullRows] = { request in
      if pulled.value < 2, sampled.value < pulled.value + 2 { throw NotYet() }
      pulled.add()
      return try pull(request)
    }
    let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
    defer { server.close() }
    waker.server.withLock { $0 = server }
    let steps = 2 * plan.stepsPerEpoch
    let pipeline = try pipeline(server, depth: 4, steps: steps)
    defer { pipeline.close() }
    for step in 0..<steps { _ = try pipeline.take(step) }
    #expect(pulled.value > 2 && sampled.value > 2)
    waker.server.withLock { $0 = nil }
  }

  /// A pipeline ends at any moment: before its first step, while it loads, when all is loaded.
  @Test func aPipelineIsClosedAtAnyMoment() throws {
    let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
    defer { server.close() }
    for taken in [0, 1, 5, 40] {
      let pipeline = try pipeline(server, depth: 4, steps: 40)
      for step in 0..<taken { _ = try pipeline.take(step) }
      pipeline.close()
      pipeline.close()
    }
    // Nobody closes this one.
    _ = try pipeline(server, depth: 4, steps: 40).take(0)
  }

  /// Has a server look again at requests that it has kept.
  private final class Waker: Sendable {
    let server = Mutex<Server?>(nil)
    func wakeServer() { server.withLock { $0?.wakeUp() } }
  }

  private final class Answered: Sendable {
    private let count = Counter()
    func next() -> Int {
      defer { count.add() }
      return count.value
    }
  }
}
