import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct ExpectedRowsTests {
  /// Writes the cycle in two parts, made for batches of one seed and all in-edges of two hops.
  private func write(replicas: Double = 0, to path: String) throws -> Manifest {
    let (graph, plain) = (SmallGraphs.cycle, SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts))
    let reads = ReadForecast(
      graph, parts: plain.parts, partCount: 2, batches: ExpectedBatches(fanout: "2,2", limits: [[2], [2]], batchSize: 1),
      replicas: replicas, threads: Threads(1))
    let assignment = PartitionAssignment(
      partCount: 2, parts: plain.parts, record: plain.record, metrics: plain.metrics, randomMetrics: plain.randomMetrics, unmet: [],
      reads: reads)
    return try PartitionWriter.write(graph, assignment, to: path, force: true, threads: Threads(2))
  }

  /// Part 0 has nodes 0, 1, 4 (ids 0 … 2) and trains 1; part 1 has 2, 3, 5 (ids 3 … 5) and trains 2 and 5; a step has one seed of three.
  @Test func rowsOfTheCycleAreListedByProbability() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    // Two edges lead from 0 to 1: a batch with 1 misses 0 with (1 − 1/3)². Node 5 comes with 0 alone.
    for (replicas, nodes, probabilities) in [
      (0, [[5], [0, 1, 2]], [[5.0 / 9], [5.0 / 9, 1.0 / 3, 1.0 / 3]]), (0.34, [[], [1, 2]], [[], [1.0 / 3, 1.0 / 3]]),
    ] as [(Double, [[Int64]], [[Double]])] {
      let manifest = try write(replicas: replicas, to: path)
      #expect(manifest.parts.map(\.expectedRows) == nodes.map(\.count))
      for part in 0..<2 {
        let expected = try #require(try LocalPartition(directory: path, manifest: manifest, part: part).expectedRows)
        #expect(Array(expected.nodes) == nodes[part])
        #expect(zip(expected.probabilities, probabilities[part]).allSatisfy { abs(Double($0) - $1) < 1e-6 }, "\(expected)")
      }
      #expect(try Verifier.verify(path, against: SmallGraphs.cycle) == [])
    }
  }

  @Test func withoutAFanoutNothingIsListed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    let manifest = try PartitionWriter.write(
      SmallGraphs.cycle, SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts), to: path, threads: Threads(1))
    #expect(try LocalPartition(directory: path, manifest: manifest, part: 0).expectedRows == nil)
    #expect(!String(decoding: try manifest.encoded(), as: UTF8.self).contains("expected"))
  }

  @Test func wrongElementsAreNoticed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    let manifest = try write(to: path)
    let damages: [(String, [Int64], [Float])] = [
      ("a node that is none", [6, 1, 2], [0.5, 0.4, 0.3]), ("below all nodes", [-1, 1, 2], [0.5, 0.4, 0.3]),
      ("a node of its own", [0, 1, 3], [0.5, 0.4, 0.3]), ("a node twice", [0, 1, 1], [0.5, 0.4, 0.3]),
      ("not by probability", [0, 1, 2], [0.3, 0.4, 0.3]), ("no probability", [0, 1, 2], [0.5, 0.4, 0]),
      ("above one", [0, 1, 2], [1.5, 0.4, 0.3]), ("no number", [0, 1, 2], [0.5, .nan, 0.3]),
      ("more than is read", [0, 1, 2], [0.9, 0.9, 0.9]),
    ]
    for (name, nodes, probabilities) in damages {
      var edited = manifest
      try replace("expected_rows", by: nodes, .int64, in: path, &edited)
      try replace("expected_probabilities", by: probabilities, .float32, in: path, &edited)
      #expect(!(try Verifier.verify(path).isEmpty), "\(name)")
      let isIndex = nodes.contains { !(0..<3).contains($0) } || probabilities.contains { !($0 > 0 && $0 <= 1) }
      #expect(isIndex == ((try? LocalPartition(directory: path, manifest: edited, part: 1)) == nil), "\(name)")
    }
    var edited = manifest
    edited.parts[1].expectedRows = 4
    try Data(try edited.encoded()).write(to: URL(fileURLWithPath: "\(path)/graph.json"))
    #expect(throws: InputError.self) { try Manifest.load(path) }
  }

  /// Replaces a file of part 1, with its checksum.
  private func replace<Element: BitwiseCopyable>(
    _ name: String, by elements: [Element], _ type: ElementType, in path: String, _ manifest: inout Manifest
  ) throws {
    let file = "part-001/\(name).npy"
    let writer = try NPYWriter(creating: "\(path)/\(file)", elementType: type, shape: [elements.count])
    try writer.write(elements)
    try writer.close()
    let index = try #require(manifest.files.firstIndex { $0.path == file })
    manifest.files[index].checksum = try Checksum.of(file: "\(path)/\(file)")
    try Data(try manifest.encoded()).write(to: URL(fileURLWithPath: "\(path)/graph.json"))
  }
}
