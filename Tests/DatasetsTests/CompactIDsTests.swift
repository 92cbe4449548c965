import Datasets
import Graphs
import Tensors
import Testing

/// Nodes that are called by names, or by numbers with gaps.
@Suite struct CompactIDsTests {
  let folder: ScratchFolder
  private let compact = EdgeListFormat(ids: .compact)

  init() throws { folder = try ScratchFolder() }

  private func context(threads: Int = 1, tableBytes: Int = 1 << 20, notices: Notices = Notices()) -> IngestContext {
    var context = notices.context(threads: threads)
    context.scratchFolder = folder.path
    context.idTableBytes = tableBytes
    return context
  }

  private func read(_ text: String, _ format: EdgeListFormat = EdgeListFormat(ids: .compact), notices: Notices = Notices()) throws
    -> RawGraph
  {
    try RawEdgeListReader.read(try folder.file("edges.txt", text), format: format, context: context(notices: notices))
  }

  private func failure(_ text: String, nodes: Int? = nil) throws -> String {
    let path = try folder.file("edges.txt", text)
    return folder.failure { try RawEdgeListReader.read(path, nodeCount: nodes, format: compact, context: context()) }
  }

  @Test func nodesAreNumberedByFirstAppearance() throws {
    let graph = try read("bob alice\nalice carol\nbob bob\ncarol dave\n")
    #expect(graph.names == ["bob", "alice", "carol", "dave"])
    #expect(graph.pairs == [[0, 1], [1, 2], [0, 0], [2, 3]])
    #expect(graph.nodes[0].count == 4)
  }

  @Test func namesAreToldApartByTheirBytes() throws {
    let graph = try read("7,07\n7,+7\n\"7\", 7\n18446744073709551616,-5\né,e\u{301}\n")
    #expect(graph.names == ["7", "07", "+7", "18446744073709551616", "-5", "é", "e\u{301}"])
    #expect(graph.names.map { Array($0.utf8).count } == [1, 2, 2, 20, 2, 2, 3])
    #expect(graph.pairs == [[0, 1], [0, 2], [0, 0], [3, 4], [5, 6]])
  }

  @Test func quotedNamesMayHoldAnythingButLineEnds() throws {
    let graph = try read("\"New York, NY\",\"say \"\"hi\"\"\"\n\"say \"\"hi\"\"\",\"#1\"\n\" \",x\n")
    #expect(graph.names == ["New York, NY", "say \"hi\"", "#1", " ", "x"])
    #expect(graph.pairs == [[0, 1], [1, 2], [3, 4]])
    #expect(try read("New York\tLos Angeles\nLos Angeles\tNew York\n").names == ["New York", "Los Angeles"])
  }

