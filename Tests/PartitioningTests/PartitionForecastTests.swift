import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PartitionForecastTests {
  @Test func bytesOfArraysFollowFromCounts() throws {
    let directory = try TemporaryDirectory()
    for seed in 0..<100 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let k = 1 + random.next(below: min(4, graph.nodes.reduce(0) { $0 + $1.count }))
      let type: ElementType? = [nil, .bfloat16, .int8, .float16][random.next(below: 4)]
      let types = TableTypes(type)
      let found = try Partitioner.assign(graph, PartitionOptions(partCount: k, method: .random, seed: seed), threads: Threads(1))
      let manifest = try PartitionWriter.write(graph, found, to: directory.file("\(seed)"), types: types, threads: Threads(1))
      let size = DirectorySize(graph, partCount: k, types: types)
      #expect(size.files == manifest.files.count, "seed \(seed)")
      let bytes = manifest.files.reduce(0) { $0 + $1.size }
      #expect(
        size.bytes(haloNodes: manifest.metrics.haloNodes) == bytes, "seed \(seed), k \(k), \(graph.name), \(type?.rawValue ?? "as is")")
    }
  }

  @Test func rowsThatPartsExpectToReadAreCounted() throws {
    let directory = try TemporaryDirectory()
    let graph = try Generators.RMAT(nodes: 2048, edges: 20_000, seed: 2).generate(threads: Threads(1))
    var options = PartitionOptions(partCount: 4, method: .random)
    options.batches = ExpectedBatches(fanout: "5,5", limits: [[5], [5]], batchSize: 100)
    let found = try Partitioner.assign(graph, options, threads: Threads(1))
    let manifest = try PartitionWriter.write(graph, found, to: directory.file("parts"), types: TableTypes(), threads: Threads(1))
    let size = DirectorySize(graph, partCount: 4, types: TableTypes(), expectsReads: true)
    let rows = manifest.parts.reduce(0) { $0 + ($1.expectedRows ?? 0) }
    #expect(size.files == manifest.files.count)
    #expect(size.bytes(haloNodes: manifest.metrics.haloNodes, expectedRows: rows) == manifest.files.reduce(0) { $0 + $1.size })
    let forecast = try PartitionForecast(graph, options, types: TableTypes())
    #expect(rows > 0 && 12 * rows <= forecast.diskOfExpectedRows && forecast.files == manifest.files.count)
    #expect(forecast.description.contains("rows that batches read most"))
  }

  @Test func theRandomHaloIsWhatARandomPartitionHas() throws {
    var rmat = Generators.RMAT(nodes: 4096, edges: 40_000, seed: 7)
    rmat.classes = 2
    let graph = try rmat.generate(threads: Threads(1))
    for k in [2, 8] {
      let options = PartitionOptions(partCount: k, method: .random, balance: [BalanceTarget("nodes")])
      let forecast = try PartitionForecast(graph, options, types: TableTypes())
      let found = try Partitioner.assign(graph, options, threads: Threads(1)).metrics.haloNodes
      // Repeated edges count as different ones.
      let expected = Double(forecast.diskOfRandomHalo) / 20
      #expect(expected >= 0.97 * Double(found) && expected <= 1.2 * Double(found), "\(expected), \(found)")
      #expect(forecast.disk == forecast.diskWithoutHalo + forecast.diskOfRandomHalo)
    }
  }

  @Test func aDryRunSaysWhatIsExactAndWhatIsPredicted() throws {
    let graph = try Generators.RMAT(nodes: 1024, edges: 5000, seed: 1).generate(threads: Threads(1))
    let forecast = try PartitionForecast(graph, PartitionOptions(partCount: 4), types: TableTypes())
    #expect(forecast.memory.low > 0 && forecast.memory.low < forecast.memory.high)
    #expect(forecast.seconds.low > 0 && forecast.seconds.low < forecast.seconds.high)
    #expect(forecast.disk > forecast.diskWithoutHalo && forecast.disk < forecast.diskWithoutHalo + forecast.diskOfRandomHalo)
    let text = forecast.description
    for part in ["nothing is written", "exact", "predicted", "take for granted"] { #expect(text.contains(part), "\(part)") }
    #expect(throws: InputError.self) { try PartitionForecast(graph, PartitionOptions(partCount: 2000), types: TableTypes()) }
  }
}
