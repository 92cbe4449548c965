import Graphs
import KVStore
import Messaging
import Tensors
import Testing

@Suite(.serialized) struct ReplicaRowsTests {
  /// Four parts of worker 0 (parts 0 and 1) and worker 1 (parts 2 and 3), as in `RowStoreTests`.
  static let tables = RowStoreTests.tables

  /// Rows of these nodes, cut out of the parts that own them.
  private func replicas(_ ids: [Int64], of table: TestTable) -> TableShards.Replicas {
    let rows = ids.map { table.rows[Int($0)]! }
    let description = table.description
    let kept: FeatureTable
    if description.layout == .dense {
      let bytes = rows.flatMap { $0.bytes + [UInt8](repeating: 0, count: description.strideBytes - $0.bytes.count) }
      kept = .dense(
        DenseRows(
          rows: rows.count, columns: description.columns, strideBytes: description.strideBytes, elementType: description.elementType,
          bytes: ArrayView(bytes)))
    } else {
      var indptr: [Int64] = [0]
      for row in rows { indptr.append(indptr.last! + Int64(row.columns.count)) }
      kept = .sparse(
        SparseRows(
          rows: rows.count, columns: description.columns, indptr: ArrayView(indptr), indices: ArrayView(rows.flatMap(\.columns)),
          values: ArrayView(rows.flatMap { $0.values.map(Float.init(bitPattern:)) })))
    }
    return TableShards.Replicas(nodes: ArrayView(ids), rows: kept)
  }

  @Test(arguments: tables.indices)
  func replicasAreReadInPlaceAndHaveTheSameBits(index: Int) throws {
    let (type, columns, stride) = Self.tables[index]
    let table = TestTable(sizes: RowStoreTests.sizes, columns: columns, elementType: type, strideBytes: stride, seed: 4)
    let server = try table.server(of: 2..<4)
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    // Parts 2 and 3 hold ids 40 … 125; two lists overlap, one names nodes that are here anyway.
    let lists = [Swift.stride(from: 40, to: 90, by: 3), Swift.stride(from: 5, to: 126, by: 5), Swift.stride(from: 0, to: 0, by: 1)].map {
      $0.map(Int64.init)
    }
    for resident in [[], [0, 1]] as [Set<Int>] {
      let shards = TableShards(
        number: 0, description: table.description, shards: table.shards.filter { $0.key < 2 },
        replicas: lists.map { replicas($0, of: table) }, resident: resident)
      let store = RowStore(shards: shards, book: table.book, workers: RowStoreTests.workers, client: client)
      let replicated = Set(lists.joined()).filter { $0 >= 40 }
      var (asked, local, pulled) = (0, 0, 0)
      for seed in 0..<10 as Range<UInt64> {
        let wanted = [table.sample(Int(seed) * 37 % 150, seed: seed), table.sample(90, seed: seed + 100)]
        let expected = wanted.map { $0.map { table.rows[Int($0.rawValue)]! } }
        #expect(try store.read(wanted, threads: 1 + Int(seed % 3)) == expected, "seed \(seed)")
        let all = wanted.joined().map(\.rawValue)
        asked += all.count
        local += all.count { $0 < 40 || replicated.contains($0) }
        pulled += Set(all.filter { $0 >= 40 && !replicated.contains($0) }).count
      }
      let traffic = store.traffic
      #expect(traffic.rowsAsked == asked && traffic.rowsLocal == local && traffic.rowsPulled == pulled)
      #expect(traffic.rowsReplicated > 0 && traffic.rowsReplicated < local)
    }
  }
}
