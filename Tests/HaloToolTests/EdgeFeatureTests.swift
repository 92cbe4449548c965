import Foundation
import Testing

/// Rows of edges from the generator to predictions, as a user runs it.
@Suite(.serialized) struct EdgeFeatureTests {
  private static let training = [
    "--hidden", "16", "--fanout", "5,5", "--batch-size", "60", "--epochs", "2", "--seed", "7", "--dropout", "0.2", "--lr", "0.01",
  ]

  private let folder: ScratchFolder
  private let parts: String

  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    for arguments in [
      [
        "dataset", "generate", "communities", "--nodes", "3000", "--edges", "30000", "--group-size", "50", "--super-groups", "4",
        "--classes", "4", "--features", "4", "--edge-features", "6", "-o", folder.path("dataset"),
      ], ["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", parts],
    ] {
      let outcome = try HaloTool.run(arguments)
      try #require(outcome.status == 0, "\(outcome)")
    }
  }

  private func succeed(_ arguments: [String]) throws -> HaloTool.Outcome {
    let outcome = try HaloTool.run(arguments)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }

  @Test func workersAndRoutesTrainAndInferTheSameBytes() throws {
    _ = try succeed(["train", parts, "-o", folder.path("a"), "--edge-features", "feat"] + Self.training)
    try "partitions: parts\nedge-features: feat\n".write(toFile: folder.path("job.yaml"), atomically: true, encoding: .utf8)
    _ = try succeed(
      ["launch", "-n", "3", "train", folder.path("job.yaml"), "-o", folder.path("b"), "--no-map-peers"] + Self.training)
    for file in ["metrics.jsonl", "model.safetensors", "scores.json"] {
      #expect(try bytes("a/\(file)") == bytes("b/\(file)"), "\(file)")
    }
    #expect(try folder.text("b/job.yaml").contains("edge-features: feat\n"))

    let explained = try succeed(["explain", folder.path("b")])
    #expect(explained.output.contains("rows of edges of an epoch"), "\(explained)")
    #expect(try !succeed(["explain", folder.path("a")]).output.contains("rows of edges"), "nothing was asked of other workers")

    _ = try succeed(["infer", folder.path("a"), parts, "-o", folder.path("one")])
    _ = try succeed(["launch", "-n", "2", "infer", folder.path("a"), parts, "-o", folder.path("two")])
    for part in 0..<3 {
      let file = "part-00\(part)/logits.npy"
      #expect(try bytes("one/\(file)") == bytes("two/\(file)"), "\(file)")
    }

    _ = try succeed(["train", parts, "-o", folder.path("plain")] + Self.training)
    #expect(try folder.text("plain/metrics.jsonl") != folder.text("a/metrics.jsonl"))
    #expect(try !folder.text("plain/job.yaml").contains("edge-features"))
  }

  @Test(arguments: [
    (["--edge-features", "bond"], "expected an edge table 'bond', found feat"),
    (
      ["--edge-features", "feat", "--model", "gcn"],
      "--edge-features: expected none with --model gcn: layers of kind sage alone read rows of edges, found feat"
    ),
    (
      ["--edge-features", "feat", "--first-hop", "exact"],
      "--first-hop: expected sampled with --edge-features, whose rows the kept ones do not hold, found exact"
    ),
  ])
  func whatCannotBeIsOneLine(options: [String], line: String) throws {
    let outcome = try HaloTool.run(["train", parts, "-o", folder.path("run")] + options)
    #expect(outcome.status != 0 && outcome.messages.contains(line), "\(outcome)")
    #expect(outcome.messages.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }
}
