import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct WeightColumnTests {
  private func graph(_ table: FeatureTable) -> RawGraph {
    RawGraph(
      name: "g", schema: .plain, nodes: [NodeData(count: table.rows, tables: ["w": table])],
      edges: [EdgeList(sources: ArrayView(), destinations: ArrayView())])
  }

  private func table<T: BitwiseCopyable>(_ values: [T], _ type: ElementType) -> FeatureTable {
    let bytes = values.withUnsafeBytes { Array($0) }
    let width = MemoryLayout<T>.stride
    return .dense(DenseRows(rows: values.count, columns: 1, strideBytes: width, elementType: type, bytes: ArrayView(bytes)))
  }

  private func loads(_ table: FeatureTable) throws -> [UInt32] {
    let column = try WeightColumn("w", of: graph(table))
    return withExtendedLifetime(column) { Array(column.loads.elements) }
  }

  @Test func wholeNumbersCountAsTheyAre() throws {
    #expect(try loads(SmallGraphs.dense([3, 0, 4_000_000], columns: 1)) == [3, 0, 4_000_000])
    #expect(try loads(table([7, 0, 123] as [Int32], .int32)) == [7, 0, 123])
    #expect(try loads(table([4_294_967_295, 1] as [Int64], .int64)) == [.max, 1])
    #expect(try loads(table([200, 1] as [UInt8], .uint8)) == [200, 1])
    #expect(try loads(table([1, 0, 1] as [UInt8], .bool)) == [1, 0, 1])
    #expect(try loads(table([2, 65_504] as [Float16], .float16)) == [2, 65_504])
    #expect(try loads(table([0x4040, 0x4000] as [UInt16], .bfloat16)) == [3, 2])
    #expect(try loads(SmallGraphs.dense([0, 0], columns: 1)) == [0, 0])
  }

  @Test func otherNumbersAreScaledToTheLargest() throws {
    let top: UInt32 = 1 << 30
    #expect(try loads(SmallGraphs.dense([0.5, 0.25, 0, 0.125], columns: 1)) == [top, top / 2, 0, top / 4])
    #expect(try loads(table([4_294_967_296, 1_073_741_824, 1] as [Int64], .int64)) == [top, top / 4, 0])
    #expect(try loads(table([1e-300, 3e-300] as [Double], .float64)) == [357_913_941, top])
  }

  @Test func whatCannotBeBalancedIsOneClearError() {
    func error(_ table: FeatureTable) -> InputError? { #expect(throws: InputError.self) { try loads(table) } }
    #expect(
      error(SmallGraphs.dense([1, -2], columns: 1))
        == InputError("table 'w' of node, row 1", expected: "a finite number of 0 or more to balance", found: "-2.0"))
    #expect(error(SmallGraphs.dense([.nan, 1], columns: 1))?.place == "table 'w' of node, row 0")
    #expect(error(SmallGraphs.dense([1, .infinity], columns: 1))?.found == "inf")
    #expect(
      error(SmallGraphs.dense([1, 2, 3, 4], columns: 2))
        == InputError("table 'w' of node", expected: "a dense table of one column to balance", found: "2 columns"))
    let sparse = SparseRows(rows: 1, columns: 1, indptr: ArrayView([0, 1]), indices: ArrayView([0]), values: ArrayView([1]))
    #expect(error(.sparse(sparse))?.found == "a sparse one")
    #expect(throws: InputError("balance", expected: "weight:w", found: "'weight:v'")) {
      try WeightColumn("v", of: graph(SmallGraphs.dense([1], columns: 1)))
    }
  }

  @Test func typesWithoutTheTableCountNothing() throws {
    var graph = SmallGraphs.papers
    graph.nodes[1].tables["w"] = SmallGraphs.dense([5, 6, 7], columns: 1)
    let column = try WeightColumn("w", of: graph)
    withExtendedLifetime(column) { #expect(Array(column.loads.elements) == [0, 0, 5, 6, 7]) }
    let parts = SmallGraphs.papersParts
    let counts = PartLoads(of: .weight("w"), graph: graph, parts: parts, partCount: 2, threads: Threads(1)).counts
    #expect(counts == [12, 6])
  }

  @Test func writtenWeightsAreVerifiedAndKeepTheirType() throws {
    let directory = try TemporaryDirectory()
    var graph = SmallGraphs.cycle
    graph.nodes[0].tables["w"] = SmallGraphs.dense([1, 2, 3, 4, 5, 0.5], columns: 1)
    var assignment = SmallGraphs.assignment(graph, SmallGraphs.cycleParts)
    let shares = try PartShares(weights: [2, 1], partCount: 2)
    let metrics = PartitionMetrics(
      measuring: SmallGraphs.cycleParts, partCount: 2, graph: graph, shares: shares, weights: [.weight("w")], threads: Threads(1))
    assignment = PartitionAssignment(
      partCount: 2, parts: SmallGraphs.cycleParts,
      record: PartitionerRecord(
        method: "given", seed: 1, tolerances: ["weight:w": 0.05, "nodes": 0.05], options: [:], partWeights: shares.weights),
      metrics: metrics, randomMetrics: metrics, unmet: [])
    let path = directory.file("parts")
    try PartitionWriter.write(graph, assignment, to: path, types: TableTypes(.bfloat16), threads: Threads(1))
    #expect(try Verifier.verify(path, against: graph) == [])
    var manifest = try Manifest.load(path)
    // Values over 5, the largest, times 2³⁰: nodes 0, 1 and 4 hold 8, nodes 2, 3 and 5 hold 7.5.
    let unit = 1_073_741_824.0 / 5
    let expected = [[1, 2, 5], [3, 4, 0.5]].map { $0.reduce(0) { $0 + Int(($1 * unit).rounded()) } }
    #expect(manifest.loads(of: "weight:w") == expected)
    #expect(manifest.metrics.imbalance["nodes"] == 1.5)
    #expect(manifest.unmetTolerances.map(\.part) == [1, 1])
    #expect(manifest.tables.first { $0.name == "w" }?.elementType == .float32)
    #expect(manifest.tables.first { $0.name == "x" }?.elementType == .bfloat16)

    manifest.parts[1].weights = ["weight:w": expected[1] + 1]
    try manifest.encoded().write(to: "\(path)/graph.json")
    #expect(try Verifier.verify(path).contains { $0.message.hasPrefix("weights are the sums of their tables") })
    #expect(throws: InputError.self) {
      try PartitionWriter.write(graph, assignment, to: path, types: TableTypes(byTable: ["w": .int8]), force: true, threads: Threads(1))
    }
  }
}

extension [UInt8] {
  fileprivate func write(to path: String) throws { try Data(self).write(to: URL(fileURLWithPath: path)) }
}
