import Foundation
import Graphs
import Messaging
import Sampling
import Serving
import Tensors
import Testing

/// Rows of sampled edges of served parts: the definition picks the edges, the input's tables say what their rows are.
@Suite(.serialized) struct SampledEdgeRowsTests {
  private func nodes(_ count: Int, below limit: Int, seed: UInt64) -> [Int64] {
    let key = RandomKey(seed: seed, purpose: .sample)
    return (0..<count).map { Int64(key.bits(id: UInt64($0), step: 0)[0]) % Int64(limit) }
  }

  @Test(arguments: [RandomPurpose.sample, .evaluation, .labor])
  func rowsAreThoseOfTheSampledEdges(purpose: RandomPurpose) throws {
    for (parts, seed, limit) in [(1, 3, 4), (3, 4, .max), (4, 5, 2)] as [(Int, UInt64, Int)] {
      let served = try ServedParts(parts: parts, seed: seed, edgeTables: true) { $0.placement = seed == 4 ? .resident : .mapped }
      let client = try served.client()
      for (name, relation, below) in [
        ("amount", 0, ServedParts.papers), ("tags", 0, ServedParts.papers), ("amount", 2, ServedParts.authors),
      ] {
        let table = try client.edgeTable(named: name, relation: ServedParts.relations[relation].name)
        let asked = nodes(90, below: below, seed: seed)
        let (neighbors, rows) = try client.edges(of: asked, table: table, limit: limit, purpose: purpose, hop: 1, step: 6)
        let sampled = asked.flatMap { node in
          served.sampled(of: node, relation: relation, limit: limit, seed: seed, purpose: purpose, hop: 1, step: 6).map { (node, $0) }
        }
        #expect(
          neighbors.edges
            == sampled.map {
              PulledNeighbors.Edge(node: $0.0, relation: relation, neighbor: Int64(served.edges[relation][$0.1].source))
            }, "\(name) of \(parts) parts")
        #expect(rows.count == sampled.count && sampled.count > 30)
        if name == "amount" {
          let path = served.path("rows.npy")
          #expect(try rows.writeArrays(to: path) == [path])
          let values = try NPYArray(mapping: path).elements(as: Float.self, shape: [sampled.count, 3])
          #expect(Array(values) == sampled.flatMap { ServedParts.amount(of: $0.1, relation: relation) }, "\(parts) parts")
        } else {
          for (index, edge) in sampled.enumerated() {
            let (found, expected) = (rows.entries(index), ServedParts.tags(of: edge.1))
            #expect(found.map(\.column) == expected.map(\.column) && found.map(\.value) == expected.map(\.value), "edge \(edge)")
          }
        }
      }
      // Asking for ids changes no sample.
      let plain = try client.neighbors(of: [3, 0], type: 0, limits: [limit, 1, 1], purpose: purpose, hop: 1, step: 6)
      let table = try client.edgeTable(named: "tags", relation: nil)
      let again = try client.edges(of: [3, 0], table: table, limit: limit, purpose: purpose, hop: 1, step: 6).neighbors
      #expect(plain.edges.filter { $0.relation == 0 } == again.edges)
    }
  }

  @Test func textHasTheEdgeBeforeItsRow() throws {
    let served = try ServedParts(parts: 2, seed: 6, edgeTables: true)
    let client = try served.client()
    func text(_ name: String) throws -> (text: String, edges: [Int]) {
      var text = ""
      try client.edges(of: [7, 3], table: client.edgeTable(named: name, relation: "cites"), limit: 3).rows.writeText { text += $0 }
      let edges = ([7, 3] as [Int64]).flatMap {
        served.sampled(of: $0, relation: 0, limit: 3, seed: 6, purpose: .sample, hop: 0, step: 0)
      }
      return (text, edges)
    }
    func subject(_ edge: Int) -> String { "\(served.edges[0][edge].destination),cites,\(served.edges[0][edge].source)" }
    let (dense, edges) = try text("amount")
    let lines = edges.map { ([subject($0)] + ServedParts.amount(of: $0, relation: 0).map { "\($0)" }).joined(separator: ",") }
    #expect(dense == (["node,relation,neighbor,amount_0,amount_1,amount_2"] + lines).joined(separator: "\n") + "\n")
    let entries = edges.flatMap { edge in ServedParts.tags(of: edge).map { "\(subject(edge)),\($0.column),\($0.value)" } }
    #expect(try text("tags").text == (["node,relation,neighbor,column,value"] + entries).joined(separator: "\n") + "\n")
  }

  @Test func whatIsNotThereIsNamed() throws {
    func fault(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return "\(error)" }
      return nil
    }
    let served = try ServedParts(parts: 3, seed: 2, edgeTables: true)
    let client = try served.client()
    let known = "amount of 'cites', tags of 'cites', amount of 'reads'"
    #expect(fault { _ = try client.edgeTable(named: "x", relation: nil) } == "edge table: expected \(known), found 'x'")
    #expect(fault { _ = try client.edgeTable(named: "tags", relation: "reads") } == "edge table: expected \(known), found 'tags'")
    #expect(
      fault { _ = try client.edgeTable(named: "amount", relation: nil) }
        == "edge table 'amount': expected a relation, one of cites, reads, found none")
    #expect(
      fault { _ = try client.edgeTable(named: "amount", relation: "likes") }
        == "relation: expected cites, writes, reads, found 'likes'")
    let none = try ServedParts(parts: 1, seed: 2)
    #expect(none.services[0].graph.edgeTables == nil && none.services[0].graph.edgeBounds == nil)
    #expect(
      fault { _ = try none.client().edgeTable(named: "amount", relation: nil) }
        == "edge table: expected none: the graph has no tables of edges, found 'amount'")
  }

  /// A description whose tables and bounds of edges do not fit is refused.
  @Test func descriptionsThatDoNotAgreeAreRefused() throws {
    let graph = try ServedParts(parts: 3, seed: 2, edgeTables: true).services[1].graph
    func parse(_ change: (inout ServedGraph) -> Void) throws {
      var changed = graph
      change(&changed)
      let message = try changed.message()
      let parsed = try withExtendedLifetime(message) {
        try ServedGraph(parsing: UnsafeRawBufferPointer(message.payload), place: "here")
      }
      #expect(parsed == changed)
    }
    try parse { _ in }
    let changes: [(inout ServedGraph) -> Void] = [
      { $0.edgeBounds = nil }, { $0.edgeTables = nil }, { $0.edgeBounds!.removeLast() }, { $0.edgeBounds![0] = 1 },
      { $0.edgeBounds![4] = -1 }, { $0.edgeBounds![9] += 1 << 32 }, { $0.edgeTables![0].relation = 3 }, { $0.edgeTables![0].relation = -1 },
      { $0.edgeTables![0].relation = nil }, { $0.edgeTables![0].nodeType = 1 }, { $0.edgeTables![0].strideBytes = 4 },
      { $0.tables[0].relation = 0 },
    ]
    for (number, change) in changes.enumerated() { #expect(throws: InputError.self, "change \(number)") { try parse(change) } }
  }
}
