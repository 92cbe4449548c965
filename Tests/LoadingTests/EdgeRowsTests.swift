import Foundation
import Graphs
import KVStore
import Kernels
import Loading
import Messaging
import Partitions
import Sampling
import Tensors
import Testing

/// Rows of sampled edges are those of the input's table by edge number, whoever owns them and however they come.
@Suite(.serialized) struct EdgeRowsTests {
  private static let partCount = 4
  private static let seed: UInt64 = 7
  /// In-edges by layer, input hop first, and relation.
  private static let limits = [[3, 2, 4], [2, Int.max, 3]]

  /// The workers of a run: each owns some parts, serves them, and maps these or all.
  private final class Workers {
    let graph: NumberedEdges
    let manifest: Manifest
    let parts: [LocalPartition]
    let owners: [Int]
    private let folder: String
    private var servers: [Server] = []

    init(_ graph: NumberedEdges, workers: Int, haloHops: Int = 0, damage: (@Sendable (ReplyBuffer) -> ReplyBuffer)? = nil) throws {
      self.graph = graph
      folder = NSTemporaryDirectory() + "halo-edge-rows-\(UUID().uuidString)"
      let manifest = try graph.write(parts: partCount, to: folder, haloHops: haloHops)
      let path = folder
      let parts = try (0..<partCount).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
      self.manifest = manifest
      self.parts = parts
      owners = (0..<partCount).map { $0 * workers / partCount }
      guard workers > 1 else { return }
      for worker in 0..<workers {
        let own = parts.filter { owners[$0.part] == worker }
        let tables =
          manifest.tables.indices.map { TableShards(number: $0, of: manifest, in: own) }
          + manifest.edgeTables.indices.map { TableShards(edgeTable: $0, of: manifest, in: own) }
        let book = PartitionBook(manifest)
        var handlers = rowHandlers(
          book: book, edges: PartitionBook(edgesOf: manifest), tables: ServedTables(tables, serving: own[0].part..<own[0].part + own.count))
        let sample = SamplingService.handler(
          book: book, own: Dictionary(uniqueKeysWithValues: own.map { ($0.part, $0.inEdges) }),
          relationCount: manifest.schema.relations.count, seed: seed)
        handlers[.sampleNeighbors] = { request in
          let reply = try sample(request)
          return damage?(reply) ?? reply
        }
        servers.append(try Server(token: 3, handlers: handlers, host: "127.0.0.1"))
      }
    }

    deinit {
      for server in servers { server.close() }
      try? FileManager.default.removeItem(atPath: folder)
    }

    var plan: BatchPlan {
      BatchPlan(
        order: .balanced, seed: EdgeRowsTests.seed, batchSize: 8, trainCounts: manifest.parts.map { $0.splits[0].train[0] })
    }

    var limits: [[Int]] { EdgeRowsTests.limits.map { Array($0.prefix(graph.relations.count)) } }

    /// What `worker` loads its batches with.
    ///
    /// - Parameter cache: Of each table's rows.
    func loading(
      _ worker: Int, maps: Bool, purpose: RandomPurpose = .sample, cache: RowCacheOptions? = nil, threads: Int = 1
    ) throws -> (loader: BatchLoader, source: RoutedNeighborSource, pulling: Client?) {
      let own = parts.filter { owners[$0.part] == worker }
      let mapped = maps ? parts : own
      let others = Set(owners.filter { $0 != worker })
      func connect() throws -> Client? {
        try maps || others.isEmpty
          ? nil : Client(token: 3, endpoints: Dictionary(uniqueKeysWithValues: others.map { ($0, servers[$0].endpoint) }))
      }
      let (client, pulling) = (try connect(), try connect())
      let source = RoutedNeighborSource(
        book: PartitionBook(manifest), mapped: Dictionary(uniqueKeysWithValues: mapped.map { ($0.part, $0.inEdges) }),
        replicas: maps ? [] : own.compactMap(\.replicatedInEdges), worker: owners, client: client, listCount: own.count,
        edges: EdgeRanges(manifest))
      let nodes = RowStore(
        shards: TableShards(number: 0, of: manifest, in: mapped), book: PartitionBook(manifest), workers: owners, client: pulling,
        cache: cache)
      let edges = manifest.edgeTables.indices.map { table in
        RowStore(
          shards: TableShards(edgeTable: table, of: manifest, in: mapped, resident: worker == 1 ? Set(own.map(\.part)) : []),
          book: PartitionBook(edgesOf: manifest), workers: owners, client: pulling, cache: cache)
      }
      var sampling = SamplingMethod()
      sampling.purpose = purpose
      let loader = BatchLoader(
        parts: own, nodeType: 0, split: 0, plan: plan, seed: EdgeRowsTests.seed, sampling: sampling, limits: limits, wantsDegrees: true,
        source: source, store: graph.isPlain ? nodes : nil, edgeStores: edges, threads: Threads(threads))
      return (loader, source, pulling)
    }
  }

