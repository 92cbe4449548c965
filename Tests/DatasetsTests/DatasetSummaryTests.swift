import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct DatasetSummaryTests {
  @Test func karateClubIsSummarised() {
    let summary = DatasetSummary(Generators.karateClub(), threads: Threads(1))
    #expect(
      summary.description == """
        dataset karate-club
        34 nodes of type 'node'
          table 'feat': 34 columns, float32, dense
          classes: 2, of 17 17 nodes
          split 'factions': 4 training, 8 validation, 22 test nodes
        156 edges of relation 'edge', 'node' to 'node'
          in-degree: 1 to 17, mean 4.59; out-degree: 1 to 17, mean 4.59
          self-loops: 0, repeated: 0, missing reverse edges: 0, isolated nodes: 0
          homophily: 0.859 of the edges join equal labels
        """)
  }

  @Test func everyCountIsCounted() throws {
    let edges = EdgeList(sources: ArrayView([0, 0, 1, 2, 2] as [UInt32]), destinations: ArrayView([1, 1, 0, 2, 0] as [UInt32]))
    let nodes = NodeData(count: 5, labels: ArrayView([0, 0, 2, -1, -1] as [Int32]), classCount: 3)
    let graph = RawGraph(name: "g", schema: .plain, nodes: [nodes], edges: [edges])
    let summary = DatasetSummary(graph, threads: Threads(2))
    #expect(summary.nodeTypes[0].classSizes == [2, 0, 1] && summary.nodeTypes[0].unlabelled == 2)
    let relation = summary.relations[0]
    #expect(
      relation.edges == 5 && relation.selfLoops == 1 && relation.repeated == 1 && relation.missingReverses == 2 && relation.isolated == 2)
    #expect(relation.inDegree.smallest == 0 && relation.inDegree.mean == 1 && relation.inDegree.largest == 2)
    #expect(relation.homophily == 0.75)
    let decoded = try JSONDecoder().decode(DatasetSummary.self, from: JSONEncoder().encode(summary))
    #expect(decoded == summary)
  }

  @Test func bipartiteRelationsHaveNoReverses() {
    let schema = Schema(nodeTypes: ["user", "item"], relations: [Relation(name: "buys", source: 0, destination: 1)])
    let edges = EdgeList(sources: ArrayView([0, 2] as [UInt32]), destinations: ArrayView([1, 1] as [UInt32]))
    let graph = RawGraph(name: "g", schema: schema, nodes: [NodeData(count: 3), NodeData(count: 2)], edges: [edges])
    let relation = DatasetSummary(graph, threads: Threads(1)).relations[0]
    #expect(relation.missingReverses == nil && relation.homophily == nil && relation.isolated == 2 && relation.selfLoops == 0)
  }
}
