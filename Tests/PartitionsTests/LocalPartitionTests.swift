import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct LocalPartitionTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.file("parts") }

  init() throws {
    directory = try TemporaryDirectory()
    let assignment = SmallGraphs.assignment(SmallGraphs.cycle, SmallGraphs.cycleParts)
    try PartitionWriter.write(SmallGraphs.cycle, assignment, to: path, threads: Threads(1))
  }

  private func load() throws -> LocalPartition {
    // Without records the content alone is looked at.
    var manifest = try Manifest.load(path)
    manifest.files = []
    return try LocalPartition(directory: path, manifest: manifest, part: 0)
  }

  private func replace(_ name: String, with elements: [some BitwiseCopyable], _ type: ElementType, shape: [Int]) throws {
    try NPYWriter.write(elements, to: "\(path)/part-000/\(name).npy", elementType: type, shape: shape)
  }

  @Test func soundPartLoads() throws { #expect(try load().innerCount == 3) }

  @Test func offsetsAreChecked() throws {
    for offsets: [Int64] in [[0, 1, 3, 5], [1, 1, 3, 4], [0, 3, 1, 4], [0, -1, 3, 4]] {
      try replace("indptr", with: offsets, .int64, shape: [4])
      #expect(throws: InputError.self, "\(offsets)") { try load() }
    }
  }

  @Test func idsAreChecked() throws {
    try replace("indices", with: [4, 0, 5, 3] as [UInt32], .uint32, shape: [4])
    #expect(throws: InputError("\(path)/part-000/indices.npy, row 2", expected: "local nodes below 5", found: "5")) { try load() }
    try replace("indices", with: [4, 0, 0, 3] as [UInt32], .uint32, shape: [4])
    for halo: [Int64] in [[4, 6], [5, 4], [4, 4], [-1, 5], [2, 5]] {
      try replace("halo", with: halo, .int64, shape: [2])
      #expect(throws: InputError.self, "\(halo)") { try load() }
    }
    try replace("halo", with: [4, 5] as [Int64], .int64, shape: [2])
    try replace("nodes/node/train", with: [3, 0] as [UInt32], .uint32, shape: [1, 2])
    #expect(throws: InputError.self) { try load() }
    try replace("nodes/node/train", with: [1, 0] as [UInt32], .uint32, shape: [1, 2])
    try replace("nodes/node/labels", with: [0, 3, 1] as [Int32], .int32, shape: [3])
    #expect(throws: InputError.self) { try load() }
    try replace("nodes/node/labels", with: [0, 1, 1] as [Int32], .int32, shape: [3])
    try replace("nodes/node/words.indices", with: [8, 9] as [UInt32], .uint32, shape: [2])
    #expect(throws: InputError.self) { try load() }
  }

  @Test func shapesAndTypesAreChecked() throws {
    try replace("degrees", with: [1, 2] as [UInt32], .uint32, shape: [2])
    #expect(throws: InputError.self) { try load() }
    try replace("degrees", with: [1, 2, 1] as [Int32], .int32, shape: [3])
    #expect(throws: InputError.self) { try load() }
    try replace("degrees", with: [1, 2, 1] as [UInt32], .uint32, shape: [3])
    try replace("nodes/node/x", with: [Float](repeating: 0, count: 9), .float32, shape: [3, 3])
    #expect(throws: InputError.self) { try load() }
  }

  @Test func corruptHeaderIsOneClearError() throws {
    let file = "\(path)/part-000/indices.npy"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[1] = 0
    try bytes.write(to: URL(fileURLWithPath: file))
    let error = #expect(throws: InputError.self) { try load() }
    #expect(error?.place == file)
  }
}
