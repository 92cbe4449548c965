import Foundation
import Graphs
import Partitions
import Tensors
import Testing

@Suite struct OnlyPartsTests {
  private let directory: TemporaryDirectory
  private let graph = SmallGraphs.cycle
  private let parts: [UInt16] = [0, 0, 1, 1, 2, 2]

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ name: String, only: Set<Int>?) throws -> String {
    let path = directory.file(name)
    try PartitionWriter.write(graph, SmallGraphs.assignment(graph, parts), to: path, only: only, threads: Threads(2))
    return path
  }

  @Test func theManifestIsThatOfAllPartsAndOnlyTheFilesAreFewer() throws {
    let whole = try write("whole", only: nil)
    let some = try write("some", only: [0, 2])
    let other = try write("other", only: [1])
    let files = try directory.contents(of: "whole")
    let (kept, rest) = (try directory.contents(of: "some"), try directory.contents(of: "other"))
    for (name, bytes) in kept + rest { #expect(files.first { $0.0 == name }?.1 == bytes, "\(name)") }
    #expect(Set(kept.map(\.0)).intersection(rest.map(\.0)) == ["graph.json"])
    #expect(Set(kept.map(\.0) + rest.map(\.0)) == Set(files.map(\.0)))
    let manifest = try Manifest.load(some)
    #expect(manifest.absentParts(in: some) == [1] && manifest.absentParts(in: other) == [0, 2])
    #expect(manifest.absentParts(in: whole) == [])
    // Parts that were written apart make a whole directory.
    try FileManager.default.copyItem(atPath: "\(other)/part-001", toPath: "\(some)/part-001")
    #expect(try Verifier.verify(some, against: graph) == [])
  }

  @Test func absentPartsAreNamed() throws {
    let some = try write("some", only: [2])
    let manifest = try Manifest.load(some)
    #expect(
      throws: InputError("\(some)/part-000", expected: "the files of part 0", found: "none; parts 0, 1 of 3 are absent")
    ) { try LocalPartition(directory: some, manifest: manifest, part: 0) }
    _ = try LocalPartition(directory: some, manifest: manifest, part: 2)
    let found = try Verifier.verify(some).map(\.description)
    #expect(
      found == ["part-000", "part-001"].map { "\($0): part present: parts 0, 1 of 3 are absent; --only 2 checks the others" })
    #expect(try Verifier.verify(some, only: [1, 2]).map(\.file) == ["part-001"])
  }

  @Test func presentPartsAreVerifiedAlone() throws {
    let some = try write("some", only: [0, 2])
    #expect(try Verifier.verify(some, against: graph, only: [0, 2]) == [])
    #expect(try Verifier.verify(some, only: [2]) == [])
    #expect(throws: InputError("parts to check", expected: "some of 0 to 2", found: "3")) { try Verifier.verify(some, only: [3]) }
    let file = URL(fileURLWithPath: "\(some)/part-002/indices.npy")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    #expect(try Verifier.verify(some, only: [0]) == [])
    #expect(try Verifier.verify(some, only: [0, 2]).contains { $0.file == "part-002/indices.npy" })
  }

  @Test func partsToWriteMustExist() throws {
    for only in [[], [3], [-1, 0]] as [Set<Int>] {
      #expect(throws: InputError.self) { try write("none", only: only) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }
}