  /// What is wrong with the edges of a batch and their rows; empty: nothing.
  private func faults(_ batch: PartBatch, of workers: Workers, step: Int, purpose: RandomPurpose = .sample) -> [String] {
    let book = PartitionBook(workers.manifest)
    func original(_ id: GlobalID) -> Int64 {
      let part = workers.parts[book.owner(of: id)]
      return part.original[Int(id.rawValue - part.firstGlobalID)]
    }
    var faults: [String] = []
    for (layer, block) in batch.blocks.enumerated() {
      let hop = HopSampler(
        seed: Self.seed, purpose: purpose, hop: workers.limits.count - 1 - layer, step: UInt32(step), limits: workers.limits[layer])
      let numbers = block.relations.enumerated().map { relation, list in
        (0..<block.destinationCount).flatMap { row -> [Int] in
          let destination = block.sourceIDs[row]
          guard book.type(of: destination) == workers.graph.relations[relation].destination else { return [] }
          let taken = workers.graph.taken(of: original(destination), relation: relation, hop: hop, seed: Self.seed)
          let edges = Int(list.indptr[row])..<Int(list.indptr[row + 1])
          let sources = edges.map { original(block.sourceIDs[Int(list.sources[$0])]) }
          if sources != taken.map({ Int64(workers.graph.edges[relation][$0].source) }) { faults.append("sources of row \(row)") }
          return taken
        }
      }
      for (table, (relation, name)) in workers.graph.tables.enumerated() {
        let rows = batch.edgeRows[layer][table]
        let found = (0..<rows.count).map(rows.floats)
        let expected = numbers[relation].map { NumberedEdges.row(name, relation: relation, edge: $0) }
        if found != expected { faults.append("table \(name) of relation \(relation) in layer \(layer), step \(step)") }
      }
      for relation in block.relations where !workers.graph.tables.contains(where: { $0.0 == relation.relation }) {
        if relation.edges.elements.contains(where: { $0 != -1 }) { faults.append("ids of relation \(relation.relation)") }
      }
    }
    return faults
  }

  @Test(arguments: [RandomPurpose.sample, .labor], [false, true])
  func rowsAreTheInputsByEdgeNumber(purpose: RandomPurpose, isPlain: Bool) throws {
    for (seed, workers, maps, haloHops) in [(1, 1, true, 0), (2, 2, true, 0), (3, 2, false, 1), (4, 4, false, 0), (5, 3, false, 2)]
      as [(UInt64, Int, Bool, Int)]
    {
      let group = try Workers(NumberedEdges(seed: seed, isPlain: isPlain), workers: workers, haloHops: haloHops)
      #expect(group.manifest.edgeTables.map(\.name) == group.graph.tables.map(\.1))
      for worker in 0..<workers {
        let (loader, source, _) = try group.loading(worker, maps: maps, purpose: purpose, threads: 1 + worker % 3)
        var edges = 0
        for step in 0..<2 * group.plan.stepsPerEpoch {
          let (epoch, number) = step.quotientAndRemainder(dividingBy: group.plan.stepsPerEpoch)
          let batches = try loader.sample(epoch: epoch, step: number)
          try loader.fetch(epoch: epoch, step: number)
          for batch in batches {
            edges += batch.edgeCount
            #expect(faults(batch, of: group, step: step, purpose: purpose) == [], "\(workers) workers, seed \(seed), part \(batch.part)")
          }
        }
        #expect(edges > 200)
        #expect((source.remoteNodes > 0) == (workers > 1 && !maps))
      }
    }
  }

