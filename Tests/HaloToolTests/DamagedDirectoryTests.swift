import Foundation
import Testing

/// Dataset and partition directories that were changed after they were written.
@Suite struct DamagedDirectoryTests {
  private let folder: ScratchFolder
  private let dataset: String
  private let parts: String

  init() throws {
    folder = try ScratchFolder()
    dataset = folder.path("dataset")
    parts = folder.path("parts")
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", dataset]).status == 0)
    try #require(try HaloTool.run(["partition", dataset, "-k", "2", "-o", parts]).status == 0)
  }

  /// Overwrites one byte of a file.
  private func overwrite(_ name: String, at offset: Int, with byte: UInt8) throws {
    let file = folder.url.appendingPathComponent(name)
    var bytes = try Data(contentsOf: file)
    try #require(bytes.count > offset && bytes[offset] != byte)
    bytes[offset] = byte
    try bytes.write(to: file)
  }

  private func replace(_ text: String, by other: String, in name: String) throws {
    let old = try folder.text(name)
    let new = old.replacing(text, with: other)
    try #require(new != old)
    _ = try folder.write(new, to: name)
  }

  /// The error of a command, paths relative to the folder; nothing new may be left behind.
  private func failure(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let before = try folder.contents()
    let line = try HaloTool.run(arguments).errorLine(sourceLocation: sourceLocation)
    #expect(try folder.contents() == before, "something is left behind", sourceLocation: sourceLocation)
    return line.replacing(folder.url.path + "/", with: "")
  }

  @Test func aSoundDirectoryIsVerified() throws {
    let object = try HaloTool.run(["verify", parts, "--json"]).object()
    #expect((object["violations"] as? [Any])?.isEmpty == true)
    #expect(object["nodes"] as? Int == 34 && object["edges"] as? Int == 156 && object["parts"] as? Int == 2)
  }

  @Test func aFlippedByteOfAPartIsFoundByItsChecksum() throws {
    try overwrite("parts/part-000/original.npy", at: 128, with: 77)
    let line = try failure(["verify", parts])
    #expect(line.hasPrefix("halo: parts/part-000/original.npy") && line.contains("checksum"), "\(line)")
    let listed = try HaloTool.run(["verify", parts, "--json"])
    #expect(listed.status == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [String: Any])
    #expect((object["violations"] as? [[String: Any]])?.first?["file"] as? String == "part-000/original.npy")
  }

  @Test func aFlippedByteOfADatasetIsFoundByItsChecksum() throws {
    try overwrite("dataset/nodes/node/labels.npy", at: 128, with: 77)
    let line = try failure(["dataset", "show", dataset])
    #expect(line.hasPrefix("halo: dataset/nodes/node/labels.npy: expected checksum "), "\(line)")
  }

  @Test func aCorruptArrayHeaderIsRefused() throws {
    try overwrite("dataset/nodes/node/feat.npy", at: 1, with: UInt8(ascii: "n"))
    let line = try failure(["partition", dataset, "-k", "2", "-o", folder.path("out")])
    #expect(line.hasPrefix("halo: dataset/nodes/node/feat.npy: expected "), "\(line)")
  }

  @Test func aTruncatedArrayIsRefused() throws {
    let file = folder.url.appendingPathComponent("dataset/nodes/node/feat.npy")
    try Data(contentsOf: file).dropLast(4).write(to: file)
    let line = try failure(["partition", dataset, "-k", "2", "-o", folder.path("out")])
    #expect(line.hasPrefix("halo: dataset/nodes/node/feat.npy: expected "), "\(line)")
  }

  @Test func anEdgeToNowhereIsRefused() throws {
    try overwrite("dataset/edges/edge/sources.npy", at: 129, with: 1)
    let line = try failure(["partition", dataset, "-k", "2", "-o", folder.path("out")])
    #expect(line.hasPrefix("halo: dataset/edges/edge/sources.npy: expected "), "\(line)")
  }

  @Test func aVersionFromTheFutureIsRefused() throws {
    try replace("\"formatVersion\" : 2", by: "\"formatVersion\" : 3", in: "dataset/dataset.json")
    #expect(try failure(["dataset", "show", dataset]) == "halo: dataset/dataset.json: expected format version 2, found version 3")
    try replace("\"formatVersion\" : 2", by: "\"formatVersion\" : 3", in: "parts/graph.json")
    #expect(try failure(["verify", parts]) == "halo: parts/graph.json: expected format version 2, found version 3")
  }

  @Test func aPartOfAnotherRunIsFound() throws {
    let other = folder.path("other")
    let partition = ["partition", dataset, "-k", "2", "--method", "random", "--seed", "5", "-o", other]
    try #require(try HaloTool.run(partition).status == 0)
    try FileManager.default.removeItem(atPath: "\(parts)/part-001")
    try FileManager.default.moveItem(atPath: "\(other)/part-001", toPath: "\(parts)/part-001")
    let line = try failure(["verify", parts])
    #expect(line.hasPrefix("halo: parts/part-001/") && line.contains("of another run"), "\(line)")
  }

  @Test func aMissingFileIsNamed() throws {
    try FileManager.default.removeItem(atPath: "\(parts)/part-001/halo.npy")
    let line = try failure(["verify", parts])
    #expect(line.hasPrefix("halo: parts/part-001/halo.npy"), "\(line)")
  }
}
