import Datasets
import Graphs
import Tensors
import Testing

@Suite struct MatrixMarketReaderTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func read(_ text: String, weighted: Bool = false, context: IngestContext = IngestContext()) throws -> RawGraph {
    try MatrixMarketReader.read(try folder.file("m.mtx", text), weighted: weighted, context: context)
  }

  private func failure(_ text: String) -> String { folder.failure { try read(text) } }

  private let general = "%%MatrixMarket matrix coordinate real general\n"

  @Test func entriesAreEdgesFromRowToColumn() throws {
    let notices = Notices()
    let graph = try read(
      "%%MatrixMarket  Matrix coordinate REAL General\r\n% comment\n\n%x\n 4 4  3\n1 2 0.5\n\n  4\t1 -2e1 \r\n% late\n2 2 1",
      weighted: true,
      context: notices.context())
    #expect(
      graph.pairs == [[0, 1], [3, 0], [1, 1]] && graph.weights == [0.5, -20, 1] && graph.nodes[0].count == 4 && graph.name == "m")
    #expect(notices.all.isEmpty)
  }

  @Test func patternsHaveNoValues() throws {
    let graph = try read("%%MatrixMarket matrix coordinate pattern general\n3 3 2\n1 3\n3 2\n", weighted: true)
    #expect(graph.pairs == [[0, 2], [2, 1]] && graph.weights == [1, 1] && graph.nodes[0].count == 3)
    #expect(try read("%%MatrixMarket matrix coordinate pattern general\n3 3 0\n").edges[0].count == 0)
  }

  @Test func symmetricEntriesBelowTheDiagonalAreTwoEdges() throws {
    let notices = Notices()
    let text = "%%MatrixMarket matrix coordinate integer symmetric\n3 3 3\n1 1 4\n3 1 5\n3 2 6\n"
    #expect(try read(text, weighted: true).weights == [4, 5, 5, 6, 6])
    let graph = try read(text, context: notices.context())
    #expect(graph.pairs == [[0, 0], [2, 0], [0, 2], [2, 1], [1, 2]] && graph.edges[0].weights == nil)
    #expect(notices.all.count == 1 && notices.all[0].hasSuffix("m.mtx: values are left out; --weight-column weight keeps them"))
  }

  @Test func mistakesNameTheLine() {
    let banner = "'%%MatrixMarket matrix coordinate' with real, integer or pattern, then general or symmetric"
    #expect(failure("1 1 0\n") == "m.mtx:1: expected \(banner), found '1 1 0'")
    for words in [
      "matrix array real general", "matrix coordinate complex general", "matrix coordinate real skew-symmetric",
      "vector coordinate real general",
    ] {
      #expect(failure("%%MatrixMarket \(words)\n").hasPrefix("m.mtx:1: expected \(banner), found '%%MatrixMarket"), "\(words)")
    }
    #expect(failure("") == "m.mtx: expected a line 'rows columns entries', found the end of the file")
    #expect(failure(general + "% x\n") == "m.mtx: expected a line 'rows columns entries', found the end of the file")
    #expect(failure(general + "% x\n3 3\n") == "m.mtx:3: expected a line 'rows columns entries', found '3 3'")
    #expect(failure(general + "3 3 -1\n") == "m.mtx:2: expected a line 'rows columns entries', found '3 3 -1'")
    #expect(
      failure(general + "3 4 0\n")
        == "m.mtx:2: expected a square matrix, for its rows and columns are the nodes, found 3 rows and 4 columns")
    #expect(failure(general + "0 0 0\n") == "m.mtx:2: expected 1 to 4294967294 rows, found 0")
    #expect(failure(general + "3 3 2\n1 1 1\n") == "m.mtx: expected 2 entries as the head says, found 1")
    #expect(failure(general + "3 3 1\n1 1 1\n1 2 1\n") == "m.mtx: expected 1 entries as the head says, found 2")
    #expect(failure(general + "3 3 1\n1 4 1\n") == "m.mtx:3: expected rows and columns from 1 to 3, found '4'")
    #expect(failure(general + "3 3 2\n% c\n1 1 1\n0 1 1\n") == "m.mtx:5: expected rows and columns from 1 to 3, found '0'")
    #expect(failure(general + "3 3 1\n1 x 1\n") == "m.mtx:3: expected rows and columns from 1 to 3, found 'x'")
    #expect(failure(general + "3 3 1\n1\n") == "m.mtx:3: expected a row and a column, found the end of the line")
    #expect(failure(general + "3 3 1\n1 1\n") == "m.mtx:3: expected a row, a column and a finite value, found '1 1'")
    #expect(failure(general + "3 3 1\n1 1 nan\n") == "m.mtx:3: expected a row, a column and a finite value, found '1 1 nan'")
    #expect(failure(general + "3 3 1\n1 1 1 0\n") == "m.mtx:3: expected a row, a column and a value, found '1 1 1 0'")
    #expect(
      failure("%%MatrixMarket matrix coordinate pattern symmetric\n3 3 1\n1 3\n")
        == "m.mtx:3: expected entries on or below the diagonal of a symmetric matrix, found '1 3'")
    #expect(
      failure("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 3 1\n") == "m.mtx:3: expected a row and a column, found '1 3 1'")
  }

  @Test func longFilesReadTheSameForAnyThreadCount() throws {
    var random = TestRandom(8)
    let entries = (0..<200_000).map { _ in (1...2).map { _ in UInt32.random(in: 1...5000, using: &random) } }
    let text =
      general + String(repeating: "% a long introduction\n", count: 150_000) + "5000 5000 200000\n"
      + entries.map { "\($0[0]) \($0[1]) 1\n" }.joined()
    let path = try folder.file("long.mtx.gz", text)
    for threads in 1...3 {
      let graph = try GraphReader.read(path, context: IngestContext(threads: Threads(threads)))
      #expect(graph.pairs == entries.map { $0.map { $0 - 1 } }, "\(threads) threads")
    }
  }
}
