import Graphs
import Partitions
import Tensors
import Testing

@Suite struct StreamedRowsTests {
  @Test(arguments: [1 << 20, 4000, 64])
  func rowsHoldBothEndsWhateverTheBuffer(buffer: Int) throws {
    let directory = try TemporaryDirectory()
    let key = RandomKey(seed: 5, purpose: .generator)
    let ends = (0..<3000).map { key.bits(id: UInt64($0), step: 0) }.map {
      (boundedIndex($0[0], below: 200), boundedIndex($0[1], below: 200))
    }
    let edges = EdgeList(sources: ArrayView(ends.map(\.0)), destinations: ArrayView(ends.map(\.1)))
    let graph = RawGraph(name: "random", schema: .plain, nodes: [NodeData(count: 201)], edges: [edges])
    let rows = try StreamedRows(graph, bufferBytes: buffer, directory: directory.path, threads: Threads(3))
    for node in 0..<201 {
      let expected = ends.flatMap { a, b in a == b ? [] : (a == UInt32(node) ? [b] : []) + (b == UInt32(node) ? [a] : []) }
      #expect(rows.row(node).map { rows.ends[$0] }.sorted() == expected.sorted())
    }
    #expect(try directory.contents(of: ".").isEmpty, "the file has no name any more")
  }

  @Test func missingFolderIsOneError() throws {
    let edges = EdgeList(sources: ArrayView([0, 1, 2] as [UInt32]), destinations: ArrayView([1, 2, 3] as [UInt32]))
    let graph = RawGraph(name: "path", schema: .plain, nodes: [NodeData(count: 4)], edges: [edges])
    #expect(throws: SystemError.self) { try StreamedRows(graph, bufferBytes: 8, directory: "/nonexistent", threads: Threads(1)) }
  }
}
