import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct ReplicaTests {
  /// Writes a partition whose parts keep replicas.
  private static func write(
    _ graph: RawGraph, _ parts: [UInt16], replicas: Double, hops: Int, to path: String, types: TableTypes = TableTypes()
  ) throws -> Manifest {
    let plain = SmallGraphs.assignment(graph, parts)
    let batches = ExpectedBatches(fanout: "2,2", limits: [0, 1].map { _ in graph.edges.map { _ in 2 } }, batchSize: 1)
    let reads = ReadForecast(
      graph, parts: parts, partCount: plain.partCount, batches: batches, replicas: replicas, threads: Threads(1))
    let assignment = PartitionAssignment(
      partCount: plain.partCount, parts: parts, record: plain.record, metrics: plain.metrics, randomMetrics: plain.randomMetrics,
      unmet: [], reads: reads)
    return try PartitionWriter.write(
      graph, assignment, to: path, types: types, haloHops: hops, reports: true, force: true, threads: Threads(2))
  }

  @Test func haloNodesOfTheCycleKeepTheirInEdges() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    // Part 0 has nodes 0, 1, 4 (ids 0 … 2), part 1 nodes 2, 3, 5 (ids 3 … 5); the halo of part 0 is 3 and 5.
    for (hops, nodes, original, indptr, indices, sources) in [
      (1, [4, 5], [3, 5], [0, 1, 2], [1, 0], [2, 3]), (2, [3, 4, 5], [2, 3, 5], [0, 2, 3, 4], [0, 2, 2, 1], [1, 2, 3]),
    ] as [(Int, [Int64], [Int64], [Int64], [UInt32], [Int64])] {
      try PartitionWriter.write(
        SmallGraphs.cycle, SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts), to: path, haloHops: hops, force: true,
        threads: Threads(1))
      let manifest = try Manifest.load(path)
      let replicas = try #require(try LocalPartition(directory: path, manifest: manifest, part: 0).replicas)
      #expect(Array(replicas.nodes) == nodes && Array(replicas.original) == original)
      #expect(Array(replicas.indptr) == indptr && Array(replicas.indices) == indices && Array(replicas.sources) == sources)
      #expect(replicas.relations == nil && replicas.rows.map { Array($0) } == [[]])
      let user = [1: 1, 2: 4, 3: 2] as [Int64: Int64]
      #expect(Array(replicas.sourceOriginal) == sources.map { user[$0]! })
      #expect(Array(replicas.sourceDegrees) == sources.map { $0 == 1 || $0 == 3 ? 2 : 1 })
      #expect(
        manifest.parts[0].replicas == ReplicaCounts(rows: [0], nodes: nodes.count, edges: indices.count, sources: sources.count))
      #expect(manifest.expectedReads == nil)
      #expect(try Verifier.verify(path, against: SmallGraphs.cycle) == [])
    }
  }

  @Test func theRowsThatAreReadMostAreKept() throws {
    let directory = try TemporaryDirectory()
    for (name, type) in [("float", nil), ("int8", .int8)] as [(String, ElementType?)] {
      let path = directory.file(name)
      let manifest = try Self.write(
        SmallGraphs.cycle, SmallGraphs.cycleParts, replicas: 1, hops: 0, to: path, types: TableTypes(type))
      // Part 0 trains node 1, which takes 0, which takes 5; part 1 trains 2, which takes 1, which takes 0, and 5, which takes 4.
      let parts = try (0..<2).map { try LocalPartition(directory: path, manifest: manifest, part: $0) }
      let kept = try parts.map { try #require($0.replicas) }
      #expect(kept.map { Array($0.rows[0]) } == [[5], [0, 1, 2]])
      #expect(kept.map { Array($0.nodes) } == [[5], [0, 1, 2]])
      #expect(manifest.expectedReads?.replicated?[0] == manifest.expectedReads?.rows[0])
      guard case .dense(let rows)? = kept[1].tables[0]["x"], case .dense(let all)? = parts[0].nodes[0].tables["x"],
        case .sparse(let words)? = kept[0].tables[0]["words"]
      else {
        Issue.record("tables of other kinds")
        return
      }
      #expect(Array(rows.bytes) == Array(all.bytes))
      #expect(words.rows == 1 && words.indices.isEmpty)
      #expect(try Verifier.verify(path, against: SmallGraphs.cycle) == [])
      let report = try PartitionReport.load(path)
      #expect(report.replicas?.nodes == [1, 3] && report.replicas?.rows == [1, 3])
      #expect((report.replicas?.bytes.min() ?? 0) > 0 && (report.reads?.totalReplicatedBytes ?? 0) > 0)
      #expect(report.description.contains("bytes saved by replicas") && report.description.contains("fan-out 2,2 and 1 seeds a step"))
      let page = try String(contentsOfFile: "\(path)/report.html", encoding: .utf8)
      #expect(page.contains("Reads from other parts") && page.contains("rows saved"))
    }
  }

  @Test func typedGraphsKeepReplicasOfEveryType() throws {
    let directory = try TemporaryDirectory()
    for hops in 0...3 {
      for share in [0, 0.5, 1, 5] {
        let path = directory.file("parts")
        let manifest = try Self.write(SmallGraphs.papers, SmallGraphs.papersParts, replicas: share, hops: hops, to: path)
        #expect(try Verifier.verify(path, against: SmallGraphs.papers) == [], "\(hops) hops, share \(share)")
        #expect(manifest.parts.allSatisfy { ($0.replicas == nil) == (hops == 0 && share == 0) })
        for part in 0..<2 {
          let local = try LocalPartition(directory: path, manifest: manifest, part: part)
          guard let replicas = local.replicas else { continue }
          #expect(replicas.rows.map(\.count) == manifest.parts[part].replicas?.rows)
          #expect(replicas.relations?.count == replicas.indices.count)
        }
      }
    }
  }

  @Test func aDirectoryWithoutReplicasReadsAsBefore() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    let plain = SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts)
    let manifest = try PartitionWriter.write(SmallGraphs.cycle, plain, to: path, threads: Threads(1))
    let text = String(decoding: try manifest.encoded(), as: UTF8.self)
    #expect(!text.contains("replica") && !text.contains("expectedReads"))
    #expect(manifest.formatVersion == 2)
    #expect(try LocalPartition(directory: path, manifest: manifest, part: 0).replicas == nil)
  }

  @Test func wrongElementsAreNoticed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    for (graph, parts) in [(SmallGraphs.cycle, SmallGraphs.cycleParts), (SmallGraphs.papers, SmallGraphs.papersParts)] {
      let manifest = try Self.write(graph, parts, replicas: 1, hops: 1, to: path)
      for record in manifest.files where record.path.contains("/replica/") {
        let file = "\(path)/\(record.path)"
        let content = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
        let array = try NPYArray(mapping: file)
        for start in stride(from: content.count - array.bytes.count, to: content.count, by: array.elementType.size) {
          var damaged = content
          damaged[start] ^= 1
          try Data(damaged).write(to: URL(fileURLWithPath: file))
          // The checksum is made right: only the content is wrong.
          var edited = manifest
          let index = try #require(edited.files.firstIndex { $0.path == record.path })
          edited.files[index].checksum = try Checksum.of(file: file)
          try Data(try edited.encoded()).write(to: URL(fileURLWithPath: "\(path)/graph.json"))
          #expect(!(try Verifier.verify(path).isEmpty), "\(record.path), byte \(start)")
        }
        try Data(content).write(to: URL(fileURLWithPath: file))
      }
      try Data(try manifest.encoded()).write(to: URL(fileURLWithPath: "\(path)/graph.json"))
      #expect(try Verifier.verify(path, against: graph) == [])
    }
  }
}
