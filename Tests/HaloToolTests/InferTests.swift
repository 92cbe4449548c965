import Foundation
import Testing

/// `halo infer` and `halo gather` as a user runs them after a training.
@Suite(.serialized) struct InferTests {
  private let folder: ScratchFolder
  private static let nodes = 1500

  /// A graph with planted groups in three parts, and a model of two epochs.
  init() throws {
    folder = try ScratchFolder()
    try Self.succeed([
      "dataset", "generate", "communities", "--nodes", "\(Self.nodes)", "--edges", "15000", "--group-size", "50", "--super-groups", "4",
      "--classes", "4", "--features", "20", "-o", folder.path("dataset"),
    ])
    try Self.succeed(["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path("parts")])
    try Self.succeed(
      ["train", folder.path("parts"), "-o", folder.path("run"), "--fanout", "5,5", "--hidden", "16", "--epochs", "2", "--lr", "0.02"])
  }

  @discardableResult
  private static func succeed(_ arguments: [String]) throws -> HaloTool.Outcome {
    let outcome = try HaloTool.run(arguments)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private func infer(_ out: String, _ options: [String] = [], workers: Int = 1) throws -> [String] {
    (workers > 1 ? ["launch", "-n", "\(workers)"] : []) + ["infer", folder.path("run"), folder.path("parts"), "-o", folder.path(out)]
      + options
  }

  /// Paths and contents of all files under a directory of the folder.
  private func files(_ name: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path(name)) where path.contains(".") {
      files[path] = try Data(contentsOf: folder.url.appendingPathComponent("\(name)/\(path)"))
    }
    return files
  }

  /// Elements of a `.npy` file.
  private func elements<T: BitwiseCopyable>(_ path: String, as type: T.Type) throws -> [T] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let offset = 10 + Int(data[8]) + Int(data[9]) << 8
    return data.withUnsafeBytes { raw in
      (0..<(raw.count - offset) / MemoryLayout<T>.stride).map {
        raw.loadUnaligned(fromByteOffset: offset + $0 * MemoryLayout<T>.stride, as: type)
      }
    }
  }

  private func file(_ name: String, under directory: String) throws -> String {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: directory)
    return "\(directory)/" + (try #require(paths.sorted().first { $0.hasSuffix("/" + name) }, "\(name) in \(directory)"))
  }

  @Test func anyNumberOfWorkersGivesTheSameBytes() throws {
    let all = ["--outputs", "logits,predictions,embeddings"]
    for workers in 1...3 {
      try Self.succeed(try infer("out-\(workers)", all + (workers == 2 ? ["--memory", "1MiB", "--threads", "2"] : []), workers: workers))
    }
    let expected = try files("out-1")
    let names = ["logits", "predictions", "embeddings"].flatMap { name in (0..<3).map { "part-00\($0)/\(name).npy" } }
    #expect(expected.keys.sorted() == (names + ["manifest.json"]).sorted())
    for workers in 2...3 { #expect(try files("out-\(workers)") == expected, "\(workers) workers") }
    #expect(!(try folder.contents()).contains { $0.hasSuffix(".partial") })
  }

  @Test func gatheredPredictionsHaveTheAccuracyOfTheRun() throws {
    try Self.succeed(try infer("out"))
    for name in ["classes.npy", "classes.csv", "classes.csv.gz"] {
      try Self.succeed(["gather", folder.path("out"), "-o", folder.path(name)])
    }
    try Self.succeed(["gather", folder.path("out"), "-o", folder.path("logits.csv"), "--what", "logits"])
    let classes = try elements(folder.path("classes.npy"), as: Int32.self)
    #expect(classes.count == Self.nodes)
    let text = try folder.text("classes.csv")
    #expect(text == "node,prediction\n" + classes.enumerated().map { "\($0),\($1)\n" }.joined())
    let unpacked = try Process.run(
      URL(fileURLWithPath: "/usr/bin/env"), arguments: ["gzip", "-d", folder.path("classes.csv.gz"), "-S", ".gz", "-f"])
    unpacked.waitUntilExit()
    #expect(try folder.text("classes.csv") == text)

    let logits = try folder.text("logits.csv").split(separator: "\n")
    #expect(logits[0] == "node,logit_0,logit_1,logit_2,logit_3")
    for (node, line) in logits.dropFirst().enumerated() {
      let fields = line.split(separator: ",")
      let row = fields.dropFirst().compactMap { Float($0) }
      #expect(fields[0] == "\(node)" && row.count == 4 && row[Int(classes[node])] == row.max(), "\(line)")
    }

    var (right, count) = (0, 0)
    for part in 0..<3 {
      let directory = folder.path("parts/part-00\(part)")
      let original = try elements("\(directory)/original.npy", as: Int64.self)
      let labels = try elements(try file("labels.npy", under: directory), as: Int32.self)
      for node in try elements(try file("test.npy", under: directory), as: UInt32.self) {
        count += 1
        right += classes[Int(original[Int(node)])] == labels[Int(node)] ? 1 : 0
      }
    }
    let scores = try #require(try JSONSerialization.jsonObject(with: Data(try folder.text("run/scores.json").utf8)) as? [String: Any])
    let accuracy = try #require((scores["test"] as? [String: Any])?["accuracy"] as? Double)
    #expect(count > 100 && Double(right) / Double(count) == accuracy)
  }

  @Test func killedInferenceGoesOnWithOtherWorkers() throws {
    // Layers wide enough to take a moment each.
    try Self.succeed([
      "train", folder.path("parts"), "-o", folder.path("run"), "--fanout", "5,5,5,5", "--hidden", "2048", "--epochs", "1", "--force",
    ])
    try Self.succeed(try infer("whole"))
    let process = Process()
    process.executableURL = HaloTool.executable
    process.arguments = try infer("out")
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    while process.isRunning, !FileManager.default.fileExists(atPath: folder.path("out.partial/work/part-000/step-0.json")) { usleep(500) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try #require(process.terminationReason == .uncaughtSignal, "it was killed while it worked")
    let line = try HaloTool.run(try infer("out")).errorLine()
    #expect(line.hasSuffix("/out.partial: expected --resume to go on from it, or --force, found an unfinished inference"), "\(line)")
    let other = try HaloTool.run(try infer("out", ["--resume", "--outputs", "logits"])).errorLine()
    #expect(other.contains("expected an unfinished inference with this outputs: logits, found logits,predictions"), "\(other)")
    let resumed = try Self.succeed(try infer("out", ["--resume"], workers: 3))
    #expect(resumed.messages.contains("going on with "), "\(resumed)")
    #expect(try files("out") == (try files("whole")))
  }

  @Test func whatDoesNotFitIsOneLine() throws {
    try Self.succeed(try infer("out"))
    #expect(try HaloTool.run(try infer("out")).errorLine().hasSuffix("/out: expected a new directory (or --force), found one that exists"))
    try Self.succeed(try infer("out", ["--force"]))
    let little = try HaloTool.run(try infer("little", ["--memory", "1KiB"])).errorLine()
    #expect(
      little.contains("--memory: expected at least ") && little.hasSuffix(" bytes for this model and these parts, found 1024"), "\(little)")
    #expect(try HaloTool.run(try infer("x", ["--outputs", "shoes"])).status == 64)

    try Self.succeed(["dataset", "generate", "karate", "-o", folder.path("karate")])
    try Self.succeed(["partition", folder.path("karate"), "-k", "2", "-o", folder.path("club")])
    let club = try HaloTool.run(["infer", folder.path("run"), folder.path("club"), "-o", folder.path("x")]).errorLine()
    #expect(club.hasSuffix("/club/graph.json: expected 20 columns in table 'feat', as the model reads, found 34"), "\(club)")
    let nothing = try HaloTool.run(["infer", folder.path("dataset"), folder.path("parts"), "-o", folder.path("x")]).errorLine()
    #expect(nothing.hasSuffix("/dataset/model.safetensors: No such file or directory"), "\(nothing)")
    let before = try folder.contents()
    #expect(!before.contains { $0.hasPrefix("x") || $0.hasPrefix("little") })

    try Self.succeed(["partition", folder.path("dataset"), "-k", "2", "-o", folder.path("others")])
    let gather = ["gather", folder.path("out"), "-o", folder.path("all.npy")]
    let other = try HaloTool.run(gather + ["--parts", folder.path("others")]).errorLine()
    #expect(other.contains("/others/graph.json: expected checksum ") && other.contains("of the partition that was predicted"), "\(other)")
    #expect(try HaloTool.run(gather + ["--what", "embeddings"]).errorLine().hasSuffix("expected embeddings, found logits, predictions"))
    let file = folder.url.appendingPathComponent("out/part-001/predictions.npy")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    let damaged = try HaloTool.run(gather).errorLine()
    #expect(damaged.contains("/out/part-001/predictions.npy: expected checksum ") && damaged.contains("manifest.json"), "\(damaged)")
    #expect(try folder.contents() == (before + ["others"]).sorted())
  }

  @Test func aModelIsAppliedToAnotherGraphWithANotice() throws {
    try Self.succeed([
      "dataset", "generate", "communities", "--nodes", "600", "--edges", "5000", "--group-size", "50", "--super-groups", "4", "--classes",
      "4", "--features", "20", "--seed", "9", "-o", folder.path("second"),
    ])
    try Self.succeed(["partition", folder.path("second"), "-k", "2", "-o", folder.path("second-parts")])
    let outcome = try Self.succeed(["infer", folder.path("run"), folder.path("second-parts"), "-o", folder.path("out"), "--json"])
    #expect(outcome.messages.contains("the model was trained on another graph"), "\(outcome)")
    #expect(try outcome.object()["nodes"] as? Int == 600)
  }
}
