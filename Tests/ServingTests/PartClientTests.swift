import Foundation
import Graphs
import Messaging
import Serving
import Tensors
import Testing

@Suite(.serialized) struct PartClientTests {
  /// Nodes in random order, some of them several times.
  private func nodes(_ count: Int, below limit: Int, seed: UInt64) -> [Int64] {
    let key = RandomKey(seed: seed, purpose: .sample)
    return (0..<count).map { Int64(key.bits(id: UInt64($0), step: 0)[0]) % Int64(limit) }
  }

  @Test func rowsAreThoseOfTheGraphInEveryType() throws {
    for (parts, seed) in [(1, 1), (3, 2), (4, 3)] as [(Int, UInt64)] {
      let served = try ServedParts(parts: parts, seed: seed) { $0.placement = seed % 2 == 0 ? .resident : .mapped }
      let client = try served.client()
      #expect(client.parts == Array(0..<parts))
      for count in [0, 1, 200] {
        let asked = nodes(count, below: ServedParts.papers, seed: seed)
        for name in ["feat", "half", "brain", "byte"] {
          let table = try client.table(named: name, nodeType: name == "feat" ? "paper" : nil)
          let pulled = try client.rows(of: table, asked)
          let path = served.path("rows.npy")
          #expect(try pulled.writeArrays(to: path) == [path])
          let array = try NPYArray(mapping: path)
          #expect(array.shape == [count, ServedParts.columns] && array.elementType == (name == "half" ? .float16 : .float32))
          let values = array.copyFloats()
          let expected = asked.flatMap { paper -> [Float] in
            let row = served.row(paper)
            guard name == "byte" else { return row }
            let scale = row.map { abs($0) }.max()! / 127
            return row.map { scale == 0 ? 0 : ($0 / scale).rounded(.toNearestOrEven) * scale }
          }
          #expect(withExtendedLifetime(values) { Array(values.elements) } == expected, "\(name) of \(parts) parts")
        }
      }
    }
  }

  @Test func sparseRowsAreThoseOfTheGraph() throws {
    let served = try ServedParts(parts: 3, seed: 5)
    let client = try served.client()
    let asked = nodes(150, below: ServedParts.papers, seed: 8)
    let pulled = try client.rows(of: client.table(named: "words", nodeType: nil), asked)
    for (index, paper) in asked.enumerated() {
      let (found, expected) = (pulled.entries(index), served.words(of: paper))
      #expect(found.map(\.column) == expected.map(\.column) && found.map(\.value) == expected.map(\.value), "paper \(paper)")
    }
    let files = try pulled.writeArrays(to: served.path("words.npy"))
    #expect(files == ["indptr", "indices", "data"].map { served.path("words.\($0).npy") })
    let columns = try NPYArray(mapping: files[1]).elements(as: UInt32.self)
    #expect(Array(columns) == asked.flatMap { served.words(of: $0).map(\.column) })
    #expect(try NPYArray(mapping: files[0]).elements(as: Int64.self, shape: [151]).last == Int64(columns.count))
    var text = ""
    try pulled.writeText { text += $0 }
    let lines = asked.flatMap { paper in served.words(of: paper).map { "\(paper),\($0.column),\($0.value)" } }
    #expect(text == (["node,column,value"] + lines).joined(separator: "\n") + "\n")
  }

  @Test func textHasALineForEachNode() throws {
    let served = try ServedParts(parts: 2, seed: 6)
    let client = try served.client()
    var text = ""
    try client.rows(of: client.table(named: "half", nodeType: nil), [7, 3]).writeText { text += $0 }
    let header = "node," + (0..<ServedParts.columns).map { "half_\($0)" }.joined(separator: ",")
    let lines = ([7, 3] as [Int64]).map { node in "\(node)," + served.row(node).map { "\(Float16($0))" }.joined(separator: ",") }
    #expect(text == ([header] + lines).joined(separator: "\n") + "\n")
  }

