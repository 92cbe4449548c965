import Foundation
import Graphs
import KVStore
import Partitions
import Tensors
import Testing

/// A worker with parts 0 (nodes 0, 1) and 1 (nodes 2 … 5); part 2 (nodes 6, 7, 8) is another's.
@Suite struct RowScoresTests {
  private static let graph = RawGraph(
    name: "nine", schema: .plain,
    nodes: [NodeData(count: 9, tables: [:], split: Split(train: [0, 2, 3]))],
    edges: [
      EdgeList(
        sources: ArrayView([6, 6, 6, 7, 7, 8, 0, 7, 6, 0]), destinations: ArrayView([0, 1, 2, 2, 2, 3, 2, 8, 8, 6]))
    ])

  private func scores(_ policy: CachePolicy, fanout: Bool) throws -> [Int64: Float]? {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("scores-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let parts: [UInt16] = [0, 0, 1, 1, 1, 1, 2, 2, 2]
    let metrics = PartitionMetrics(cutEdges: 0, cut: 0, haloNodes: 0, halo: 0, imbalance: [:])
    // One of three seeds a step, which takes all its in-edges.
    let reads = ReadForecast(
      Self.graph, parts: parts, partCount: 3, batches: ExpectedBatches(fanout: "9", limits: [[9]], batchSize: 1), threads: Threads(1))
    let assignment = PartitionAssignment(
      partCount: 3, parts: parts, record: PartitionerRecord(method: "given", seed: 0, tolerances: [:], options: [:]), metrics: metrics,
      randomMetrics: metrics, unmet: [], reads: fanout ? reads : nil)
    let manifest = try PartitionWriter.write(Self.graph, assignment, to: path, threads: Threads(1))
    let own = try (0..<2).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
    let scores = try RowScores.of(policy, nodeType: 0, parts: own) { $0 >= 6 }
    return scores.map { Dictionary(uniqueKeysWithValues: zip($0.ids, $0.values)) }
  }

  @Test func haloNodesCountTheirEdgesIntoTheWorkersParts() throws {
    #expect(try scores(.halo, fanout: false) == [6: 3, 7: 2, 8: 1])
  }

  @Test func degreesAreThoseOfTheWholeGraph() throws {
    #expect(try scores(.degree, fanout: false) == [6: 1, 7: 0, 8: 2])
  }

  @Test(arguments: [CachePolicy.vip, .window])
  func probabilitiesOfSeveralPartsAreCombined(policy: CachePolicy) throws {
    // Row 6 is read with seed 0 of part 0 or with seed 2 of part 1; two edges lead from 7 to 2.
    let scores = try #require(try scores(policy, fanout: true))
    #expect(scores.count == 3)
    for (id, expected) in [(6, 5.0 / 9), (7, 5.0 / 9), (8, 1.0 / 3)] as [(Int64, Double)] {
      #expect(abs(Double(scores[id] ?? 0) - expected) < 1e-6, "\(id): \(scores)")
    }
  }

  @Test func withoutProbabilitiesVipNamesTheOptionAndTheWindowCounts() throws {
    #expect(try scores(.none, fanout: false) == nil)
    #expect(try scores(.window, fanout: false) == nil)
    let error = #expect(throws: InputError.self) { try scores(.vip, fanout: false) }
    #expect(error.map { "\($0)" }?.contains("halo partition --fanout") == true)
  }
}
