import Foundation
import Testing

@Suite struct TrainTests {
  private let folder: ScratchFolder
  private let parts: String

  /// The karate club in two parts.
  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", parts]).status == 0)
  }

  /// Options with which the club is learnt in a second.
  private static let options = ["--fanout", "all,all", "--epochs", "20", "--lr", "0.01", "--hidden", "64"]

  private func train(_ run: String, _ options: [String] = options) throws -> HaloTool.Outcome {
    try HaloTool.run(["train", parts, "-o", folder.path(run)] + options)
  }

  /// Lines of a file of a run, each one JSON object.
  private func lines(_ name: String) throws -> [[String: Any]] {
    try folder.text(name).split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  @Test func oneWorkerLearnsTheKarateClub() throws {
    let summary = try train("run", Self.options + ["--dropout", "0", "--seed", "2", "--json"]).object()
    #expect(summary["epochs"] as? Int == 20 && summary["workers"] as? Int == 1)
    for split in ["test", "validation"] {
      let accuracy = try #require((summary[split] as? [String: Any])?["accuracy"] as? Double)
      #expect((0.8...1).contains(accuracy), "\(split) \(accuracy)")
    }
    let scores = try #require(try JSONSerialization.jsonObject(with: Data(try folder.text("run/scores.json").utf8)) as? [String: Any])
    #expect(scores["metric"] as? String == "accuracy" && scores["bestEpoch"] as? Int == summary["bestEpoch"] as? Int)
    let table = try #require((scores["classes"] as? [String: Any])?["test"] as? [[String: Any]])
    #expect(table.compactMap { $0["class"] as? Int } == [0, 1])
    #expect(table.allSatisfy { Set($0.keys) == ["class", "f1", "precision", "recall", "support"] })
    let stages = try #require(summary["stages"] as? [String: Double])
    #expect(Set(stages.keys) == ["sample", "fetch", "wait", "forward", "backward", "reduce", "update"])
    var files = try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).sorted()
    #expect(files.count == 7 && files[1].hasPrefix("events.out.tfevents."))
    files.remove(at: 1)
    #expect(files == ["checkpoints", "job.yaml", "metrics.jsonl", "model.safetensors", "scores.json", "timings.jsonl"])
  }

  @Test func metricsHoldStepsAndEpochsAndNoTimings() throws {
    try #require(try train("run").status == 0)
    let metrics = try lines("run/metrics.jsonl")
    #expect(metrics.filter { $0["step"] != nil }.count == 20)
    #expect(metrics.compactMap { $0["step"] == nil ? $0["epoch"] as? Int : nil } == Array(1...20))
    #expect(metrics.allSatisfy { line in !line.keys.contains { $0.lowercased().contains("second") || $0.contains("time") } })
    for line in metrics where line["step"] == nil {
      for set in ["train", "validation", "test"] {
        let scores = try #require(line[set] as? [String: Double])
        let (accuracy, loss) = (try #require(scores["accuracy"]), try #require(scores["loss"]))
        #expect((0...1).contains(accuracy) && loss > 0)
      }
    }
    let timings = try lines("run/timings.jsonl")
    #expect(timings.compactMap { $0["epoch"] as? Int } == Array(1...20))
  }

  @Test func theSameSeedGivesTheSameBytesAndAnotherDoesNot() throws {
    for (run, options) in [("a", ["--seed", "7"]), ("b", ["--seed", "7", "--threads", "2"]), ("c", ["--seed", "8"])] {
      try #require(try train(run, Self.options + options).status == 0)
    }
    for file in ["metrics.jsonl", "model.safetensors"] {
      let bytes = try ["a", "b", "c"].map { try Data(contentsOf: folder.url.appendingPathComponent("\($0)/\(file)")) }
      #expect(bytes[0] == bytes[1])
      #expect(bytes[0] != bytes[2])
    }
  }

  @Test(arguments: [
    (["--fanout", "5,,5"], "halo: --fanout: expected whole numbers above 0, or all, one per layer, found '' in '5,,5'"),
    (["--fanout", "5,-1"], "halo: --fanout: expected whole numbers above 0, or all, one per layer, found '-1' in '5,-1'"),
    (["--fanout", "10,few"], "halo: --fanout: expected whole numbers above 0, or all, one per layer, found 'few' in '10,few'"),
    (["--fanout", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"], "halo: --fanout: expected 1 to 16 layers, found 17"),
    (["--fanout", "likes=3,5"], "halo: --fanout: expected a relation of the graph (edge), found 'likes'"),
    (["--dropout", "1"], "halo: --dropout: expected 0 up to but not 1, found 1.0"),
    (["--eval-fanout", "5,few,5"], "halo: --eval-fanout: expected whole numbers above 0, or all, one per layer, found 'few' in '5,few,5'"),
    (["--weight-decay", "0.1,0"], "halo: --weight-decay: expected one value, or one for each of 3 layers, found 0.1,0.0"),
    (["--heads", "4"], "halo: --heads: expected 1 with --model sage, found 4"),
    (["--epochs", "0"], "halo: --epochs: expected 1 to 1000000, found 0"),
    (["--threads", "0"], "halo: --threads: expected 1 to 1024, found 0"),
    (["--split", "other"], "halo: --split: expected a split of the partition (factions), found 'other'"),
    (["--features", "shoes"], "halo: parts/graph.json: expected a feature table 'shoes', found feat"),
    (["--eval-fanout", "likes=3,5,5"], "halo: --eval-fanout: expected a relation of the graph (edge), found 'likes'"),
    (["--class-weights", "1,2,3"], "halo: --class-weights: expected 2 numbers, one for each class, found 3"),
    (
      ["--task", "multilabel"],
      "halo: parts/graph.json: expected a table 'label' of targets for --task multilabel, found class labels, table feat"
    ),
  ])
  func anOptionThatCannotBeIsOneLine(options: [String], line: String) throws {
    let before = try folder.contents()
    #expect(try train("run", options).errorLine().replacing(folder.url.path + "/", with: "") == line)
    #expect(try folder.contents() == before)
  }

  @Test func aRunIsReplacedOnlyByForce() throws {
    try #require(try train("run").status == 0)
    #expect(try train("run").errorLine().contains("--force"))
    #expect(try train("run", Self.options + ["--force"]).status == 0)
  }

  @Test func partsWithoutTrainingNodesAreRefused() throws {
    let edges = try folder.write("0 1\n1 2\n2 0\n", to: "edges.tsv")
    try #require(try HaloTool.run(["partition", edges, "-k", "2", "-o", folder.path("bare")]).status == 0)
    let line = try HaloTool.run(["train", folder.path("bare"), "-o", folder.path("run")]).errorLine()
    #expect(line.hasSuffix("/bare/graph.json: expected training nodes, found an empty training split"), "\(line)")
  }

  @Test func damagedPartsAreRefused() throws {
    let file = folder.url.appendingPathComponent("parts/part-001/indices.npy")
    let sound = try Data(contentsOf: file)
    for damage in [sound.dropLast(4), Data(sound.prefix(20)) + Data("X".utf8) + sound.dropFirst(21)] {
      try damage.write(to: file)
      let line = try train("run").errorLine()
      #expect(line.contains("/parts/part-001/indices.npy: expected "), "\(line)")
    }
    try FileManager.default.removeItem(at: file)
    #expect(try train("run").errorLine().contains("/parts/part-001/indices.npy: No such file or directory"))
    #expect(!(try folder.contents()).contains { $0.hasPrefix("run") })
  }
}
