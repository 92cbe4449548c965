import Foundation
import Graphs
import KVStore
import Kernels
import Partitions
import Tensors
import Testing

@Suite struct TableShardsTests {
  /// Six nodes with a dense and a sparse table; nodes 0, 1, 4 are part 0, nodes 2, 3, 5 are part 1.
  static func graph() -> RawGraph {
    let words = SparseRows(
      rows: 6, columns: 9, indptr: ArrayView([0, 1, 1, 3, 4, 6, 6]), indices: ArrayView([8, 0, 5, 3, 2, 7]),
      values: ArrayView([0.5, 1, 2, 3, 4, 5]))
    let dense = DenseRows(floats: Buffer(copying: (0..<84).map(Float.init)), rows: 6, columns: 14)
    let nodes = NodeData(count: 6, tables: ["x": .dense(dense), "words": .sparse(words)])
    let edges = EdgeList(sources: ArrayView([0, 2, 3]), destinations: ArrayView([2, 1, 5]))
    return RawGraph(name: "six", schema: .plain, nodes: [nodes], edges: [edges])
  }

  static func assignment() -> PartitionAssignment {
    let metrics = PartitionMetrics(cutEdges: 2, cut: 2.0 / 3, haloNodes: 2, halo: 1.0 / 3, imbalance: [:])
    return PartitionAssignment(
      partCount: 2, parts: [0, 0, 1, 1, 0, 1], record: PartitionerRecord(method: "given", seed: 0, tolerances: [:], options: [:]),
      metrics: metrics, randomMetrics: metrics, unmet: [])
  }

  @Test func mappedAndResidentTablesOfADirectoryHoldTheSameRows() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("kvstore-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let manifest = try PartitionWriter.write(Self.graph(), Self.assignment(), to: path, threads: Threads(1))
    let parts = try (0..<2).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
    // In the parts' order: part 0 holds nodes 0, 1, 4; part 1 holds nodes 2, 3, 5.
    let order = [0, 1, 4, 2, 3, 5]
    let ids = (0..<6).map { GlobalID(Int64($0)) }

    let x = try #require(manifest.tables.firstIndex { $0.name == "x" })
    #expect(manifest.tables[x].strideBytes == 64)
    let expected = order.map { node in
      TestTable.Row(bytes: (0..<14).map { Float(node * 14 + $0) }.withUnsafeBytes { Array($0) })
    }
    let words = try #require(manifest.tables.firstIndex { $0.name == "words" })
    let entries: [[(UInt32, Float)]] = [[(8, 0.5)], [], [(0, 1), (5, 2)], [(3, 3)], [(2, 4), (7, 5)], []]
    let expectedWords = order.map { node in
      TestTable.Row(columns: entries[node].map(\.0), values: entries[node].map(\.1.bitPattern))
    }
    for resident in [[], [0], [0, 1]] as [Set<Int>] {
      let dense = TableShards(number: x, of: manifest, in: parts, resident: resident)
      let store = RowStore(shards: dense, book: parts[0].book, workers: [0, 0], client: nil)
      #expect(try store.read([ids]) == [expected], "resident \(resident)")
      for part in 0..<2 {
        guard case .dense(let rows)? = dense.shards[part], case .dense(let file)? = parts[part].nodes[0].tables["x"] else {
          Issue.record("not dense")
          return
        }
        #expect((rows.bytes.pointer == file.bytes.pointer) == !resident.contains(part))
      }
      let sparse = TableShards(number: words, of: manifest, in: parts, resident: resident)
      let sparseStore = RowStore(shards: sparse, book: parts[0].book, workers: [0, 0], client: nil)
      #expect(try sparseStore.read([ids]) == [expectedWords], "resident \(resident)")
    }
  }

  @Test func aShardOfAnotherShapeTraps() async {
    await #expect(processExitsWith: .failure) {
      let table = TestTable(sizes: [[2]], columns: 3, strideBytes: 12, seed: 0)
      let wider = TestTable(sizes: [[2]], columns: 4, strideBytes: 16, seed: 0)
      _ = TableShards(number: 0, description: wider.description, shards: table.shards)
    }
  }
}
