import Datasets
import Graphs
import Tensors
import Testing

@Suite struct METISGraphReaderTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The manual's example graph: seven nodes, eleven edges (figure 2 of the METIS 5.1 manual).
  private let lists = [[5, 3, 2], [1, 3, 4], [5, 4, 2, 1], [2, 3, 6, 7], [1, 3, 6], [5, 4, 7], [6, 4]]

  private var expected: [[UInt32]] {
    lists.enumerated().flatMap { node, neighbours in neighbours.map { [UInt32(node), UInt32($0 - 1)] } }
  }

  private func read(_ text: String, context: IngestContext = IngestContext()) throws -> RawGraph {
    try METISGraphReader.read(try folder.file("g.graph", text), context: context)
  }

  private func failure(_ text: String) throws -> String {
    let path = try folder.file("g.graph", text)
    return folder.failure { try METISGraphReader.read(path) }
  }

  @Test func unweightedListsGiveBothDirectionsInTheirOrder() throws {
    let text =
      "% a comment\n7 11\n" + lists.map { " " + $0.map(String.init).joined(separator: " ") + " \n" }.joined(separator: "% between\n")
    let graph = try read(text)
    #expect(graph.pairs == expected)
    #expect(graph.nodes[0].count == 7 && graph.nodes[0].tables.isEmpty && graph.name == "g")
    #expect(try METISGraphReader.read(try folder.file("z.graph.gz", text)).pairs == expected)
  }

  @Test func allFormatCodesAreRead() throws {
    for sizes in [false, true] {
      for weights in [0, 1, 3] {
        for edgeWeights in [false, true] {
          let format = "\(sizes ? 1 : 0)\(weights > 0 ? 1 : 0)\(edgeWeights ? 1 : 0)"
          var text = "7 11 \(format)\(weights > 1 ? " \(weights)" : "")\n"
          for (node, neighbours) in lists.enumerated() {
            let head = (sizes ? [9] : []) + (0..<weights).map { 10 * node + $0 }
            text +=
              (head + neighbours.flatMap { edgeWeights ? [$0, 1 + (node + 1) * $0] : [$0] }).map(String.init).joined(separator: " ") + "\n"
          }
          let notices = Notices()
          let graph = try read(text, context: notices.context())
          #expect(graph.pairs == expected, "format \(format)")
          #expect(notices.all.count == (sizes ? 1 : 0) + (edgeWeights ? 1 : 0))
          if weights == 0 {
            #expect(graph.nodes[0].tables.isEmpty)
          } else if case .dense(let table)? = graph.nodes[0].tables["weights"] {
            let values = withExtendedLifetime(table) { Array(UnsafeRawBufferPointer(table.bytes.elements).bindMemory(to: Int32.self)) }
            #expect(values == (0..<7).flatMap { node in (0..<weights).map { Int32(10 * node + $0) } })
          } else {
            Issue.record("no weights")
          }
        }
      }
    }
  }

  @Test func edgeWeightsAreKeptWhereTheyAreAskedFor() throws {
    let path = try folder.file("w.graph", "3 2 1\n2 7 3 9\n1 7\n1 9\n")
    let notices = Notices()
    let graph = try METISGraphReader.read(path, weighted: true, context: notices.context())
    #expect(graph.pairs == [[0, 1], [0, 2], [1, 0], [2, 0]] && graph.weights == [7, 9, 7, 9] && notices.all.isEmpty)
    #expect(try METISGraphReader.read(path).edges[0].weights == nil)
    let plain = try folder.file("p.graph", "2 1\n2\n1\n")
    #expect(try METISGraphReader.read(plain, weighted: true).weights == [1, 1])
  }

  @Test func blankLinesAreNodesWithoutNeighbours() throws {
    let graph = try read("4 1\n\n3\n2\n\n\n\n")
    #expect(graph.pairs == [[1, 2], [2, 1]] && graph.nodes[0].count == 4)
  }

  @Test func listsLongerThanAPieceAreRead() throws {
    let leaves = 300_000
    var text = "\(leaves + 1) \(leaves)\n" + (2...leaves + 1).map(String.init).joined(separator: " ") + "\n"
    for _ in 0..<leaves { text += "1\n" }
    let path = try folder.file("star.graph", text)
    for threads in [1, 3] {
      let graph = try METISGraphReader.read(path, context: IngestContext(threads: Threads(threads)))
      #expect(
        graph.edges[0].count == 2 * leaves && graph.edges[0].sources[leaves] == 1 && graph.edges[0].destinations[leaves - 1] == 300_000)
    }
  }

  @Test func mistakesNameTheLine() throws {
    #expect(try failure("") == "g.graph: expected a header 'nodes edges [fmt [ncon]]', found an empty file")
    #expect(try failure("% c\n2\n") == "g.graph:2: expected a header 'nodes edges [fmt [ncon]]', found 1 numbers")
    #expect(try failure("0 0\n") == "g.graph:1: expected 1 to 4294967294 nodes, found 0")
    #expect(try failure("2 1 12\n") == "g.graph:1: expected a fmt of up to three digits 0 or 1, found 12")
    #expect(try failure("2 1 1 2\n") == "g.graph:1: expected no ncon without node weights, found 2")
    #expect(try failure("2 1 10 0\n") == "g.graph:1: expected 1 to 1024 weights of a node, found 0")
    #expect(try failure("2 1\n2\n1\n3\n") == "g.graph:4: expected the end of the file after 2 nodes, found another line of 1 numbers")
    #expect(try failure("3 1\n2\n1\n") == "g.graph: expected 3 nodes as the header says, found 2 lines of nodes")
    #expect(try failure("2 2\n2\n1\n") == "g.graph: expected 2 edges, each in two lists, as the header says, found 2 list entries")
    #expect(try failure("2 1\n3\n1\n") == "g.graph:2: expected neighbours from 1 to 2, found 3")
    #expect(try failure("2 1\n0\n1\n") == "g.graph:2: expected neighbours from 1 to 2, found 0")
    #expect(try failure("2 1\n2\n2\n") == "g.graph:3: expected no edge from a node to itself, found node 2 in its own list")
    #expect(try failure("2 1\n2\n-1\n") == "g.graph:3: expected whole numbers from 0 to 4294967295, found '-1'")
    #expect(try failure("2 1\nx1\n1\n") == "g.graph:2: expected whole numbers from 0 to 4294967295, found 'x1'")
    #expect(try failure("2 1\n99999999999999999999999\n1\n").hasPrefix("g.graph:2: expected whole numbers from 0 to 4294967295"))
    #expect(
      try failure("2 1 1\n2\n1 1\n") == "g.graph:2: expected 0 numbers of the node, then pairs of neighbour and weight, found 1 numbers")
    #expect(try failure("2 1 1\n2 0\n1 1\n") == "g.graph:2: expected edge weights of 1 or more, found 0")
    #expect(try failure("2 1 10\n\n1 1\n") == "g.graph:2: expected 1 numbers of the node, then neighbours, found 0 numbers")
    #expect(try failure("2 1 10\n3000000000 2\n1 1\n") == "g.graph:2: expected node weights up to 2147483647, found 3000000000")
    #expect(try failure("2 2\n2 2\n1 1\n") == "g.graph:2: expected each neighbour once, found 2 twice")
    #expect(
      try failure("% c\n4 2\n2\n1 3\n4\n\n")
        == "g.graph:4: expected every edge in the lists of both its ends, found neighbour 3, whose list on line 5 lacks 2")
  }
}
