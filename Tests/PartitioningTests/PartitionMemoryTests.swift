import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PartitionMemoryTests {
  private func options(_ method: PartitionMethod, memory: Int? = nil, folder: String = "/none") -> PartitionOptions {
    var options = PartitionOptions(partCount: 4, method: method, balance: [BalanceTarget("nodes"), BalanceTarget("edges")])
    (options.memory, options.scratchDirectory) = (memory, folder)
    return options
  }

  /// The bytes that a refusal asks for.
  private func least(_ graph: RawGraph, _ method: PartitionMethod) throws -> Int {
    let error = #expect(throws: InputError.self) { try PartitionMemory(graph, options(method, memory: 1), threads: Threads(2)) }
    let words = try #require(error).expected.split(separator: " ")
    #expect(words.prefix(2) == ["at", "least"] && words[2].hasSuffix("MiB") && error?.found == "0MiB")
    return try #require(Int(words[2].dropLast(3))) << 20
  }

  @Test(arguments: [PartitionMethod.multilevel, .streaming])
  func theLeanestWayFindsTheSameParts(method: PartitionMethod) throws {
    let directory = try TemporaryDirectory()
    let graph = try Generators.RMAT(nodes: 30_000, edges: 400_000, seed: 4).generate(threads: Threads(2))
    let limit = try least(graph, method)
    let lean = options(method, memory: limit, folder: directory.path)
    let plan = try PartitionMemory(graph, lean, threads: Threads(2))
    #expect(plan.peak.high <= Double(limit) && plan.scratch >= 8 * 400_000)
    let found = try Partitioner.assign(graph, lean, threads: Threads(2))
    let free = try Partitioner.assign(graph, options(method), threads: Threads(1))
    #expect(found.parts == free.parts)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty, "temporary files have no names")
    #expect(throws: SystemError.self) {
      try Partitioner.assign(graph, options(method, memory: limit, folder: "/nonexistent"), threads: Threads(2)).partCount
    }
  }

  /// What is read over the edges stays in memory; the rows that it belongs to need not.
  @Test func weighedEdgesFindTheSamePartsInLittleMemory() throws {
    let directory = try TemporaryDirectory()
    let graph = try Generators.RMAT(nodes: 20_000, edges: 400_000, seed: 9).generate(threads: Threads(2))
    var weighed = options(.multilevel, folder: directory.path)
    weighed.objective = .bytes
    weighed.batches = ExpectedBatches(fanout: "5,5", limits: [[5], [5]], batchSize: 100)
    let free = try PartitionMemory(graph, weighed, threads: Threads(2))
    let plain = try PartitionMemory(graph, options(.multilevel), threads: Threads(2))
    // Some edges are loops.
    #expect(free.peak.low >= plain.peak.low + 4 * 780_000)
    let expected = try Partitioner.assign(graph, weighed, threads: Threads(1)).parts
    weighed.memory = Int(free.peak.low)
    let lean = try PartitionMemory(graph, weighed, threads: Threads(2))
    #expect(lean.scratch > 0 && lean.peak.high <= free.peak.low)
    #expect(try Partitioner.assign(graph, weighed, threads: Threads(2)).parts == expected)
  }

  @Test func replicasTakeWhatTheirListsHold() throws {
    let graph = LevelGraphs.grid(100, 100)
    var kept = options(.random)
    let plain = try PartitionMemory(graph, kept, threads: Threads(1)).peak
    kept.haloHops = 2
    // Every part may need every node as a source, 8 bytes each.
    #expect(try PartitionMemory(graph, kept, threads: Threads(1)).peak.low >= plain.low + 4 * 8 * 10_000)
    kept.haloHops = 0
    kept.replicas = 0.5
    kept.batches = ExpectedBatches(fanout: "5,5", limits: [[5], [5]], batchSize: 100)
    #expect(try PartitionMemory(graph, kept, threads: Threads(1)).peak.low >= plain.low + 4 * 8 * 10_000)
  }

  @Test func nothingGoesToFilesWhereThereIsRoom() throws {
    let graph = LevelGraphs.grid(60, 60)
    for method in [PartitionMethod.multilevel, .streaming, .random] {
      let plan = try PartitionMemory(graph, options(method, memory: 4 << 30), threads: Threads(2))
      #expect(plan.edges == .memory && plan.scratch == 0)
      #expect(plan.peak.low <= plan.peak.high && plan.peak.high < Double(1 << 30))
    }
  }

  /// The sizes of the issue: 16 million nodes, 400 million edges, 16 parts in 12 GiB, as far as that can be told without the graph.
  @Test func entriesTakeWhatTheTableSays() throws {
    let few = LevelGraphs.graph(1000, (0..<999).map { ($0, $0 + 1) })
    let many = LevelGraphs.graph(1000, (0..<99_900).map { ($0 % 999, $0 % 999 + 1) })
    // Two entries an edge of eight bytes, which are merged, and levels of at most twelve bytes an entry: few enough arcs for large steps.
    let spans = try [few, many].map { try PartitionMemory($0, options(.multilevel), threads: Threads(1)).peak }
    let entries = Double(2 * (99_900 - 999))
    #expect(spans[1].high - spans[0].high >= 20 * entries && spans[1].high - spans[0].high <= 110 * entries)
    #expect(spans[1].low - spans[0].low >= 4 * entries)
    // Edges that are no pages of a file count themselves.
    let random = try [few, many].map { try PartitionMemory($0, options(.random), threads: Threads(1)).peak }
    #expect(random[1].high - random[0].high >= Double(16 * (99_900 - 999)))
  }
}
