import Datasets
import Graphs
import Tensors
import Testing

@Suite struct RawEdgeListReaderTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func pairs(_ text: String, nodes: Int? = nil) throws -> [[UInt32]] {
    try RawEdgeListReader.read(try folder.file("edges.txt", text), nodeCount: nodes).pairs
  }

  private func failure(_ text: String, nodes: Int? = nil) throws -> String {
    let path = try folder.file("edges.txt", text)
    return folder.failure { try RawEdgeListReader.read(path, nodeCount: nodes) }
  }

  @Test func everySpellingOfTheSameEdgesGivesThem() throws {
    let expected: [[UInt32]] = [[0, 1], [2, 0], [1, 1]]
    for text in [
      "0 1\n2 0\n1 1\n", "0\t1\n2\t0\n1\t1\n", "0,1\n2,0\n1,1\n", "0 1\n2 0\n1 1", "0\t1\r\n2\t0\r\n1\t1\r\n", "0 , 1\n2 ,0\n1, 1\n",
      "  0   1  \n\t2 \t0\t\n1 1 \r\n", "\"0\",\"1\"\n\"2\",\"0\"\n1,\"1\"\n", "# comment\n% comment\n\n0 1\n # later\n2 0\n\r\n1 1\n\n",
      "source,target\n0,1\n2,0\n1,1\n", "# c\nid_1 id_2\n0 1\n2 0\n1 1\n", "\"from\"\t\"to\"\n0\t1\n2\t0\n1\t1\n",
      "\u{FEFF}0 1\n2 0\n1 1\n", "\u{FEFF}id_1,id_2\r\n0,1\r\n2,0\r\n1,1\r\n", "00 01\n0000000000002 0\n1 1\n",
    ] { #expect(try pairs(text) == expected, "\(text.debugDescription)") }
  }

  @Test func compressedFilesReadTheSame() throws {
    let path = try folder.file("edges.tsv.gz", "# x\n0\t1\n2\t0\n")
    #expect(try RawEdgeListReader.read(path).pairs == [[0, 1], [2, 0]])
  }

  @Test func graphHasTheNameOfTheFileAndTheNodesOfTheIDs() throws {
    let graph = try RawEdgeListReader.read(try folder.file("web.graph.tsv.gz", "0 1\n2 1\n"))
    #expect(graph.name == "web" && graph.nodes[0].count == 3 && graph.schema == .plain)
    #expect(graph.nodes[0].labels == nil && graph.nodes[0].tables.isEmpty && graph.nodes[0].split == Split())
  }

  @Test func headerIsNoticed() throws {
    let notices = Notices()
    _ = try RawEdgeListReader.read(try folder.file("edges.csv", "a,b\n0,1\n"), context: notices.context())
    #expect(notices.all.count == 1 && notices.all[0].hasSuffix("edges.csv: the first line is taken for a header: 'a,b'"))
  }

  @Test func mistakesNameLineAndField() throws {
    #expect(try failure("0 1\n1 x\n") == "edges.txt:2: expected a node id, found 'x'")
    #expect(try failure("# c\n0 1\n1\n") == "edges.txt:3: expected two node ids, found '1'")
    #expect(try failure("0 1\n1 0 5\n") == "edges.txt:2: expected two node ids, found 3 fields in '1 0 5'")
    #expect(try failure("0,1,\n") == "edges.txt:1: expected two node ids, found 3 fields in '0,1,'")
    #expect(try failure("0 1\n-1 0\n") == "edges.txt:2: expected a node id of 0 or more, found '-1'")
    #expect(try failure("0 1\n4294967295 0\n") == "edges.txt:2: expected a node id below 4294967295, found '4294967295'")
    #expect(try failure("0 1\n0 99999999999\n") == "edges.txt:2: expected a node id below 4294967295, found '99999999999'")
    #expect(
      try failure("0 1\n0 18446744073709551617\n") == "edges.txt:2: expected a node id below 4294967295, found '18446744073709551617'")
    #expect(try failure("0 1\n0 1.5\n") == "edges.txt:2: expected a node id, found '1.5'")
    #expect(try failure("0 1\na b\n") == "edges.txt:2: expected a node id, found 'a'")
    #expect(try failure("a,b\nc,d\n0,1\n") == "edges.txt:2: expected a node id, found 'c'")
    #expect(try failure("a,5\n0,1\n") == "edges.txt:1: expected a node id, found 'a'")
    #expect(try failure("0,\n") == "edges.txt:1: expected a node id, found ''")
    #expect(try failure("0 1\n\u{1}\u{2}\n").hasPrefix("edges.txt:2: expected two node ids, found '..'"))
    #expect(try failure("") == "edges.txt: expected at least one edge, found none")
    #expect(try failure("# only\n") == "edges.txt: expected at least one edge, found none")
    #expect(folder.failure { try RawEdgeListReader.read(folder.path + "/none") }.contains("none: expected a readable, complete file"))
    let endless = try folder.file("edges.bin", bytes: [UInt8](repeating: 0x31, count: 3 << 20))
    #expect(
      folder.failure { try RawEdgeListReader.read(endless) } == "edges.bin: expected lines of at most 65536 bytes, found a longer one")
  }

  @Test func truncatedCompressionIsAnError() throws {
    let whole = ScratchFolder.gzip(Array("0 1\n1 0\n".utf8))
    let path = try folder.file("cut", bytes: Array(whole.dropLast(6)))
    #expect(
      folder.failure { try RawEdgeListReader.read(path) }
        == "cut: expected a readable, complete file, found truncated: the file ends inside a gzip member")
  }

  @Test func gapsAmongIDsAreErrorsUnlessTheNumberOfNodesIsGiven() throws {
    let expected = "in some edge, or the number of nodes by --nodes N"
    #expect(try failure("1 2\n") == "edges.txt: expected every node id from 0 to 2 \(expected), found no edge with node 0")
    #expect(try failure("0 1\n3 0\n") == "edges.txt: expected every node id from 0 to 3 \(expected), found no edge with node 2")
    #expect(
      try failure("0 4000000000\n") == "edges.txt: expected every node id from 0 to 4000000000 \(expected), found no edge with node 1")
    #expect(try failure("0 1\n2 9\n").hasSuffix("found no edge with node 3"))
    #expect(try pairs("1 3\n", nodes: 5) == [[1, 3]])
    #expect(try pairs("# none\n", nodes: 5) == [])
    #expect(try failure("1 2\n5 0\n", nodes: 5) == "edges.txt:2: expected a node id below 5, found '5'")
    #expect(try failure("0 1\n", nodes: 0) == "--nodes: expected 1 to 4294967295 nodes, found 0")
  }

  /// Lines of every kind, some megabytes of them, and the edges that are in them.
  private func longList(seed: UInt64) -> (text: String, pairs: [[UInt32]]) {
    var random = TestRandom(seed)
    var text = "# head\nleft right\n"
    var pairs: [[UInt32]] = []
    while text.utf8.count < 5 << 19 {
      let id = UInt32.random(in: 0..<900_000, using: &random) >> UInt32.random(in: 0..<20, using: &random)
      let kind = UInt8.random(in: 0..<12, using: &random)
      switch kind {
      case 0: text += "# \(String(repeating: "x", count: Int.random(in: 0..<500, using: &random)))\n"
      case 1: text += "\n"
      case 2: text += "\"\(id)\" , 7\n"
      case 3: text += "\(id)\t7\r\n"
      default: text += "\(id) 7\n"
      }
      if kind > 1 { pairs.append([id, 7]) }
    }
    return (text, pairs)
  }

  @Test func longFilesReadTheSameForAnyThreadCount() throws {
    var (text, pairs) = longList(seed: 1)
    text += "900000 7"
    pairs.append([900_000, 7])
    let path = try folder.file("long.txt", text)
    let zipped = try folder.file("long.txt.gz", text)
    for threads in 1...4 {
      for file in [path, zipped] {
        let graph = try RawEdgeListReader.read(file, nodeCount: 900_001, context: IngestContext(threads: Threads(threads)))
        let isSame = graph.pairs == pairs
        #expect(isSame, "\(threads) threads")
      }
    }
  }

  /// Files that end where pages, pieces or what may be read behind them do, with a last line feed and without.
  @Test func lastLinesAreReadWhereverTheFileEnds() throws {
    for size in [4096, 8192, 262_144, 262_145, 262_159, 262_160, 262_161, 262_162, 524_288, 524_320, 524_321] {
      // Lines of six bytes, and some of the first with leading blanks so that the size is met.
      let lines = size / 6 - 1
      var text = String(repeating: " ", count: size - 6 * lines) + "11 22\n"
      text += String(repeating: "33 44\n", count: lines - 1)
      #expect(text.utf8.count == size)
      for (number, content) in [text, String(text.dropLast())].enumerated() {
        let path = try folder.file("end.txt", content)
        for threads in [1, 2] {
          let graph = try RawEdgeListReader.read(path, nodeCount: 50, context: IngestContext(threads: Threads(threads)))
          let isSame =
            graph.edges[0].count == lines && graph.pairs[0] == [11, 22] && graph.pairs.dropFirst().allSatisfy { $0 == [33, 44] }
          #expect(isSame, "\(size) bytes, \(number == 0 ? "with" : "without") a last line feed")
        }
      }
    }
  }

  @Test func limitedMemoryPutsEdgesIntoFiles() throws {
    let (text, pairs) = longList(seed: 2)
    let path = try folder.file("long.txt", text)
    var context = IngestContext(threads: Threads(2))
    context.memory = 64 << 20
    context.scratchFolder = folder.path
    let graph = try RawEdgeListReader.read(path, nodeCount: 900_000, context: context)
    #expect(graph.edges[0].sources.isMapped && graph.edges[0].destinations.isMapped && folder.names == ["long.txt"])
    let isSame = graph.pairs == pairs
    #expect(isSame)
    let weighted = try folder.file("weighted.txt", "0 1 5\n1 2 6\n")
    let read = try RawEdgeListReader.read(weighted, format: EdgeListFormat(weight: "2"), context: context)
    #expect(read.pairs == [[0, 1], [1, 2]] && read.weights == [5, 6])
    let named = try RawEdgeListReader.read(weighted, format: EdgeListFormat(weight: "2", ids: .compact), context: context)
    #expect(named.pairs == [[0, 1], [1, 2]] && named.weights == [5, 6] && named.names == ["0", "1", "2"])
    context.memory = 33 << 20
    #expect(
      folder.failure { try GraphReader.read(weighted, format: EdgeListFormat(weight: "2"), context: context) }
        .hasPrefix("--memory: expected at least "))
  }

  @Test func mistakesFarIntoAFileHaveTheirLineForAnyThreadCount() throws {
    let lines = 400_000
    var text = "a b\n"
    for line in 2...lines { text += line == 300_001 || line == 390_000 ? "1 oops\n" : "\(line % 10) 1\n" }
    let path = try folder.file("wrong.txt", text)
    for threads in 1...4 {
      let context = IngestContext(threads: Threads(threads))
      #expect(
        folder.failure { try RawEdgeListReader.read(path, context: context) } == "wrong.txt:300001: expected a node id, found 'oops'")
    }
  }

  @Test func commentsLongerThanAPieceAreSkipped() throws {
    var text = ""
    for line in 0..<60_000 { text += "# comment \(line) that makes the head of the file long\n" }
    let path = try folder.file("head.txt", text + "from to\n0 1\nx 1\n")
    for threads in 1...3 {
      let context = IngestContext(threads: Threads(threads))
      #expect(folder.failure { try RawEdgeListReader.read(path, context: context) } == "head.txt:60003: expected a node id, found 'x'")
    }
    let good = try folder.file("good.txt", text + "from to\n0 1\n")
    #expect(try RawEdgeListReader.read(good).pairs == [[0, 1]])
  }
}
