import Configuration
import Foundation
import Testing

/// Training from a job file, as a user does.
@Suite(.serialized) struct JobFileTests {
  private let folder: ScratchFolder

  /// The karate club in two parts.
  init() throws {
    folder = try ScratchFolder()
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", folder.path("parts")]).status == 0)
  }

  private static let text = """
    partitions: parts
    output: run
    fanout: [all, all]   # two layers
    epochs: 5
    lr: 0.01
    hidden: 16
    seed: 9
    """

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }

  private func expectEqualRuns(_ run: String, _ other: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for file in ["metrics.jsonl", "model.safetensors"] {
      #expect(try bytes("\(run)/\(file)") == bytes("\(other)/\(file)"), "\(run) and \(other): \(file)", sourceLocation: sourceLocation)
    }
  }

  @Test func aFileAndFlagsThatSayTheSameGiveTheSameRun() throws {
    let job = try folder.write(Self.text, to: "job.yaml")
    #expect(try HaloTool.run(["train", job]).status == 0)
    let flags = ["--fanout", "all,all", "--epochs", "5", "--lr", "0.01", "--hidden", "16", "--seed", "9"]
    #expect(try HaloTool.run(["train", folder.path("parts"), "-o", folder.path("flags")] + flags).status == 0)
    try expectEqualRuns("run", "flags")
    #expect(try bytes("run/job.yaml") == bytes("flags/job.yaml"))
  }

  @Test func theStoredFileRepeatsTheRunBitForBitOnSeveralWorkersToo() throws {
    let options = ["--fanout", "3,all", "--epochs", "4", "--weight-decay", "0.001,0", "--dropout", "0.3", "--seed", "18446744073709551615"]
    #expect(try HaloTool.run(["train", folder.path("parts"), "-o", folder.path("run")] + options).status == 0)
    let stored = folder.path("run/job.yaml")
    #expect(try HaloTool.run(["train", stored, "-o", folder.path("again")]).status == 0)
    try expectEqualRuns("run", "again")
    #expect(try bytes("run/job.yaml") == bytes("again/job.yaml"))
    let launched = try HaloTool.run(["launch", "-n", "2", "train", stored, "-o", folder.path("launched"), "--no-map-peers"])
    #expect(launched.status == 0, "\(launched)")
    try expectEqualRuns("run", "launched")
    #expect(try JobFile(folder.path("launched/job.yaml")).job.execution.mapPeers == false)
  }

  @Test func aFlagOverridesTheFile() throws {
    let job = try folder.write(Self.text + "\nbatch-size-per-part: 4\nrow-normalise: true\n", to: "job.yaml")
    let flags = ["--epochs", "2", "-o", folder.path("other"), "--batch-size", "8", "--no-row-normalise", "--threads", "2"]
    #expect(try HaloTool.run(["train", job] + flags).status == 0)
    let stored = try JobFile(folder.path("other/job.yaml")).job
    #expect(stored.training.epochs == 2 && stored.training.batchSize == 8 && stored.training.batchSizePerPart == nil)
    #expect(!stored.training.rowNormalise && stored.execution.threads == 2 && stored.training.hidden == 16)
    #expect(stored.partitions == folder.path("parts"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }

  @Test(arguments: [
    ("epocs: 5", [], "job.yaml:1: expected a key of a job, perhaps 'epochs', found 'epocs'"),
    ("epochs: many", [], "job.yaml:1: epochs: expected a whole number, found 'many'"),
    ("lr: 0.01\nepochs: 0", [], "job.yaml:2: epochs: expected 1 to 1000000, found 0"),
    ("epochs: 5", ["--epochs", "0"], "--epochs: expected 1 to 1000000, found 0"),
    ("epochs: 5", [], "job.yaml: expected the key 'partitions', or --partitions, found neither"),
    ("partitions: parts", [], "job.yaml: expected the key 'output', or --output, found neither"),
    ("partitions: shoes\noutput: run", [], "open shoes/graph.json: No such file or directory"),
  ])
  func aFaultIsOneLine(text: String, flags: [String], line: String) throws {
    let job = try folder.write(text, to: "job.yaml")
    let before = try folder.contents()
    for launch in [[], ["launch", "-n", "2"]] {
      let outcome = try HaloTool.run(launch + ["train", job] + flags)
      #expect(try outcome.errorLine().replacing(folder.url.path + "/", with: "") == "halo: \(line)")
    }
    #expect(try folder.contents() == before)
  }

  @Test func aMissingFileIsNamed() throws {
    let line = try HaloTool.run(["train", folder.path("none.yaml"), "-o", folder.path("run")]).errorLine()
    #expect(line == "halo: \(folder.path("none.yaml")): expected a job file, found none")
  }

  @Test func aDirectoryMayBeNamedLikeAFile() throws {
    try FileManager.default.moveItem(atPath: folder.path("parts"), toPath: folder.path("parts.yaml"))
    let outcome = try HaloTool.run(["train", folder.path("parts.yaml"), "-o", folder.path("run"), "--epochs", "1"])
    #expect(outcome.status == 0, "\(outcome)")
  }
}
