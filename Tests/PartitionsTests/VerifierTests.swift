import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct VerifierTests {
  /// A written partition whose files can be damaged.
  private struct Written {
    let directory: TemporaryDirectory
    let graph: RawGraph
    var path: String { directory.file("parts") }

    init(_ graph: RawGraph, _ parts: [UInt16], types: TableTypes = TableTypes()) throws {
      directory = try TemporaryDirectory()
      self.graph = graph
      try PartitionWriter.write(graph, SmallGraphs.assignment(graph, parts), to: path, types: types, threads: Threads(1))
    }

    func bytes(_ file: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)"))) }

    func replace(_ file: String, with bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(file)")) }

    /// Changes the manifest.
    func edit(_ change: (inout Manifest) throws -> Void) throws {
      var manifest = try Manifest.load(path)
      try change(&manifest)
      try replace("graph.json", with: try manifest.encoded())
    }

    /// Replaces a file and records it, so that its checksum is right and only its content is wrong.
    func replaceAndRecord(_ file: String, with bytes: [UInt8]) throws {
      try replace(file, with: bytes)
      try edit { manifest in
        let index = manifest.files.firstIndex { $0.path == file }!
        manifest.files[index].size = bytes.count
        manifest.files[index].checksum = try Checksum.of(file: "\(path)/\(file)")
      }
    }
  }

  private static let graphs = [
    (SmallGraphs.cycle, SmallGraphs.cycleParts), (SmallGraphs.papers, SmallGraphs.papersParts),
    (SmallGraphs.twoSplits, SmallGraphs.cycleParts), (SmallGraphs.cycleWithEdgeTables, SmallGraphs.cycleParts),
    (SmallGraphs.papersWithEdgeTables, SmallGraphs.papersParts),
  ]

  private static let needsOriginal = [
    "/x.npy", ".data.npy", ".indices.npy", ".indptr.npy", "/labels.npy", "/validation.npy", "/test.npy", "/indices.npy",
  ]

  @Test func flippedByteInAnyFileIsNoticed() throws {
    for (graph, parts) in Self.graphs {
      let written = try Written(graph, parts)
      for record in try Manifest.load(written.path).files {
        let content = try written.bytes(record.path)
        for position in [0, 8, 20, content.count / 2, content.count - 1] {
          var damaged = content
          damaged[position] ^= 0x10
          try written.replace(record.path, with: damaged)
          let found = try Verifier.verify(written.path)
          #expect(found.contains { $0.file == record.path }, "\(record.path), byte \(position)")
        }
        try written.replace(record.path, with: Array(content.dropLast(3)))
        #expect(try Verifier.verify(written.path).contains { $0.file == record.path }, "\(record.path), short")
        try written.replace(record.path, with: content)
      }
      #expect(try Verifier.verify(written.path, against: graph) == [])
    }
  }

  @Test func wrongElementIsNoticedWithoutChecksums() throws {
    for (graph, parts) in Self.graphs {
      let written = try Written(graph, parts)
      for record in try Manifest.load(written.path).files {
        let array = try NPYArray(mapping: "\(written.path)/\(record.path)")
        let content = try written.bytes(record.path)
        let width = array.elementType.size
        // Only the input tells a wrong feature, label or source from a right one.
        let original = Self.needsOriginal.contains { record.path.hasSuffix($0) } ? graph : nil
        for start in stride(from: content.count - array.bytes.count, to: content.count, by: width) {
          for change in [1, -1, 100] as [Int8] {
            var damaged = content
            damaged[start] = UInt8(truncatingIfNeeded: Int(damaged[start]) &+ Int(change))
            try written.replaceAndRecord(record.path, with: damaged)
            let found = try Verifier.verify(written.path, against: original)
            #expect(!found.isEmpty, "\(record.path), byte \(start) changed by \(change)")
          }
        }
        try written.replaceAndRecord(record.path, with: content)
      }
      #expect(try Verifier.verify(written.path, against: graph) == [])
    }
  }

  /// Every byte of converted rows and of their scales counts, padding and low bits of the scale too.
  @Test(arguments: [ElementType.float16, .bfloat16, .int8])
  func wrongBytesOfConvertedRowsAreNoticed(type: ElementType) throws {
    var graph = SmallGraphs.cycle
    graph.nodes[0].tables = ["x": SmallGraphs.dense((0..<90).map { Float($0) - 40.3 }, columns: 15)]
    let written = try Written(graph, SmallGraphs.cycleParts, types: TableTypes(type))
    for record in try Manifest.load(written.path).files where record.path.contains("/x.") {
      let count = try NPYArray(mapping: "\(written.path)/\(record.path)").bytes.count
      let content = try written.bytes(record.path)
      for start in content.count - count..<content.count {
        // The lowest bits of a value are within the rounding.
        var damaged = content
        damaged[start] ^= type == .int8 ? 0x05 : 0x47
        try written.replaceAndRecord(record.path, with: damaged)
        #expect(try !Verifier.verify(written.path, against: graph).isEmpty, "\(record.path), byte \(start)")
      }
      try written.replaceAndRecord(record.path, with: content)
    }
    #expect(try Verifier.verify(written.path, against: graph) == [])
  }

  @Test func scalesThatCannotBeAreNoticed() throws {
    let written = try Written(SmallGraphs.cycle, SmallGraphs.cycleParts, types: TableTypes(.int8))
    let (rows, scales) = ("part-001/nodes/node/x.npy", "part-001/nodes/node/x.scale.npy")
    let (rowBytes, scaleBytes) = (try written.bytes(rows), try written.bytes(scales))
    for scale in [-1, .nan, .infinity] as [Float] {
      // Row 1 of three rows of eight bytes; the scale is the second half.
      let bits = withUnsafeBytes(of: scale) { Array($0) }
      var (damagedRows, damagedScales) = (rowBytes, scaleBytes)
      damagedRows.replaceSubrange(rowBytes.count - 12..<rowBytes.count - 8, with: bits)
      damagedScales.replaceSubrange(scaleBytes.count - 8..<scaleBytes.count - 4, with: bits)
      try written.replaceAndRecord(rows, with: damagedRows)
      try written.replaceAndRecord(scales, with: damagedScales)
      let found = try Verifier.verify(written.path)
      #expect(found.map(\.description) == ["\(scales), row 1: scales are finite and not negative: \(scale)"])
      try written.replaceAndRecord(rows, with: rowBytes)
      #expect(try Verifier.verify(written.path).map(\.message).first?.hasPrefix("scales are those of the rows") == true)
      try written.replaceAndRecord(scales, with: scaleBytes)
    }
    try FileManager.default.removeItem(atPath: "\(written.path)/\(scales)")
    #expect(try Verifier.verify(written.path).contains { $0.file == scales })
    #expect(throws: (any Error).self) {
      try LocalPartition(directory: written.path, manifest: try Manifest.load(written.path), part: 1)
    }
  }

  @Test func violationNamesFileRowAndFinding() throws {
    let written = try Written(SmallGraphs.cycle, SmallGraphs.cycleParts)
    // In-edges of node 1 in part 0 are edges 0 and 7: swapped, they leave the canonical order.
    var ids = try written.bytes("part-000/edge_ids.npy")
    let base = ids.count - 4 * 8
    ids.swapAt(base + 8, base + 16)
    try written.replaceAndRecord("part-000/edge_ids.npy", with: ids)
    let found = try Verifier.verify(written.path)
    #expect(
      found.map(\.description) == [
        "part-000/indices.npy, row 2: in-edges are in canonical order: relation 0, source 0, edge 0 after 0, 0, 7"
      ])
  }

  @Test func wrongMeasuresAreNoticed() throws {
    let edits: [(String, (inout PartitionMetrics) -> Void)] = [
      ("cut as recorded", { $0.cutEdges += 1 }), ("cut fraction", { $0.cut += 0.1 }), ("halo as recorded", { $0.haloNodes -= 1 }),
      ("halo fraction", { $0.halo *= 2 }), ("imbalance of nodes", { $0.imbalance["nodes"] = 1.5 }),
      ("imbalance of each constraint", { $0.imbalance["test"] = nil }),
    ]
    for (name, edit) in edits {
      let written = try Written(SmallGraphs.cycle, SmallGraphs.cycleParts)
      try written.edit { edit(&$0.metrics) }
      let found = try Verifier.verify(written.path)
      #expect(found.contains { $0.file == "graph.json" && $0.message.contains(name) }, "\(name): \(found)")
    }
  }

  @Test func anotherGraphIsNoticed() throws {
    let written = try Written(SmallGraphs.cycle, SmallGraphs.cycleParts)
    var edges = SmallGraphs.cycle
    edges.edges[0] = SmallGraphs.edges([(0, 1), (1, 2), (2, 3), (3, 4), (5, 4), (5, 0), (2, 2), (0, 1)])
    var split = SmallGraphs.cycle
    split.nodes[0].split.train = [0, 2, 5]
    split.nodes[0].split.validation = [1]
    var labels = SmallGraphs.cycle
    labels.nodes[0].labels = ArrayView([0, 1, 2, 0, 2, -1])
    var features = SmallGraphs.cycle
    features.nodes[0].tables["x"] = SmallGraphs.dense((0..<12).map { Float($0 == 9 ? -1 : $0) }, columns: 2)
    for (graph, file, row) in [
      (edges, "part-001/indices.npy", 3), (split, "part-000/nodes/node/train.npy", 0), (labels, "part-000/nodes/node/labels.npy", 2),
      (features, "part-000/nodes/node/x.npy", 2),
    ] {
      let found = try Verifier.verify(written.path, against: graph)
      #expect(found.contains { $0.file == file && $0.row == row }, "\(file): \(found)")
      #expect(found.contains { $0.message.hasPrefix("fingerprint is the input's") })
    }
  }

  @Test func partOfAnotherRunIsNoticed() throws {
    let written = try Written(SmallGraphs.cycle, [0, 0, 1, 1, 0, 1])
    let other = try Written(SmallGraphs.cycle, [0, 1, 0, 1, 0, 1])
    try FileManager.default.removeItem(atPath: "\(written.path)/part-001")
    try FileManager.default.copyItem(atPath: "\(other.path)/part-001", toPath: "\(written.path)/part-001")
    #expect(try !Verifier.verify(written.path).isEmpty)
    let manifest = try Manifest.load(written.path)
    _ = try LocalPartition(directory: written.path, manifest: manifest, part: 0)
    let error = #expect(throws: InputError.self) { try LocalPartition(directory: written.path, manifest: manifest, part: 1) }
    #expect(error?.found.contains("of another run") == true)
  }

  @Test func missingFileIsNoticed() throws {
    let written = try Written(SmallGraphs.cycle, SmallGraphs.cycleParts)
    try FileManager.default.removeItem(atPath: "\(written.path)/part-001/halo.npy")
    #expect(try Verifier.verify(written.path).contains { $0.file == "part-001/halo.npy" })
    #expect(throws: SystemError.self) { try Verifier.verify(written.directory.file("nowhere")) }
  }
}
