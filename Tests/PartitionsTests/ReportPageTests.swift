import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct ReportPageTests {
  private func report(_ graph: RawGraph, _ parts: [UInt16], threads: Int = 1) throws -> (TemporaryDirectory, PartitionReport) {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    try PartitionWriter.write(graph, SmallGraphs.assignment(graph, parts), to: path, reports: true, threads: Threads(threads))
    return (directory, try PartitionReport.load(path))
  }

  @Test func detailsOfTheCycleAreCounted() throws {
    let details = try #require(try report(SmallGraphs.cycle, SmallGraphs.cycleParts).1.details)
    #expect(details.edgesFromParts == [[2, 2], [2, 2]])
    #expect(details.crossingEdges == [2, 2])
    #expect(details.degrees == [[0, 2, 1], [0, 2, 1]])
    #expect(details.largestDegrees == [2, 2])
  }

  @Test func detailsOfTypedGraphsAreCounted() throws {
    let details = try #require(try report(SmallGraphs.papers, SmallGraphs.papersParts).1.details)
    #expect(details.edgesFromParts == [[4, 2], [1, 0]])
    #expect(details.crossingEdges == [2, 1])
    #expect(details.degrees == [[1, 1, 0, 1], [1, 1, 0, 0]])
    #expect(details.largestDegrees == [5, 1])
  }

  @Test func manyPartsHaveNoMatrix() throws {
    let list = (0..<65).map { (UInt32($0), UInt32(($0 + 1) % 65)) }
    let ring = RawGraph(name: "ring", schema: .plain, nodes: [NodeData(count: 65)], edges: [SmallGraphs.edges(list)])
    let (directory, report) = try report(ring, (0..<65).map(UInt16.init))
    let details = try #require(report.details)
    #expect(details.edgesFromParts == nil && details.crossingEdges == [Int](repeating: 1, count: 65))
    let page = try String(contentsOfFile: directory.file("parts/report.html"), encoding: .utf8)
    #expect(page.contains("Drawn for at most 64 parts."))
  }

  @Test func reportsLieBesideWhatTheManifestLists() throws {
    let (directory, report) = try report(SmallGraphs.cycle, SmallGraphs.cycleParts)
    let names = try directory.contents(of: "parts").map(\.0)
    #expect(names.contains("report.json") && names.contains("report.html"))
    let manifest = try Manifest.load(directory.file("parts"))
    #expect(!manifest.files.contains { $0.path.hasPrefix("report") })
    #expect(try Verifier.verify(directory.file("parts")) == [])
    #expect(report == PartitionReport(manifest, details: report.details))
    let again = try self.report(SmallGraphs.cycle, SmallGraphs.cycleParts, threads: 4).0
    for name in ["parts/report.json", "parts/report.html"] {
      #expect(FileManager.default.contents(atPath: directory.file(name)) == FileManager.default.contents(atPath: again.file(name)))
    }
    try "{}".write(toFile: directory.file("parts/report.json"), atomically: true, encoding: .utf8)
    #expect(throws: InputError.self) { try PartitionReport.load(directory.file("parts")) }
  }

  @Test func theTableHasAColumnForEachDetail() throws {
    let (_, report) = try report(SmallGraphs.cycle, SmallGraphs.cycleParts)
    let lines = report.description.split(separator: "\n").map(String.init)
    let first = try #require(lines.firstIndex { $0.hasPrefix("part") })
    #expect(lines[first] == "part  nodes  halo  edges  train  crossing  max degree")
    #expect(lines[first + 1] == "0         3     2      4      1         2           2")
  }

  @Test func unequalTargetsAreTold() throws {
    var report = try report(SmallGraphs.cycle, SmallGraphs.cycleParts).1
    report.partWeights = [3, 1]
    report.loads["weight:w"] = [30, 10]
    report.unmet = [UnmetTolerance(constraint: "nodes", tolerance: 0.05, excess: 1, part: 1)]
    let text = report.description
    #expect(text.contains("max degree  weight:w  share asked"))
    #expect(text.contains("30      75.00 %") && text.contains("10      25.00 %"))
    #expect(text.hasSuffix("not met: nodes: part 1 is 100.00 % above its target, 5.00 % asked"))
    #expect(ReportPage(report).html.contains("Not met: nodes: part 1 is 100.00 % above its target"))
  }

  /// Names of the elements in `page`; records an issue where they are not nested.
  private func elements(of page: String) throws -> [String] {
    var open: [String] = []
    var names: [String] = []
    for tag in page.matches(of: /<(\/?)([a-z0-9]+)((?:\s+[a-zA-Z-]+="[^"<>]*")*)\s*(\/?)>/) {
      let name = String(tag.2)
      if tag.1 == "/" {
        #expect(open.popLast() == name, "</\(name)>")
      } else {
        names.append(name)
        if tag.4.isEmpty && name != "meta" { open.append(name) }
      }
    }
    #expect(open == [], "not closed")
    return names
  }

  @Test func thePageIsWholeAndLoadsNothing() throws {
    var graph = SmallGraphs.cycle
    graph.name = "a <b> & \"c\""
    let (directory, report) = try report(graph, SmallGraphs.cycleParts)
    let page = try String(contentsOfFile: directory.file("parts/report.html"), encoding: .utf8)
    #expect(page == ReportPage(report).html)
    #expect(page.hasPrefix("<!doctype html>\n"))
    #expect(page.contains("<title>a &lt;b&gt; &amp; &quot;c&quot; in 2 parts</title>"))
    for part in ["http", "<script", "src=", "href=", "url(", "@import"] { #expect(!page.contains(part), "\(part)") }
    let names = try elements(of: page)
    // Cut and halo, five constraints, the matrix, the degrees.
    #expect(names.filter { $0 == "svg" }.count == 8)
    #expect(page.contains("<title>from part 1 to part 0: 2 edges, 25.00 % of all</title>"))
    #expect(page.contains("<title>all parts, in-degree 2 to 3: 2 nodes, 33.33 %</title>"))
    // Every "<" begins an element, the document type or an end.
    #expect(page.matches(of: /</).count == page.matches(of: /<\/?[a-z0-9!]/).count)
  }

  @Test(arguments: [1, 2, 30, 64, 300])
  func pagesOfAnyNumberOfPartsAreWhole(k: Int) throws {
    let key = RandomKey(seed: UInt64(k), purpose: .generator)
    let nodes = 600
    let list = (0..<2000 as Range<UInt64>).map { edge in
      let bits = key.bits(id: edge, step: 0)
      return (boundedIndex(bits[0], below: UInt32(nodes)), boundedIndex(bits[1], below: UInt32(nodes)))
    }
    let graph = RawGraph(name: "random", schema: .plain, nodes: [NodeData(count: nodes)], edges: [SmallGraphs.edges(list)])
    let report = try report(graph, (0..<nodes).map { UInt16($0 % k) }).1
    let details = try #require(report.details)
    #expect(details.degrees.reduce(0) { $0 + $1.reduce(0, +) } == nodes)
    #expect(details.crossingEdges.reduce(0, +) == report.cutEdges)
    let page = ReportPage(report).html
    #expect(try elements(of: page).contains("svg"))
    #expect(!page.contains("nan") && !page.contains("inf"))
  }
}