  @Test(arguments: [RandomPurpose.sample, .evaluation, .labor])
  func neighborsFollowTheDefinition(purpose: RandomPurpose) throws {
    for (parts, seed, limits) in [(1, 3, [4, 4, 4]), (3, 4, [.max, 1, 7]), (4, 5, [2, .max, .max])] as [(Int, UInt64, [Int])] {
      let served = try ServedParts(parts: parts, seed: seed)
      let client = try served.client()
      for (hop, step) in [(0, 0), (2, 77)] as [(Int, UInt32)] {
        for (type, count) in [(0, ServedParts.papers), (1, ServedParts.authors)] {
          let asked = nodes(80, below: count, seed: UInt64(hop))
          let pulled = try client.neighbors(of: asked, type: type, limits: limits, purpose: purpose, hop: hop, step: step)
          let expected = asked.flatMap { node in
            ServedParts.relations.indices.filter { ServedParts.relations[$0].destination == type }.flatMap { relation in
              served.neighbors(
                of: node, relation: relation, limit: limits[relation], seed: seed, purpose: purpose, hop: hop, step: step
              ).map { PulledNeighbors.Edge(node: node, relation: relation, neighbor: $0) }
            }
          }
          #expect(pulled.edges == expected, "\(parts) parts, hop \(hop), type \(type)")
          #expect(pulled.edges.count > 40)
        }
      }
    }
  }

  @Test func sampledEdgesAreWritten() throws {
    let served = try ServedParts(parts: 2, seed: 4)
    let client = try served.client()
    let pulled = try client.neighbors(of: [3, 0], type: 0, limits: [2, 2, 2])
    try pulled.writeArray(to: served.path("edges.npy"))
    let array = try NPYArray(mapping: served.path("edges.npy"))
    #expect(array.shape == [pulled.edges.count, 3])
    #expect(Array(try array.elements(as: Int64.self)) == pulled.edges.flatMap { [$0.node, Int64($0.relation), $0.neighbor] })
    var text = ""
    try pulled.writeText { text += $0 }
    #expect(
      text.split(separator: "\n").dropFirst().map(String.init)
        == pulled.edges.map {
          "\($0.node),\(ServedParts.relations[$0.relation].name),\($0.neighbor)"
        })
  }

  @Test func whatIsNotThereIsNamed() throws {
    let served = try ServedParts(parts: 3, seed: 2)
    let client = try served.client()
    func fault(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return "\(error)" }
      return nil
    }
    #expect(fault { _ = try client.table(named: "x", nodeType: nil) }?.hasPrefix("table: expected ") == true)
    #expect(
      fault { _ = try client.table(named: "feat", nodeType: nil) } == "table 'feat': expected a node type, one of paper, author, found none"
    )
    #expect(fault { _ = try client.nodeType(named: "book") } == "node type: expected paper, author, found 'book'")
    let endpoint = served.services[0].endpoints[0]
    for number in [-1, 61] as [Int64] {
      let expected = "worker 0 (\(endpoint)) refused a request: search of nodes: expected a node of 'paper' below 61, found \(number)"
      #expect(fault { _ = try client.find([3, number], type: 0) } == expected)
    }
    let one = try served.client(of: [1])
    let ids = try client.find((0..<61).map { $0 }, type: 0)
    let (start, end) = (one.graph.book.innerRange(of: 1).lowerBound, one.graph.book.innerRange(of: 1).upperBound)
    let elsewhere = try #require(ids.firstIndex { !(start..<end).contains($0.rawValue) })
    let here = try #require(ids.firstIndex { (start..<end).contains($0.rawValue) })
    #expect(try one.find([Int64(here)], type: 0) == [ids[here]])
    #expect(
      fault { _ = try one.find([Int64(here), Int64(elsewhere)], type: 0) }
        == "node \(elsewhere): expected a node of the parts [1] that are served, found one of another part")
  }

  @Test func peersOfDifferentGraphsAreRefused() throws {
    let (one, other) = (try ServedParts(parts: 2, seed: 1), try ServedParts(parts: 2, seed: 2))
    let error = #expect(throws: InputError.self) {
      try PartClient(peers: [one.services[0].endpoints[0], other.services[1].endpoints[0]])
    }
    #expect(error?.description.contains("expected a part of library, partition \(one.services[0].graph.partition)") == true)
  }
}
