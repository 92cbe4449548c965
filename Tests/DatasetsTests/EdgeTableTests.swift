import Datasets
import Graphs
import Tensors
import Testing

/// Text files of edges whose columns are named, or counted.
@Suite struct EdgeTableTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func read(_ text: String, _ format: EdgeListFormat, nodes: Int? = nil, context: IngestContext = IngestContext()) throws
    -> RawGraph
  {
    try RawEdgeListReader.read(try folder.file("edges.csv", text), nodeCount: nodes, format: format, context: context)
  }

  private func failure(_ text: String, _ format: EdgeListFormat) -> String {
    folder.failure { try read(text, format) }
  }

  private let third = EdgeListFormat(source: "1", destination: "2")

  @Test func everySeparatorAndQuoteGivesTheSameColumns() throws {
    for text in [
      "x,0,1,0.5\nx,1,2,-3\ny,2,0,1e3\n", "x;0;1;0.5\nx;1;2;-3\ny;2;0;1e3\n", "x\t0\t1\t0.5\nx\t1\t2\t-3\ny\t2\t0\t1e3",
      "x 0 1 0.5\n  x   1\t2 -3  \ny 2 0 1e3\n", "x, 0 ,1, 0.5\r\nx,1,2,-3\r\ny,2,0 ,1e3\r\n",
      "\"x\",\"0\",\"1\",\"0.5\"\n\"x, y\",1,\"2\" , -3\n\"say \"\"x\"\"\",2,0,1e3\n",
      "\u{FEFF}# c\n% c\n\nx,0,1,0.5\n#x\nx,1,2,-3\n \t\ny,2,0,1e3\n",
      "x x\t0\t1\t0.5\n\t1\t2\t-3\ny\t2\t0\t1e3\n", "\"a b\" 0 1 0.5\nx 1 2 -3\n\"\" 2 0 1e3\n",
    ] {
      let graph = try read(text, EdgeListFormat(source: "1", destination: "2", weight: "3"))
      #expect(graph.pairs == [[0, 1], [1, 2], [2, 0]], "\(text.debugDescription)")
      #expect(graph.weights == [0.5, -3, 1000], "\(text.debugDescription)")
      #expect(graph.names == [])
    }
  }

  @Test func columnsAreFoundByTheirNames() throws {
    let text = "since,\"to\",w,from\n2001,1,0.5,0\n2002,0,2,1\n"
    let graph = try read(text, EdgeListFormat(source: "from", destination: "to", weight: "w"))
    #expect(graph.pairs == [[0, 1], [1, 0]] && graph.weights == [0.5, 2])
    #expect(try read(text, EdgeListFormat(source: "3", destination: "1")).pairs == [[0, 1], [1, 0]])
    #expect(try read("0,1,2\n7,0,1\n", EdgeListFormat(source: "1", destination: "2", header: .present)).pairs == [[0, 1]])
    // A name that looks like a position is a name first.
    #expect(try read("1,a,2\n0,9,1\n", EdgeListFormat(source: "1", destination: "2", header: .present)).pairs == [[0, 1]])
  }

  @Test func columnsOfNumbersBecomeATableOfTheEdges() throws {
    let text = "from,amount,to,time\n0,0.5,1,7\n1,-2,2,8\n2,3e2,0,9\n"
    func rows(_ graph: RawGraph) -> [Float]? { graph.edges[0].tables["feat"]?.denseFloats }
    let graph = try read(text, EdgeListFormat(source: "from", destination: "to", features: ["time", "amount"]))
    #expect(graph.pairs == [[0, 1], [1, 2], [2, 0]] && rows(graph) == [7, 0.5, 8, -2, 9, 300])
    let weighted = EdgeListFormat(source: "0", destination: "2", weight: "3", features: ["1"], header: .present, ids: .compact)
    let named = try read(text, weighted)
    #expect(named.namedPairs == [["0", "1"], ["1", "2"], ["2", "0"]] && named.weights == [7, 8, 9] && rows(named) == [0.5, -2, 300])
    #expect(try read("0 1 4\n1 0 5\n", EdgeListFormat(features: ["2"])).edges[0].tables["feat"]?.columns == 1)
    #expect(try read("0 1\n", EdgeListFormat()).edges[0].tables.isEmpty)
    #expect(failure("0,1,x\n", EdgeListFormat(features: ["2"], header: .absent)) == "edges.csv:1: expected a finite number, found 'x'")
    #expect(failure("0,1,2\n1,0,\n", EdgeListFormat(features: ["2"])) == "edges.csv:2: expected a finite number, found ''")
    #expect(failure("0,1,2\n1,0\n", EdgeListFormat(features: ["2"])) == "edges.csv:2: expected 3 fields as on the first line, found 2")
    #expect(failure("0,1,2\n", EdgeListFormat(features: ["3"])).hasPrefix("--feature-columns: expected a column of edges.csv"))
    #expect(
      failure("0,1,2\n", EdgeListFormat(features: ["2", "1"]))
        == "--source-column, --destination-column, --weight-column, --feature-columns: expected different columns of edges.csv, found 0, 1, 2, 1"
    )
    let arrays = try folder.array("edges.npy", [0, 1, 1, 0, 1, 1] as [Int32], .int32, [3, 2])
    #expect(
      folder.failure { try GraphReader.read(arrays, format: EdgeListFormat(features: ["2"])) }
        == "--feature-columns: expected no columns, for edges.npy is no list of edges in text, found '2'")
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func rowsOfLongListsAreTheirLines(seed: UInt64) throws {
    var random = TestRandom(seed)
    let columns = Int.random(in: 1...6, using: &random)
    let count = [1, 500, 40_000][Int(seed % 3)]
    let values = (0..<count * columns).map { _ in Float(Int.random(in: -9...9, using: &random)) }
    let lines = (0..<count).map { edge in
      "\(edge % 90) \((edge * 7 + 1) % 90) " + (0..<columns).map { "\(Int(values[edge * columns + $0]))" }.joined(separator: " ")
    }
    let format = EdgeListFormat(features: (0..<columns).map { EdgeListFormat.Column("\($0 + 2)") })
    for memory in [nil, 600 << 20] as [Int?] {
      var context = IngestContext(threads: Threads(2))
      context.memory = memory
      context.scratchFolder = folder.path
      let graph = try read(lines.joined(separator: "\n"), format, nodes: 90, context: context)
      #expect(graph.edges[0].tables["feat"]?.denseFloats == values, "seed \(seed)")
    }
  }

  @Test func headersAreDetectedGivenOrRuledOut() throws {
    let notices = Notices()
    #expect(try read("a b c\n0 1 2\n", EdgeListFormat(source: "0"), context: notices.context()).pairs == [[0, 1]])
    #expect(notices.all.count == 1 && notices.all[0].hasSuffix("the first line is taken for a header: 'a b c'"))
    #expect(try read("0 1\n1 0\n", EdgeListFormat(header: .present)).pairs == [[1, 0]])
    #expect(failure("a b\n0 1\n", EdgeListFormat(header: .absent)) == "edges.csv:1: expected a node id, found 'a'")
    #expect(failure("a b 1\n0 1 1\n", EdgeListFormat(source: "0", header: .absent)) == "edges.csv:1: expected a node id, found 'a'")
  }

  @Test func mistakesNameLineAndField() {
    #expect(failure("0 1 2\n0 1\n", third) == "edges.csv:2: expected 3 fields as on the first line, found 2")
    #expect(failure("# c\n0,1,2\n\n0,1,2,3\n", third) == "edges.csv:4: expected 3 fields as on the first line, found 4")
    #expect(failure("0,1,2\n0,1,x\n", third) == "edges.csv:2: expected a node id, found 'x'")
    #expect(failure("0,1,2\n0,,2\n", third) == "edges.csv:2: expected a node id, found ''")
    #expect(failure("0,1,2\n0,-1,2\n", third) == "edges.csv:2: expected a node id of 0 or more, found '-1'")
    #expect(failure("0,1,2\n0,4294967295,2\n", third) == "edges.csv:2: expected a node id below 4294967295, found '4294967295'")
    #expect(failure("0,1,2\n0,00000000000000000001,2\n", third).hasPrefix("edges.csv: expected every node id"))
    #expect(failure("0,1,2\n0,99999999999999999999999,2\n", third).hasPrefix("edges.csv:2: expected a node id below 4294967295"))
    #expect(failure("0,\"1,2\n", third) == "edges.csv:1: expected a closing quote on the line, found '\"1,2'")
    #expect(
      failure("0,1,2\n0,\"1\"x,2\n", third) == "edges.csv:2: expected a separator or the end of the line after a closing quote, found 'x,2'"
    )
    #expect(
      failure("0 1 2\n0 \"1\"2 3\n", third) == "edges.csv:2: expected a separator or the end of the line after a closing quote, found '2 3'"
    )
    let weighted = EdgeListFormat(weight: "2")
    for wrong in ["x", "", "nan", "inf", "1e39", "1,5"] {
      #expect(failure("0\t1\t2\n1\t0\t\(wrong)\n", weighted) == "edges.csv:2: expected a finite weight, found '\(wrong)'")
    }
    #expect(
      failure("a,b,c\n0,1,2\n", EdgeListFormat(source: "x"))
        == "--source-column: expected a column of edges.csv (a, b, c), found 'x'")
    #expect(
      failure("0,1,2\n", EdgeListFormat(weight: "3")) == "--weight-column: expected a column of edges.csv (3 columns, from 0), found '3'")
    #expect(
      failure("0\n", EdgeListFormat(source: "0")) == "--destination-column: expected a column of edges.csv (1 columns, from 0), found '1'")
    #expect(
      failure("0,1,2\n", EdgeListFormat(destination: "0"))
        == "--source-column, --destination-column, --weight-column: expected different columns of edges.csv, found 0, 0")
    #expect(failure("# only\n", third) == "edges.csv: expected at least one edge, found none")
  }

  @Test func longTablesReadTheSameForAnyThreadCount() throws {
    var random = TestRandom(3)
    var text = "kind,from,to,weight\n"
    var pairs: [[UInt32]] = []
    var weights: [Float] = []
    while text.utf8.count < 5 << 19 {
      let (source, weight) = (UInt32.random(in: 0..<50_000, using: &random), Float(Int.random(in: -9...9, using: &random)) / 4)
      text += Bool.random(using: &random) ? "\"a, b\",\(source),7,\(weight)\r\n" : "c, \(source) ,\"7\",\(weight)\n"
      pairs.append([source, 7])
      weights.append(weight)
    }
    let path = try folder.file("long.csv", text)
    for threads in 1...3 {
      let format = EdgeListFormat(source: "from", destination: "to", weight: "weight")
      let graph = try RawEdgeListReader.read(path, nodeCount: 50_000, format: format, context: IngestContext(threads: Threads(threads)))
      #expect(graph.pairs == pairs && graph.weights == weights, "\(threads) threads")
    }
  }

  @Test func semicolonsSeparatePairsToo() throws {
    #expect(try read("0;1\n1;0\r\n\"1\" ; 1\n", EdgeListFormat()).pairs == [[0, 1], [1, 0], [1, 1]])
  }

  /// Ids of every length around a word of eight bytes, with every separator and line end.
  @Test func idsOfEveryLengthAreRead() throws {
    let ids: [UInt32] = [
      0, 9, 10, 99, 123, 1234, 12_345, 123_456, 1_234_567, 12_345_678, 99_999_999, 100_000_000, 123_456_789, 4_294_967_293,
    ]
    var text = ""
    var expected: [[UInt32]] = []
    for (a, first) in ids.enumerated() {
      for (b, second) in ids.enumerated() {
        text += "\(first)\([" ", "\t", ",", ";", "  "][(a + b) % 5])\(second)\(["\n", "\r\n"][(a + 2 * b) % 2])"
        expected.append([first, second])
      }
    }
    #expect(try read(text, EdgeListFormat(), nodes: 4_294_967_294).pairs == expected)
    #expect(try read(String(text.dropLast()), EdgeListFormat(), nodes: 4_294_967_294).pairs == expected)
    for wrong: Character in ["/", ":", "x", "\u{7F}", "é"] {
      #expect(failure("0 1\n12\(wrong)4 1\n", EdgeListFormat()).hasPrefix("edges.csv:2: expected a node id, found"), "\(wrong)")
    }
  }
}