  /// Every length from one byte to well past what a key holds, and names that differ in one byte only.
  @Test func namesOfEveryLengthAreKept() throws {
    var names: [String] = []
    for length in 1...40 {
      let base = String(repeating: "a", count: length)
      names.append(base)
      for position in Set([0, length / 2, length - 1]) {
        var bytes = Array(base.utf8)
        bytes[position] = 0x62
        names.append(String(decoding: bytes, as: UTF8.self))
      }
    }
    names.append(String(repeating: "z", count: 60_000))
    let distinct = names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let graph = try read(distinct.map { "\($0) \($0)\n" }.joined())
    #expect(graph.names == distinct)
    #expect(graph.pairs == distinct.indices.map { [UInt32($0), UInt32($0)] })
    #expect(
      try failure("a \(String(repeating: "z", count: 65_536))\n").hasPrefix(
        "edges.txt:1: expected a node id of 1 to 65535 bytes, found 65536"))
  }

  @Test func headersOfNamesAreTakenWhereTheNextLineIsNumbers() throws {
    let notices = Notices()
    #expect(try read("from,to\n70,5\n", notices: notices).names == ["70", "5"])
    #expect(try read("from,to\nx,y\n", notices: notices).names == ["from", "to", "x", "y"])
    #expect(try read("from,to\nx,y\n", EdgeListFormat(header: .present, ids: .compact), notices: notices).names == ["x", "y"])
    #expect(
      try read("to,from\nx,y\n", EdgeListFormat(source: "from", destination: "to", ids: .compact), notices: notices).names == ["y", "x"])
    #expect(try read("a,b\n1,2\n", EdgeListFormat(header: .absent, ids: .compact), notices: notices).names == ["a", "b", "1", "2"])
    #expect(
      notices.all.map { String($0.drop { $0 != ":" }) } == [
        ": the first line is taken for a header: 'from,to'", ": the first line is taken for an edge: 'from,to'; --header present skips it",
        ": the first line is taken for a header: 'from,to'", ": the first line is taken for a header: 'to,from'",
      ])
  }

  @Test func mistakesAreOneLine() throws {
    #expect(try failure("a b\na\n") == "edges.txt:2: expected 2 fields as on the first line, found 1")
    #expect(try failure("a,b\na,\n") == "edges.txt:2: expected a node id of 1 to 65535 bytes, found ''")
    #expect(try failure("a,b\n\"a,b\n") == "edges.txt:2: expected a closing quote on the line, found '\"a,b'")
    #expect(try failure("# nothing\n") == "edges.txt: expected at least one edge, found none")
    #expect(try failure("a b\n", nodes: 5) == "--nodes: expected no number of nodes beside --ids compact, found 5")
    var nowhere = context()
    nowhere.scratchFolder = folder.path + "/none"
    let path = try folder.file("edges.txt", "a b\n")
    #expect(
      folder.failure { try RawEdgeListReader.read(path, format: compact, context: nowhere) }
        == "create a temporary file in none: No such file or directory")
  }

  /// The numbering by a dictionary.
  private func expected(_ pairs: [[String]]) -> (names: [String], pairs: [[UInt32]]) {
    var numbers: [String: UInt32] = [:]
    var names: [String] = []
    let numbered = pairs.map { pair in
      pair.map { name in
        if let number = numbers[name] { return number }
        numbers[name] = UInt32(names.count)
        names.append(name)
        return UInt32(names.count - 1)
      }
    }
    return (names, numbered)
  }

  @Test func smallTablesAndManyThreadsChangeNothing() throws {
    var random = TestRandom(11)
    let pairs = (0..<60_000).map { _ in
      (0..<2).map { _ -> String in
        let id = Int.random(in: 0..<20_000, using: &random) >> Int.random(in: 0..<8, using: &random)
        return id % 3 == 0 ? "a rather long name of node \(id)" : "n\(id)"
      }
    }
    let path = try folder.file("named.tsv", pairs.map { "\($0[0])\t\($0[1])\n" }.joined())
    let (names, numbered) = expected(pairs)
    for (threads, tableBytes) in [(1, 1 << 24), (3, 1 << 24), (1, 0), (2, 0), (3, 1 << 18)] {
      let notices = Notices()
      let graph = try RawEdgeListReader.read(
        path, format: compact, context: context(threads: threads, tableBytes: tableBytes, notices: notices))
      #expect(graph.pairs == numbered && graph.names == names, "\(threads) threads, \(tableBytes) bytes")
      #expect(notices.all.contains { $0.contains("through temporary files") } == (tableBytes < 1 << 20), "\(notices.all)")
    }
  }

  /// A table holds 768 keys at least, and there are 128 buckets: with this many nodes every bucket has to be spread again.
  @Test func bucketsWithTooManyNodesAreSpreadAgain() throws {
    var random = TestRandom(12)
    let pairs = (0..<150_000).map { edge in
      [edge, Int.random(in: 0...edge, using: &random)].map { $0 % 5 == 3 ? "some other long name of node \($0)" : "\($0)" }
    }
    let path = try folder.file("many.tsv", pairs.map { "\($0[0])\t\($0[1])\n" }.joined())
    let (names, numbered) = expected(pairs)
    let graph = try RawEdgeListReader.read(path, format: compact, context: context(threads: 2, tableBytes: 0))
    let isSame = graph.pairs == numbered && graph.names == names
    #expect(isSame && names.count == 150_000 && folder.names == ["many.tsv"])
  }

  @Test func temporaryFilesHaveNoNames() throws {
    let path = try folder.file("edges.txt", (0..<5000).map { "n\($0) m\($0)\n" }.joined())
    let graph = try RawEdgeListReader.read(path, format: compact, context: context(tableBytes: 0))
    #expect(graph.nodes[0].count == 10_000 && folder.names == ["edges.txt"])
    #expect(graph.names.prefix(4) == ["n0", "m0", "n1", "m1"])
  }

  @Test func numbersInArraysAreNames() throws {
    let ids: [Int64] = [1 << 40, -7, 1 << 40, 0, .min, .max]
    let path = try folder.array("edges.npy", ids, .int64, [3, 2])
    let graph = try EdgeArrayReader.read(path, format: compact, context: context())
    #expect(graph.names == ["1099511627776", "-7", "0", "-9223372036854775808", "9223372036854775807"])
    #expect(graph.pairs == [[0, 1], [0, 2], [3, 4]])
    let large = try folder.array("large.npy", [UInt64.max, 5, 5, UInt64.max] as [UInt64], .uint64, [4, 1])
    #expect(
      folder.failure { try EdgeArrayReader.read(large, format: compact, context: context()) }.contains("expected edges of shape (2, edges)")
    )
    let wide = try folder.array("wide.npy", [UInt64.max, 5, 5, 5, 5, UInt64.max] as [UInt64], .uint64, [2, 3])
    #expect(
      try EdgeArrayReader.read(wide, format: compact, context: context()).namedPairs == [
        ["18446744073709551615", "5"], ["5", "5"], ["5", "18446744073709551615"],
      ])
  }

  @Test func weightsStayWithTheirEdges() throws {
    let graph = try read("a b 1\nb c 2.5\na b -1\n", EdgeListFormat(weight: "2", ids: .compact))
    #expect(graph.weights == [1, 2.5, -1] && graph.pairs == [[0, 1], [1, 2], [0, 1]])
  }

  @Test func datasetsKeepNamesAndWeights() throws {
    let graph = try read("a b 1\nb çé 2.5\n", EdgeListFormat(weight: "2", ids: .compact))
    let path = folder.path + "/DS"
    try DatasetWriter.write(graph, to: path)
    let again = try DatasetReader.open(path, verifyingChecksums: true)
    #expect(again.names == ["a", "b", "çé"] && again.weights == [1, 2.5] && again.pairs == graph.pairs)
    try DatasetWriter.write(again, to: path, force: true)
    #expect(try DatasetReader.open(path).names == ["a", "b", "çé"])
    try folder.array("DS/nodes/node/names.indptr.npy", [0, 2, 1, 6] as [Int64], .int64, [4])
    #expect(
      folder.failure { try DatasetReader.open(path) }
        == "DS/nodes/node/names.indptr.npy: expected bounds that do not decrease, found 1 after 2")
    var broken = graph
    broken.edges[0].weights = ArrayView([1, .infinity] as [Float])
    #expect(
      folder.failure { try DatasetWriter.write(broken, to: path + "2") }
        == "graph 'edges', edges/edge/weights: expected finite weights, found inf of edge 1")
    broken = graph
    broken.nodes[0].names = NodeNames(["a"])
    #expect(
      folder.failure { try DatasetWriter.write(broken, to: path + "2") }
        == "graph 'edges', nodes/node/names.indptr: expected 3 names, found 1")
  }
}