  /// Any depth and window: the same rows, within the budget, counted.
  @Test(arguments: [(1, 1), (1, 1 << 20), (4, 120_000), (3, 1 << 20), (8, 1 << 24)])
  func aPipelineLoadsTheSameRows(depth: Int, memory: Int) throws {
    let group = try Workers(NumberedEdges(seed: 8, isPlain: true), workers: 2)
    let steps = 3 * group.plan.stepsPerEpoch
    for (worker, cached) in [(0, true), (1, false)] {
      let cache = RowCacheOptions(policy: .window, rows: 9, spareBytes: 1 << 10, stepsAhead: depth)
      let (loader, source, pulling) = try group.loading(worker, maps: false, cache: cached ? cache : nil)
      let pipeline = PrefetchPipeline(
        loader: loader, source: source, pulling: try #require(pulling), limits: .init(memoryBytes: memory, depth: depth), end: steps)
      defer { pipeline.close() }
      var edges = 0
      for step in 0..<steps {
        for batch in try pipeline.take(step) {
          #expect(faults(batch, of: group, step: step) == [], "step \(step), part \(batch.part)")
          edges += batch.edgeCount
        }
      }
      let totals = pipeline.totals
      // Both tables have a row for every sampled edge; each different remote edge of a step is pulled once, or kept.
      #expect(totals.edgeRows.rowsAsked == 2 * edges)
      #expect(totals.edgeRows.rowsPulled > 0 && totals.edgeRows.rowsPulled <= totals.edgeRows.rowsRemote)
      #expect((totals.edgeRows.rowsCached > 0) == cached && totals.edgeRows.rowsRemote < totals.edgeRows.rowsAsked)
      #expect(totals.edgeRows.bytesPulled == totals.edgeRows.rowsPulled / 2 * (12 + 10))
      #expect(totals.rows.rowsAsked > 0)
      if memory >= 1 << 20 { #expect(totals.stepsFetchedAhead == depth && totals.bytesAhead <= memory) }
      if memory == 1 { #expect(totals.stepsFetchedAhead == 0) }
    }
  }

  /// What is held with rows of edges stays within any budget, or is what a single batch needs, and does not depend on who is faster.
  @Test func whatIsHeldStaysWithinAnyBudget() throws {
    let group = try Workers(NumberedEdges(seed: 9, isPlain: true), workers: 2)
    let steps = 2 * group.plan.stepsPerEpoch
    func run(_ memory: Int, delayed: (Int) -> Bool) throws -> LoadingTotals {
      let (loader, source, pulling) = try group.loading(0, maps: false)
      let pipeline = PrefetchPipeline(
        loader: loader, source: source, pulling: try #require(pulling), limits: .init(memoryBytes: memory, depth: 4), end: steps)
      defer { pipeline.close() }
      for step in 0..<steps {
        _ = try pipeline.take(step)
        if delayed(step) { Thread.sleep(forTimeInterval: 0.002) }
      }
      return pipeline.totals
    }
    let alone = try run(1) { _ in false }
    var ahead: [Int] = []
    for budget in stride(from: alone.bytesAhead / 2, to: alone.bytesAhead + 400_000, by: 40_009) + [1 << 24] {
      let fast = try run(budget) { _ in false }
      let slow = try run(budget) { $0 % 3 == 1 }
      #expect(fast.bytesAhead <= max(budget, alone.bytesAhead), "\(fast.bytesAhead) bytes of \(budget), \(alone.bytesAhead) alone")
      #expect(fast.bytesAhead == slow.bytesAhead && fast.edgeRows == slow.edgeRows && fast.peers == slow.peers, "\(budget) bytes")
      ahead.append(fast.stepsFetchedAhead + fast.stepsSampledAhead)
    }
    #expect(ahead.first == 0 && ahead.last! > 4, "\(ahead)")
  }

  /// An owner that names edges of other nodes is refused, whatever step of a round it is about.
  @Test func wrongEdgeIDsOfAnOwnerAreRefused() throws {
    let group = try Workers(NumberedEdges(seed: 4, isPlain: true), workers: 2) { reply in
      // The last edge id of the answer, 4 bytes, becomes the first of the graph.
      let payload = reply.buffer.payload
      if payload.count >= 20 { payload.storeBytes(of: 0, toByteOffset: payload.count - 4, as: UInt32.self) }
      return reply
    }
    let (loader, source, pulling) = try group.loading(0, maps: false)
    let pipeline = PrefetchPipeline(
      loader: loader, source: source, pulling: try #require(pulling), limits: .init(memoryBytes: 1 << 24, depth: 4), end: 100)
    defer { pipeline.close() }
    let error = #expect(throws: InputError.self) { for step in 0..<10 { _ = try pipeline.take(step) } }
    #expect(error?.description.hasPrefix("sampling reply of worker 1: expected increasing edge ids of ") == true)
    #expect(error?.description.hasSuffix("found 0") == true)
  }
}
