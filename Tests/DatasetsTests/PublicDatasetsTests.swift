import Datasets
import Foundation
import Graphs
import Tensors
import Testing

/// The public sets, found through HALO_DATASETS, else beside the package; expected numbers are those their README states.
enum PublicDatasets {
  static let root: String = {
    if let path = ProcessInfo.processInfo.environment["HALO_DATASETS"] { return path }
    return URL(fileURLWithPath: #filePath + "/../../../../shared/datasets").standardizedFileURL.path
  }()

  static let arePresent = FileManager.default.fileExists(atPath: root + "/cora/edge.csv.gz")
}

@Suite(.enabled(if: PublicDatasets.arePresent, "no public sets at \(PublicDatasets.root); set HALO_DATASETS"))
struct PublicDatasetsTests {
  private func convert(_ name: String, undirected: Bool = false) throws -> RawGraph {
    let converter = DatasetConverter(transforms: EdgeTransforms(undirected: undirected))
    return try converter.convert(folder: "\(PublicDatasets.root)/\(name)", context: IngestContext(threads: Threads(2)))
  }

  @Test func coraIsAsPublished() throws {
    let graph = try convert("cora")
    let summary = DatasetSummary(graph, threads: Threads(2))
    let (nodes, edges) = (summary.nodeTypes[0], summary.relations[0])
    #expect(nodes.count == 2708 && nodes.classSizes == [351, 217, 418, 818, 426, 298, 180] && nodes.unlabelled == 0)
    #expect(nodes.splits == [DatasetSummary.SplitSizes(name: "planetoid", train: 140, validation: 500, test: 1000)])
    #expect(nodes.tables[0].columns == 1433 && nodes.tables[0].storedValues == 49_216)
    #expect(edges.edges == 10_858 && edges.edges - edges.repeated == 10_556 && edges.selfLoops == 0 && edges.isolated == 0)
    guard case .sparse(let feat)? = graph.nodes[0].tables["feat"] else { return }
    #expect(feat.values.allSatisfy { $0 == 1 })
    var simple = graph
    #expect(
      EdgeTransforms(dedup: true, undirected: true).apply(to: &simple, threads: Threads(2)) == EdgeTransforms.Counts(removed: 302, added: 0)
    )
    #expect(abs((DatasetSummary(simple, threads: Threads(2)).relations[0].homophily ?? 0) - 0.810) < 0.0005)
  }

  @Test func coauthorCSIsAsPublished() throws {
    let summary = DatasetSummary(try convert("coauthor-cs"), threads: Threads(2))
    let (nodes, edges) = (summary.nodeTypes[0], summary.relations[0])
    #expect(
      nodes.count == 18_333 && nodes.classSizes.count == 15 && nodes.tables[0].columns == 6805 && nodes.tables[0].storedValues == 1_092_079)
    #expect(nodes.splits == (0..<5).map { DatasetSummary.SplitSizes(name: "random-\($0)", train: 300, validation: 450, test: 17_583) })
    #expect(edges.edges == 163_788 && edges.repeated == 0 && edges.selfLoops == 0 && edges.missingReverses == 0)
    #expect(abs((edges.homophily ?? 0) - 0.808) < 0.0005)
  }

  @Test func facebookPagesAreAsPublished() throws {
    let list = DatasetSummary(try convert("facebook-page-page"), threads: Threads(2)).relations[0]
    #expect(list.edges == 171_002 && list.selfLoops == 179 && list.repeated == 0 && list.isolated == 0 && list.listsEdgesOnce)
    let graph = try convert("facebook-page-page", undirected: true)
    let summary = DatasetSummary(graph, threads: Threads(2))
    let (nodes, edges) = (summary.nodeTypes[0], summary.relations[0])
    // 170,823 simple undirected edges, both ways, and the loops.
    #expect(edges.edges == 2 * 170_823 + 179 && edges.missingReverses == 0 && !edges.listsEdgesOnce)
    #expect(abs((edges.homophily ?? 0) - 0.885) < 0.0005)
    #expect(nodes.count == 22_470 && nodes.unlabelled == 0)
    #expect(nodes.classNames == ["company", "government", "politician", "tvshow"] && nodes.classSizes == [6495, 6880, 5768, 3327])
    #expect(nodes.tables.map(\.name) == ["feat"] && nodes.tables[0].columns == 4714 && nodes.tables[0].storedValues == 314_583)
    #expect(nodes.splits == (0..<5).map { DatasetSummary.SplitSizes(name: "random-\($0)", train: 13_482, validation: 4494, test: 4494) })
    // The first line of the table: "0,145647315578475,The Voice of China 中国好声音,tvshow".
    #expect(graph.nodes[0].labels?[0] == 3)
  }

  @Test func tolokersAreAsPublished() throws {
    let list = DatasetSummary(try convert("tolokers"), threads: Threads(2)).relations[0]
    #expect(list.edges == 519_000 && list.selfLoops == 0 && list.repeated == 0 && list.isolated == 0 && list.listsEdgesOnce)
    let summary = DatasetSummary(try convert("tolokers", undirected: true), threads: Threads(2))
    let (nodes, edges) = (summary.nodeTypes[0], summary.relations[0])
    #expect(edges.edges == 1_038_000 && edges.inDegree.largest == 2138 && abs((edges.homophily ?? 0) - 0.595) < 0.0005)
    #expect(nodes.count == 11_758 && nodes.classSizes == [9192, 2566] && nodes.tables[0].columns == 10)
    #expect(nodes.splits == (0..<10).map { DatasetSummary.SplitSizes(name: "fixed-\($0)", train: 5879, validation: 2939, test: 2940) })
  }

  @Test func notreDameListHasCommentsAndCRLF() throws {
    var graph = try RawEdgeListReader.read(
      "\(PublicDatasets.root)/web-notredame/web-NotreDame.txt.gz", context: IngestContext(threads: Threads(2)))
    #expect(graph.nodes[0].count == 325_729 && graph.edges[0].count == 1_497_134)
    let edges = DatasetSummary(graph, threads: Threads(2)).relations[0]
    #expect(edges.selfLoops == 27_455 && edges.repeated == 0)
    _ = EdgeTransforms(undirected: true).apply(to: &graph, threads: Threads(2))
    #expect(graph.edges[0].count == 2 * 1_090_108 + 27_455)
  }

  @Test func gowallaPairsAreRead() throws {
    // Users and items have ids of their own: as one list of nodes it is only parsed.
    let graph = try RawEdgeListReader.read("\(PublicDatasets.root)/gowalla/train.tsv.gz", nodeCount: 40_981)
    #expect(graph.edges[0].count == 810_128)
  }

  @Test(arguments: [
    ("3elt", 4720, 13_722, 9), ("4elt", 15_606, 45_878, 10), ("fe_sphere", 16_386, 49_152, 6), ("memplus", 17_758, 54_196, 573),
    ("vibrobox", 12_328, 165_250, 120), ("wing_nodal", 10_937, 75_488, 28),
  ])
  func metisGraphsAreAsPublished(name: String, nodes: Int, edges: Int, largestDegree: Int) throws {
    let graph = try METISGraphReader.read("\(PublicDatasets.root)/metis-graphs/\(name).graph.gz")
    let relation = DatasetSummary(graph, threads: Threads(1)).relations[0]
    #expect(graph.name == name && graph.nodes[0].count == nodes && graph.edges[0].count == 2 * edges)
    #expect(relation.inDegree.largest == largestDegree && relation.missingReverses == 0 && relation.selfLoops == 0)
  }
}
