import Configuration
import Foundation
import Testing

/// Several runs by one command, as a user starts them.
@Suite(.serialized) struct RepeatTests {
  private let folder: ScratchFolder
  private let parts: String

  /// The karate club in two parts.
  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    try #require(try HaloTool.run(["dataset", "generate", "karate", "-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", parts]).status == 0)
  }

  private static let options = ["--fanout", "3,all", "--epochs", "4", "--hidden", "8", "--lr", "0.02", "--seed", "9"]

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }

  private func object(_ name: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: bytes(name)) as? [String: Any])
  }

  private func train(_ run: String, _ options: [String]) -> [String] { ["train", parts, "-o", folder.path(run)] + Self.options + options }

  @Test func everySeedIsAnOrdinaryRunAndTheSummaryTheirMean() throws {
    let outcome = try HaloTool.run(train("all", ["--repeat", "seeds=3"]))
    #expect(outcome.status == 0, "\(outcome)")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("all")).sorted()
    #expect(files == ["seed-0009", "seed-0010", "seed-0011", "summary.json"])
    try #require(try HaloTool.run(train("alone", ["--seed", "10"])).status == 0)
    for file in ["metrics.jsonl", "model.safetensors", "scores.json", "job.yaml"] {
      #expect(try bytes("all/seed-0010/\(file)") == bytes("alone/\(file)"), "\(file)")
    }
    let summary = try object("all/summary.json")
    #expect(summary["planned"] as? Int == 3)
    let runs = try #require(summary["runs"] as? [[String: Any]])
    #expect(runs.compactMap { $0["name"] as? String } == ["seed-0009", "seed-0010", "seed-0011"])
    var accuracies: [Double] = []
    for run in runs {
      let scores = try object("all/\(try #require(run["name"] as? String))/scores.json")
      #expect(
        run["bestEpoch"] as? Int == scores["bestEpoch"] as? Int && run["test"] as? [String: Double] == scores["test"] as? [String: Double])
      accuracies.append(try #require((scores["test"] as? [String: Double])?["accuracy"]))
    }
    let statistic = try #require((summary["test"] as? [String: [String: Double]])?["accuracy"])
    let mean = (accuracies[0] + accuracies[1] + accuracies[2]) / 3
    let deviation = (accuracies.map { pow($0 - mean, 2) }.reduce(0, +) / 2).squareRoot()
    let (foundMean, foundDeviation) = (try #require(statistic["mean"]), try #require(statistic["deviation"]))
    #expect(abs(foundMean - mean) < 1e-12 && abs(foundDeviation - deviation) < 1e-12)
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.count { $0.hasPrefix("seed-00") } == 3 && lines[0].hasPrefix("run "), "\(outcome)")
    #expect(lines.contains("mean ± sample standard deviation (n − 1) of 3 runs:"), "\(outcome)")
    #expect(
      lines.contains { $0.hasPrefix("  accuracy: validation ") && $0.contains(String(format: "test %.2f %% ± ", 100 * mean)) }, "\(outcome)"
    )
  }

  @Test func everySplitIsTrainedWithEverySeed() throws {
    // The club as a raw folder, with a second split that exchanges training and validation.
    let club = URL(fileURLWithPath: #filePath + "/../../../datasets/karate-club").standardizedFileURL
    let raw = folder.url.appendingPathComponent("raw")
    try FileManager.default.copyItem(at: club, to: raw)
    let first = try #require(try FileManager.default.contentsOfDirectory(atPath: raw.path + "/split").first)
    let other = raw.appendingPathComponent("split/zz")
    try FileManager.default.copyItem(at: raw.appendingPathComponent("split/\(first)"), to: other)
    let files = try FileManager.default.contentsOfDirectory(atPath: other.path)
    let (train, valid) = (try #require(files.first { $0.hasPrefix("train") }), try #require(files.first { $0.hasPrefix("valid") }))
    try FileManager.default.moveItem(atPath: "\(other.path)/\(train)", toPath: "\(other.path)/kept")
    try FileManager.default.moveItem(atPath: "\(other.path)/\(valid)", toPath: "\(other.path)/\(train)")
    try FileManager.default.moveItem(atPath: "\(other.path)/kept", toPath: "\(other.path)/\(valid)")
    try #require(try HaloTool.run(["dataset", "convert", raw.path, "-o", folder.path("two"), "--undirected"]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("two"), "-k", "2", "-o", folder.path("split-parts")]).status == 0)

    let options = Self.options + ["--repeat", "splits", "--repeat", "seeds=2"]
    let outcome = try HaloTool.run(["train", folder.path("split-parts"), "-o", folder.path("all")] + options)
    #expect(outcome.status == 0, "\(outcome)")
    let runs = try #require(try object("all/summary.json")["runs"] as? [[String: Any]])
    let names = ["split-\(first)/seed-0009", "split-\(first)/seed-0010", "split-zz/seed-0009", "split-zz/seed-0010"]
    #expect(runs.compactMap { $0["name"] as? String } == names)
    for name in names {
      let training = try JobFile(folder.path("all/\(name)/job.yaml")).job.training
      #expect(name == "split-\(training.split)/seed-00\(training.seed < 10 ? "0" : "")\(training.seed)")
    }
    #expect(try bytes("all/\(names[0])/metrics.jsonl") != bytes("all/\(names[2])/metrics.jsonl"))
    #expect(try HaloTool.run(["train", folder.path("all/\(names[3])/job.yaml"), "-o", folder.path("again")]).status == 0)
    #expect(try bytes("again/metrics.jsonl") == bytes("all/\(names[3])/metrics.jsonl"))
  }

  @Test func workersDoNotChangeTheSummary() throws {
    let alone = try HaloTool.run(train("alone", ["--repeat", "seeds=2", "--json"]))
    #expect(try alone.object()["planned"] as? Int == 2)
    #expect(try HaloTool.run(["launch", "-n", "2"] + train("two", ["--repeat", "seeds=2", "--no-map-peers"])).status == 0)
    #expect(try bytes("alone/summary.json") == bytes("two/summary.json"))
    #expect(alone.output == String(decoding: try bytes("alone/summary.json"), as: UTF8.self))
  }

  @Test func aJobFileMayRepeatAndAFlagMayForbidIt() throws {
    let job = try folder.write("partitions: parts\noutput: all\nrepeat: seeds=2\nepochs: 1\nfanout: 2", to: "job.yaml")
    #expect(try HaloTool.run(["train", job]).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("all")).sorted() == ["seed-0000", "seed-0001", "summary.json"])
    #expect(try HaloTool.run(["train", job, "--repeat", "none", "-o", folder.path("one")]).status == 0)
    #expect(try JobFile(folder.path("one/job.yaml")).job.repetition == .once)
  }

  @Test func onlyForceReplacesAndItReplacesAll() throws {
    try #require(try HaloTool.run(train("all", ["--repeat", "seeds=2"])).status == 0)
    let before = try bytes("all/summary.json")
    #expect(try HaloTool.run(train("all", ["--repeat", "seeds=1"])).errorLine().contains("--force"))
    #expect(try bytes("all/summary.json") == before)
    try #require(try HaloTool.run(train("all", ["--repeat", "seeds=1", "--force"])).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("all")).sorted() == ["seed-0009", "summary.json"])
    #expect(try folder.contents() == ["all", "dataset", "parts"])
  }

  @Test func whatCannotStartLeavesNothing() throws {
    let line = try HaloTool.run(train("all", ["--repeat", "seeds=2", "--features", "shoes"])).errorLine()
    #expect(line.hasSuffix("/parts/graph.json: expected a feature table 'shoes', found feat"), "\(line)")
    let fault = try HaloTool.run(train("all", ["--repeat", "folds=5"])).errorLine()
    #expect(fault == "halo: --repeat: expected seeds=N (N from 1 to 10000), splits, or one of each, found 'folds=5'")
    #expect(try folder.contents() == ["dataset", "parts"])
  }

  @Test func aJobThatDiesKeepsItsFinishedRuns() throws {
    // A run takes seconds; the second is killed at its beginning.
    let script =
      "\"$@\" 2>/dev/null & while [ ! -e \(folder.path("all"))/summary.json ]; do sleep 0.05; done; kill -9 $!; wait $! 2>/dev/null"
    let options = ["--fanout", "2", "--repeat", "seeds=2", "--epochs", "400"]
    #expect(try HaloTool.run(["train", parts, "-o", folder.path("all")] + options, under: script).status == 137)
    #expect(try (object("all/summary.json")["runs"] as? [Any])?.count == 1)
    #expect(FileManager.default.fileExists(atPath: folder.path("all/seed-0000/scores.json")))
  }

  @Test func aPoliteStopKeepsWhatIsFinishedAndTheNextRunGoesOn() throws {
    let script =
      "\"$@\" & while [ ! -e \(folder.path("all"))/summary.json ]; do sleep 0.05; done; kill -USR1 $!; wait $!"
    let options = ["--fanout", "2", "--repeat", "seeds=3", "--epochs", "400"]
    let outcome = try HaloTool.run(["train", parts, "-o", folder.path("all")] + options, under: script)
    #expect(outcome.status == 75, "\(outcome)")
    let run = folder.path("all/seed-0001")
    #expect(outcome.messages.contains("stopped after 1 of 3 runs; 'halo train --resume \(run)' goes on with the next"), "\(outcome)")
    #expect(try (object("all/summary.json")["runs"] as? [Any])?.count == 1)
    #expect(try HaloTool.run(["train", "--resume", run]).status == 0)
    #expect(try folder.text("all/seed-0001/metrics.jsonl").split(separator: "\n").last?.hasPrefix("{\"epoch\":400,") == true)
  }
}
