import Foundation
import Graphs
import KVStore
import Kernels
import Messaging
import Partitions
import Tensors
import Testing

/// Rows of edges by global edge id: mapped, resident and pulled.
@Suite(.serialized) struct EdgeRowsTests {
  /// Six nodes in three parts, 0 and 3, 1 and 4, 2 and 5; nobody's edge ends in part 1. The second relation has tables.
  private func graph() -> RawGraph {
    func list(_ pairs: [(UInt32, UInt32)]) -> EdgeList {
      EdgeList(sources: ArrayView(pairs.map(\.0)), destinations: ArrayView(pairs.map(\.1)))
    }
    var likes = list([(0, 3), (4, 0), (2, 5), (1, 2), (3, 0)])
    let dense = DenseRows(floats: Buffer(copying: (0..<15).map(Float.init)), rows: 5, columns: 3)
    let words = SparseRows(
      rows: 5, columns: 9, indptr: ArrayView([0, 1, 1, 3, 4, 6]), indices: ArrayView([8, 0, 5, 3, 2, 7]),
      values: ArrayView([0.5, 1, 2, 3, 4, 5]))
    likes.tables = ["x": .dense(dense), "words": .sparse(words)]
    let relations = ["knows", "likes"].map { Relation(name: $0, source: 0, destination: 0) }
    let nodes = NodeData(count: 6, tables: ["x": .dense(DenseRows(floats: Buffer(copying: [1, 2, 3, 4, 5, 6]), rows: 6, columns: 1))])
    return RawGraph(
      name: "six", schema: Schema(nodeTypes: ["node"], relations: relations), nodes: [nodes], edges: [list([(0, 3), (1, 5)]), likes])
  }

  private func withParts(_ body: (Manifest, [LocalPartition]) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("kvstore-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let metrics = PartitionMetrics(cutEdges: 0, cut: 0, haloNodes: 0, halo: 0, imbalance: [:])
    let assignment = PartitionAssignment(
      partCount: 3, parts: [0, 1, 2, 0, 1, 2], record: PartitionerRecord(method: "given", seed: 0, tolerances: [:], options: [:]),
      metrics: metrics, randomMetrics: metrics, unmet: [])
    let manifest = try PartitionWriter.write(graph(), assignment, to: path, threads: Threads(1))
    try body(manifest, try (0..<3).map { try LocalPartition(directory: path, manifest: manifest, part: $0) })
  }

  // Part 0: knows 0 → 3; likes 3 → 0 (edge 4), 4 → 0 (edge 1), 0 → 3 (edge 0). Part 2: knows 1 → 5; likes 1 → 2 (edge 3), 2 → 5 (edge 2).
  private let ids = [5, 1, 3, 6, 2, 1].map { GlobalID(Int64($0)) }
  private let edges = [3, 4, 0, 2, 1, 4]

  private var denseRows: [TestTable.Row] {
    edges.map { edge in TestTable.Row(bytes: (0..<3).map { Float(edge * 3 + $0) }.withUnsafeBytes { Array($0) }) }
  }

  private var sparseRows: [TestTable.Row] {
    let entries: [[(UInt32, Float)]] = [[(8, 0.5)], [], [(0, 1), (5, 2)], [(3, 3)], [(2, 4), (7, 5)]]
    return edges.map { TestTable.Row(columns: entries[$0].map(\.0), values: entries[$0].map(\.1.bitPattern)) }
  }

  @Test func rowsAreFoundWhereverTheyLie() throws {
    try withParts { manifest, parts throws in
      let book = PartitionBook(edgesOf: manifest)
      #expect(book.bounds == [0, 1, 4, 4, 4, 5, 7] && manifest.edgeTables.map(\.name) == ["words", "x"])
      for resident in [[], [0, 2]] as [Set<Int>] {
        for (number, expected) in [sparseRows, denseRows].enumerated() {
          let shards = TableShards(edgeTable: number, of: manifest, in: parts, resident: resident)
          #expect(shards.number == manifest.tables.count + number)
          let store = RowStore(shards: shards, book: book, workers: [0, 0, 0], client: nil)
          #expect(try store.read([ids, [ids[2]]]) == [expected, [expected[2]]], "resident \(resident), table \(number)")
        }
      }
    }
  }

  @Test func rowsOfOthersArePulledFromTheirOwner() throws {
    try withParts { manifest, parts throws in
      let book = PartitionBook(edgesOf: manifest)
      let tables = [0, 1].map { TableShards(edgeTable: $0, of: manifest, in: [parts[1], parts[2]]) }
      let nodes = TableShards(number: 0, of: manifest, in: [parts[1], parts[2]])
      let served = ServedTables([nodes] + tables, serving: 1..<3)
      let handlers = rowHandlers(book: parts[0].book, edges: book, tables: served)
      let server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
      defer { server.close() }
      let client = try Client(token: 8, endpoints: [1: server.endpoint])
      for (number, expected) in [sparseRows, denseRows].enumerated() {
        let shards = TableShards(edgeTable: number, of: manifest, in: [parts[0]])
        let store = RowStore(shards: shards, book: book, workers: [0, 1, 1], client: client)
        #expect(try store.read([ids]) == [expected], "table \(number)")
        #expect(store.isRemote(5) && !store.isRemote(2))
      }
      let rows = RowStore(
        shards: TableShards(number: 0, of: manifest, in: [parts[0]]), book: parts[0].book, workers: [0, 1, 1], client: client)
      #expect(
        try rows.read([[GlobalID(4), GlobalID(0)]])[0].map(\.bytes) == ([[3], [1]] as [[Float]]).map { $0.withUnsafeBytes { Array($0) } })
    }
  }

  @Test func idsOfOtherRelationsAreRefused() throws {
    try withParts { manifest, parts throws in
      let store = RowStore(
        shards: TableShards(edgeTable: 1, of: manifest, in: parts), book: PartitionBook(edgesOf: manifest), workers: [0, 0, 0], client: nil)
      for id in [0, 4, 7, -1] as [Int64] { #expect(throws: InputError.self) { try store.read([[GlobalID(id)]]) } }
    }
  }
}
