import Foundation
import Testing

/// Jobs of several workers on this machine, started as a user does.
@Suite(.serialized) struct LaunchTests {
  private let folder: ScratchFolder
  private let parts: String

  /// A small graph with planted groups in four parts.
  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    let generate = ["dataset", "generate", "communities", "--nodes", "2000", "--edges", "20000", "--features", "16", "--classes", "4"]
    try #require(try HaloTool.run(generate + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "4", "-o", parts]).status == 0)
  }

  private static let options = ["--fanout", "10,5", "--epochs", "3", "--hidden", "32", "--batch-size", "50", "--lr", "0.01", "--seed", "7"]

  private func train(_ run: String, _ options: [String] = []) -> [String] {
    ["train", parts, "-o", folder.path(run)] + Self.options + options
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }

  @Test func workersDoNotChangeTheBits() throws {
    try #require(try HaloTool.run(train("alone")).status == 0)
    for (run, workers, options) in [("mapped", "2", []), ("remote", "3", ["--no-map-peers", "--threads", "2"])] {
      let outcome = try HaloTool.run(["launch", "-n", workers] + train(run, options + ["--json"]))
      let summary = try outcome.object()
      #expect(summary["workers"] as? Int == Int(workers))
      let accuracy = try #require((summary["test"] as? [String: Any])?["accuracy"] as? Double)
      #expect(accuracy > 0.6, "\(outcome)")
      let traffic = try #require(summary["traffic"] as? [String: Any])
      let remoteRows = try #require(traffic["remoteRows"] as? Int)
      #expect(run == "remote" ? remoteRows > 0 : remoteRows == 0)
      for file in ["metrics.jsonl", "model.safetensors"] {
        #expect(try bytes("\(run)/\(file)") == bytes("alone/\(file)"), "\(run)/\(file)")
      }
    }
  }

  @Test func mpirunStartsTheSameJob() throws {
    try #require(try HaloTool.run(train("alone")).status == 0)
    let mpirun = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 exec mpirun --oversubscribe -n 2 \"$@\" </dev/null"
    let outcome = try HaloTool.run(train("under-mpirun"), under: mpirun)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try bytes("under-mpirun/model.safetensors") == bytes("alone/model.safetensors"))
  }

  @Test func moreWorkersThanPartsAreRefusedInOneLine() throws {
    let line = try HaloTool.run(["launch", "-n", "5"] + train("run")).errorLine()
    #expect(line == "halo: number of workers: expected at most 4, one for each part of this graph, found 5")
    #expect(!(try folder.contents()).contains { $0.hasPrefix("run") })
  }

  @Test func anErrorOfOneWorkerIsOneLineThatNamesIt() throws {
    try FileManager.default.removeItem(atPath: "\(parts)/part-003/indices.npy")
    let outcome = try HaloTool.run(["launch", "-n", "2"] + train("run", ["--no-map-peers"]))
    let line = try outcome.errorLine()
    #expect(line.hasPrefix("halo: worker 1: ") && line.contains("part-003/indices.npy"), "\(outcome)")
    #expect(outcome.messages.split(separator: "\n").count == 1, "\(outcome)")
    #expect(outcome.status == 1)
  }

  @Test func wrongOptionsAreRefusedBeforeAnyWorkerStarts() throws {
    let fanout = try HaloTool.run(["launch", "-n", "2"] + train("run", ["--fanout", "5,,5"]))
    #expect(try fanout.errorLine() == "halo: --fanout: expected whole numbers above 0, or all, one per layer, found '' in '5,,5'")
    let unknown = try HaloTool.run(["launch", "-n", "2"] + train("run", ["--speed", "5"]))
    #expect(unknown.status == 64 && unknown.messages.contains("Unknown option '--speed'"), "\(unknown)")
    let other = try HaloTool.run(["launch", "-n", "2", "verify", parts])
    #expect(
      other.status == 64 && other.messages.contains("halo launch runs train, infer, bench epoch, bench collective or bench embedding"),
      "\(other)")
    #expect(try HaloTool.run(["launch", "-n", "0"] + train("run")).errorLine() == "halo: -n: expected at least 1 worker, found 0")
  }

  @Test func anEpochIsMeasuredOnTwoWorkers() throws {
    let options = ["--fanout", "5,5", "--epochs", "2", "--hidden", "16", "--batch-size", "100", "--json"]
    let report = try HaloTool.run(["launch", "-n", "2", "bench", "epoch", parts] + options).object()
    #expect(report["workers"] as? Int == 2 && report["epochs"] as? Int == 2)
    #expect((report["peakMemory"] as? [Int])?.count == 2)
    let stages = try #require(report["stages"] as? [String: Double])
    #expect(Set(stages.keys) == ["sample", "fetch", "wait", "forward", "backward", "reduce", "update"])
    #expect((report["seedsPerSecond"] as? Double ?? 0) > 0)
  }
}
