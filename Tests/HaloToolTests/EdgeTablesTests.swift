import Foundation
import Tensors
import Testing

/// Tables of edges from the input to the parts, as a user handles them.
@Suite(.serialized) struct EdgeTablesTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try succeed(
      ["dataset", "generate", "communities", "--nodes", "900", "--edges", "9000", "--group-size", "50", "--super-groups", "3"]
        + ["--classes", "3", "--features", "4", "--edge-features", "18", "-o", folder.path("dataset")])
  }

  @discardableResult
  private func succeed(_ arguments: [String]) throws -> HaloTool.Outcome {
    let outcome = try HaloTool.run(arguments)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  @discardableResult
  private func partition(_ options: [String], to parts: String = "parts") throws -> HaloTool.Outcome {
    try succeed(["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path(parts), "--force"] + options)
  }

  @Test func partsAreWrittenVerifiedAndShown() throws {
    #expect(try succeed(["dataset", "show", folder.path("dataset")]).output.contains("\n  table 'feat': 18 columns, float32, dense\n"))
    let dry = try partition(["--dry-run", "--json"]).object()
    #expect(!FileManager.default.fileExists(atPath: folder.path("parts")))
    let written = try partition([])
    #expect(written.output.contains("edge table 'edge/feat': 18 columns, float32, 72 bytes a row"), "\(written)")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path("parts")).filter { $0.hasSuffix(".npy") }
    #expect(dry["files"] as? Int == files.count && files.contains("part-001/edges/edge/feat.npy"))
    let bytes = try files.reduce(0) { sum, file in
      try sum + (FileManager.default.attributesOfItem(atPath: folder.path("parts/\(file)"))[.size] as? Int ?? 0)
    }
    let halo = try #require(
      HaloTool.run(["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path("p"), "--json"]).object()[
        "haloNodes"] as? Int)
    #expect(dry["diskWithoutHalo"] as? Int == bytes - 20 * halo)
    #expect(try succeed(["verify", folder.path("parts")]).output.contains("everything holds"))
  }

  @Test func typesAndThreadsGiveSoundParts() throws {
    for type in ["int8", "feat=bfloat16", "float16"] {
      try partition(["--feature-type", type, "--threads", "1"], to: "one")
      try partition(["--feature-type", type, "--threads", "2", "--memory", "200MiB"], to: "two")
      #expect(try folder.text("one/graph.json") == folder.text("two/graph.json"))
      try succeed(["verify", folder.path("two")])
    }
  }

  @Test func aChangedRowIsFound() throws {
    try partition([])
    let path = folder.path("parts/part-002/edges/edge/feat.npy")
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    bytes[bytes.count - 2] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let outcome = try HaloTool.run(["verify", folder.path("parts")])
    let text = outcome.output + outcome.messages
    #expect(outcome.status != 0 && text.contains("part-002/edges/edge/feat.npy: file as recorded"), "\(outcome)")
  }

  @Test func chunkedGraphsComeBack() throws {
    try succeed(["partition", folder.path("dataset"), "-k", "2", "--method", "random", "--export-dgl", folder.path("dgl")])
    try succeed(["dataset", "convert", folder.path("dgl"), "-o", folder.path("again")])
    let rows = try ["dataset", "again"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/edges/edge/feat.npy"))) }
    #expect(rows[0] == rows[1])
  }
}
