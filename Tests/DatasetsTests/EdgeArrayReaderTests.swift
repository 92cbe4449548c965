import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct EdgeArrayReaderTests {
  @Test func limitedMemoryPutsCopiesIntoFiles() throws {
    let folder = try ScratchFolder()
    let count = 1_300_000  // More than a window.
    let ids = (0..<2 * count).map { Int64($0 * 31 % 1000) }
    let path = try folder.array("edges.npy", ids, .int64, [count, 2])
    var context = IngestContext(threads: Threads(2))
    context.memory = 64 << 20
    context.scratchFolder = folder.path
    let graph = try EdgeArrayReader.read(path, context: context)
    let edges = graph.edges[0]
    #expect(edges.sources.isMapped && edges.destinations.isMapped && folder.names == ["edges.npy"])
    let isSame = (0..<count).allSatisfy { edges.sources[$0] == UInt32(ids[2 * $0]) && edges.destinations[$0] == UInt32(ids[2 * $0 + 1]) }
    #expect(isSame && edges.count == count)
    var wrong = ids
    wrong[2 * 1_200_000 + 1] = -4
    let bad = try folder.array("wrong.npy", wrong, .int64, [count, 2])
    #expect(
      folder.failure { try EdgeArrayReader.read(bad, context: context) }
        == "wrong.npy: expected node ids of 0 or more, found -4 of edge 1200000")
  }

  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func failure(_ path: String, nodes: Int? = nil, _ format: EdgeListFormat = EdgeListFormat()) -> String {
    folder.failure { try GraphReader.read(path, nodeCount: nodes, format: format) }
  }

  private let expected: [[UInt32]] = [[0, 1], [2, 0], [1, 1]]

  @Test func bothShapesOfEveryTypeAreRead() throws {
    func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: ElementType, _: T.Type) throws {
      let rows = try folder.array("rows-\(type).npy", [0, 2, 1, 1, 0, 1] as [T], type, [2, 3])
      let columns = try folder.array("columns-\(type).npy", [0, 1, 2, 0, 1, 1] as [T], type, [3, 2])
      for threads in 1...3 {
        for path in [rows, columns] {
          let graph = try GraphReader.read(path, context: IngestContext(threads: Threads(threads)))
          #expect(graph.pairs == expected && graph.nodes[0].count == 3, "\(path)")
        }
      }
      #expect(try GraphReader.read(rows, format: EdgeListFormat(source: "1", destination: "0")).pairs == expected.map { $0.reversed() })
      #expect(try GraphReader.read(columns, format: EdgeListFormat(source: "1", destination: "0")).pairs == expected.map { $0.reversed() })
    }
    try check(.int32, Int32.self)
    try check(.uint32, UInt32.self)
    try check(.int64, Int64.self)
    try check(.uint64, UInt64.self)
  }

  /// numpy saves the transpose of an array of rows in Fortran order.
  @Test func fortranOrderIsTheOtherShape() throws {
    let path = try folder.array("edges.npy", [0, 2, 1, 1, 0, 1] as [Int64], .int64, [3, 2])
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let text = String(decoding: bytes[10..<128], as: UTF8.self).replacing("False", with: "True ")
    bytes.replaceSubrange(10..<128, with: Array(text.utf8))
    #expect(try GraphReader.read(try folder.file("f.npy", bytes: bytes)).pairs == expected)
  }

  @Test func twoByTwoIsTakenForRows() throws {
    let path = try folder.array("edges.npy", [0, 1, 1, 0] as [Int32], .int32, [2, 2])
    let notices = Notices()
    #expect(try GraphReader.read(path, context: notices.context()).pairs == [[0, 1], [1, 0]])
    #expect(notices.all.count == 1 && notices.all[0].hasSuffix("edges.npy: shape (2, 2) is taken for (2, edges)"))
  }

  @Test func endsMayLieInTwoFiles() throws {
    let sources = try folder.array("src.npy", [0, 2, 1] as [Int32], .int32, [3])
    let destinations = try folder.array("dst.npy", [1, 0, 1] as [UInt64], .uint64, [3])
    let weights = try folder.array("w.npy", [0.5, 1, -2] as [Double], .float64, [3])
    let graph = try GraphReader.read("\(sources),\(destinations)")
    #expect(graph.pairs == expected && graph.edges[0].weights == nil)
    #expect(
      try GraphReader.read("\(sources),\(destinations),\(weights)", format: EdgeListFormat(weight: "weight")).weights == [0.5, 1, -2])
    #expect(failure("\(sources),\(destinations),\(weights)") == "--weight-column: expected weight, to keep those of w.npy, found nothing")
    #expect(
      failure("\(sources),\(destinations)", EdgeListFormat(weight: "weight"))
        == "--weight-column: expected a third file of weights, found 'weight'")
    let short = try folder.array("short.npy", [1, 0] as [Int32], .int32, [2])
    #expect(failure("\(sources),\(short)") == "short.npy: expected 3 edges as in src.npy, found 2")
    #expect(
      failure("\(sources),\(destinations),\(short)", EdgeListFormat(weight: "weight"))
        == "short.npy: expected a weight for each of 3 edges, found shape [2]")
    let endless = try folder.array("inf.npy", [0, .infinity, 1] as [Float], .float32, [3, 1])
    #expect(
      failure("\(sources),\(destinations),\(endless)", EdgeListFormat(weight: "weight"))
        == "inf.npy: expected finite weights, found inf of edge 1")
  }

  @Test func archivesAreSearchedForKnownNames() throws {
    func bytes<T: BitwiseCopyable>(_ elements: [T], _ type: ElementType, _ shape: [Int]) throws -> [UInt8] {
      Array(try Data(contentsOf: URL(fileURLWithPath: try folder.array("array.npy", elements, type, shape))))
    }
    let (sources, destinations) = (try bytes([0, 2, 1] as [Int64], .int64, [3]), try bytes([1, 0, 1] as [Int32], .int32, [3]))
    let matrix = try bytes([0, 1, 2, 0, 1, 1] as [Int64], .int64, [3, 2])
    let weights = try bytes([0.5, 1, -2] as [Float], .float32, [3])
    for arrays in [
      ["edges": matrix], ["edge_index": matrix, "x": weights], ["src": sources, "dst": destinations],
      ["row": sources, "col": destinations],
      ["sources": sources, "destinations": destinations, "w": weights],
    ] {
      let path = try folder.file("e.npz", bytes: ArchiveLayoutTests.zip(arrays))
      #expect(try GraphReader.read(path).pairs == expected, "\(arrays.keys)")
    }
    let path = try folder.file("e.npz", bytes: ArchiveLayoutTests.zip(["a": sources, "b": destinations, "w": weights]))
    let graph = try GraphReader.read(path, format: EdgeListFormat(source: "b", destination: "a", weight: "w"))
    #expect(graph.pairs == expected.map { $0.reversed() } && graph.weights == [0.5, 1, -2])
    #expect(
      failure(path) == "e.npz: expected arrays edges or edge_index, sources and destinations, src and dst, or row and col, found a, b, w")
    #expect(
      failure(path, EdgeListFormat(source: "a", destination: "b", weight: "z"))
        == "--weight-column: expected an array of e.npz (a, b, w), found 'z'")
  }

  @Test func mistakesNameTheArrayAndTheEdge() throws {
    func edges<T: BitwiseCopyable>(_ elements: [T], _ type: ElementType, _ shape: [Int]) throws -> String {
      try folder.array("edges.npy", elements, type, shape)
    }
    #expect(
      failure(try edges([0, 1, -2, 0] as [Int32], .int32, [1, 2, 2]))
        == "edges.npy: expected edges of shape (2, edges) or (edges, 2), found shape [1, 2, 2]")
    #expect(
      failure(try edges([0, 1, 1, 0, 1, 1] as [Float], .float32, [3, 2]))
        == "edges.npy: expected node ids of int32, uint32, int64 or uint64, found float32")
    #expect(
      failure(try edges([0, 1, -2, 0, 1, 1] as [Int32], .int32, [3, 2])) == "edges.npy: expected node ids of 0 or more, found -2 of edge 1")
    #expect(
      failure(try edges([0, 1, 1, 1, 0, -1] as [Int32], .int32, [2, 3])) == "edges.npy: expected node ids of 0 or more, found -1 of edge 2")
    #expect(
      failure(try edges([0, 1, 1, 1, 0, .min] as [Int64], .int64, [2, 3]))
        == "edges.npy: expected node ids of 0 or more, found -9223372036854775808 of edge 2")
    #expect(
      failure(try edges([0, 1, 1, 4_294_967_295, 0, 0] as [UInt32], .uint32, [2, 3]))
        == "edges.npy: expected node ids below 4294967295, found 4294967295 of edge 0")
    #expect(
      failure(try edges([0, 1, 1, .max, 0, 0] as [UInt64], .uint64, [2, 3]))
        == "edges.npy: expected node ids below 4294967295, found 18446744073709551615 of edge 0")
    let gap = try edges([0, 1, 3, 1, 0, 0] as [Int32], .int32, [2, 3])
    #expect(
      failure(gap)
        == "edges.npy: expected every node id from 0 to 3 in some edge, or the number of nodes by --nodes N, found no edge with node 2")
    #expect(try GraphReader.read(gap, nodeCount: 5).nodes[0].count == 5)
    #expect(failure(gap, nodes: 3) == "edges.npy: expected node ids below 3, found 3 of edge 2")
    #expect(failure(gap, EdgeListFormat(source: "from")) == "--source-column: expected 0 or 1 for edges.npy, found 'from'")
    #expect(failure(gap, EdgeListFormat(weight: "2")) == "--weight-column: expected no weights, for edges.npy has none, found '2'")
    #expect(
      failure(try folder.file("cut.npy", bytes: Array(Data(contentsOf: URL(fileURLWithPath: gap)).dropLast(3))))
        == "cut.npy: expected 24 bytes for shape [2, 3] of int32, found 21 bytes")
    #expect(failure(try edges([] as [Int32], .int32, [2, 0])) == "edges.npy: expected at least one edge, found none")
    #expect(failure(try folder.file("text.npy", "0 1\n")).hasPrefix("text.npy: expected a .npy file"))
  }

  /// Chunks end inside the array, and the first mistake is named whichever thread finds it.
  @Test func longArraysAreCheckedByAllThreads() throws {
    var ids = (0..<400_000).map { Int64($0 % 1000) }
    let path = try folder.array("long.npy", ids, .int64, [2, 200_000])
    ids[150_000] = -1
    ids[199_999] = -3
    ids[350_000] = -2
    let wrong = try folder.array("wrong.npy", ids, .int64, [2, 200_000])
    for threads in 1...4 {
      let context = IngestContext(threads: Threads(threads))
      let graph = try GraphReader.read(path, context: context)
      #expect(graph.edges[0].count == 200_000 && graph.edges[0].destinations[199_999] == 999 && graph.nodes[0].count == 1000)
      #expect(
        folder.failure { try GraphReader.read(wrong, context: context) }
          == "wrong.npy: expected node ids of 0 or more, found -1 of edge 150000")
    }
  }
}
