import Foundation
import Tensors
import Testing

/// `halo partition --feature-type` as a user runs it, and what reads the parts afterwards.
@Suite(.serialized) struct FeatureTypeTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try succeed([
      "dataset", "generate", "communities", "--nodes", "900", "--edges", "9000", "--group-size", "50", "--super-groups", "3", "--classes",
      "3",
      "--features", "18", "-o", folder.path("dataset"),
    ])
  }

  @discardableResult
  private func succeed(_ arguments: [String]) throws -> HaloTool.Outcome {
    let outcome = try HaloTool.run(arguments)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private func partition(_ type: String) throws -> HaloTool.Outcome {
    try HaloTool.run(
      ["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path("parts"), "--force", "--feature-type", type])
  }

  @Test(arguments: ["float16", "bfloat16", "int8", "feat=int8"])
  func partsTrainInferAndVerify(type: String) throws {
    let outcome = try partition(type)
    #expect(outcome.status == 0, "\(outcome)")
    let word = type.split(separator: "=").last.map(String.init)!
    #expect(outcome.output.contains("table 'feat': 18 columns, \(word), \(word == "int8" ? 24 : 36) bytes a row"), "\(outcome)")
    #expect(try succeed(["verify", folder.path("parts")]).output.contains("everything holds"))
    let train = ["train", folder.path("parts"), "--fanout", "4,4", "--hidden", "8", "--epochs", "2"]
    try succeed(train + ["-o", folder.path("one")])
    try succeed(["launch", "-n", "3"] + train + ["-o", folder.path("three"), "--no-map-peers", "--residency", "resident"])
    #expect(try folder.text("one/metrics.jsonl") == folder.text("three/metrics.jsonl"))
    for workers in [1, 3] {
      try succeed(
        (workers > 1 ? ["launch", "-n", "\(workers)"] : []) + [
          "infer", folder.path("one"), folder.path("parts"), "-o", folder.path("out-\(workers)"),
        ])
      try succeed(["gather", folder.path("out-\(workers)"), "--what", "logits", "-o", folder.path("logits-\(workers).npy")])
    }
    let logits = try [1, 3].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("logits-\($0).npy"))) }
    #expect(logits[0] == logits[1])
    // The other reader of the format widens the rows alike.
    guard let python = PyTorchGeometric.python else { return }
    let script = [
      PyTorchGeometric.script, folder.path("one/model.safetensors"), "--graph", folder.path("parts"), "-o", folder.path("pyg.npy"),
    ]
    let read = try HaloTool.run(program: python, script)
    try #require(read.status == 0, "\(read)")
    let ours = try NPYArray(mapping: folder.path("logits-1.npy")).elements(as: Float.self)
    let theirs = try NPYArray(mapping: folder.path("pyg.npy")).elements(as: Float.self)
    let largest = ours.map(abs).max() ?? 0
    #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
  }

  @Test func wrongTypesAreOneLine() throws {
    let unknown = "tables of communities-900-9000: expected a table 'x' to convert, found feat"
    for (type, message) in [("float8", "float8"), ("x=int8", unknown)] {
      let outcome = try partition(type)
      #expect(outcome.status != 0)
      #expect(outcome.messages.contains(message), "\(outcome)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("parts")))
  }
}
