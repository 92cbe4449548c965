import Foundation
import Testing

/// What worker processes have open, as the operating system sees it.
@Suite(.serialized) struct UnmappedPeersTests {
  private let training = [
    "--hidden", "16", "--fanout", "5,5", "--batch-size", "60", "--epochs", "3", "--seed", "7", "--dropout", "0.4", "--lr", "0.01",
  ]

  /// A planted graph in 6 random parts: every part needs rows of every other.
  private func parts(in folder: ScratchFolder) throws -> String {
    let generated = try HaloTool.run([
      "dataset", "generate", "communities", "--nodes", "3000", "--edges", "30000", "--group-size", "50", "--super-groups", "4",
      "--classes", "4", "--features", "20", "-o", folder.path("dataset"),
    ])
    try #require(generated.status == 0, "\(generated)")
    let partitioned = try HaloTool.run(["partition", folder.path("dataset"), "-k", "6", "--method", "random", "-o", folder.path("parts")])
    try #require(partitioned.status == 0, "\(partitioned)")
    return folder.path("parts")
  }

  /// One entry per worker of the first epoch in `timings.jsonl`.
  private func firstTimings(_ folder: ScratchFolder, _ run: String) throws -> [[String: Any]] {
    try folder.text("\(run)/timings.jsonl").split(separator: "\n").compactMap { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["epoch"] as? Int == 1 ? object : nil
    }
  }

  /// So it is with the rows of an exact first hop, while they are made and when they are found.
  @Test func unmappedPeersAreNeverOpenedForAnExactFirstHop() throws {
    let folder = try ScratchFolder()
    let parts = try parts(in: folder)
    for (name, origin) in [("a", "made for 6 of 6 parts"), ("b", "(found)")] {
      let outcome = try HaloTool.run(
        ["launch", "-n", "3", "train", parts, "-o", folder.path(name), "--no-map-peers", "--first-hop", "exact"] + training)
      try #require(outcome.status == 0, "\(outcome)")
      #expect(outcome.messages.contains("first hop: exact, not sampled: every step reads 40 columns a node of derived/"))
      #expect(outcome.messages.contains(origin) && outcome.messages.contains("the first entry of the fan-out, 5, is not used"))
      let timings = try firstTimings(folder, name)
      #expect(timings.count == 3)
      for line in timings {
        let worker = try #require(line["worker"] as? Int)
        let traffic = try #require(line["traffic"] as? [String: Any])
        #expect(line["mappedParts"] as? [Int] == [2 * worker, 2 * worker + 1])
        // A row of 20 features and 20 means.
        #expect(traffic["remoteRowBytes"] as? Int == 160 * (try #require(traffic["remoteRows"] as? Int)))
        #expect(traffic["remoteRows"] as? Int ?? 0 > 0)
      }
    }
    #expect(try folder.text("a/metrics.jsonl") == folder.text("b/metrics.jsonl"))
    #expect(try folder.text("a/scores.json").contains("\"firstHop\" : \"exact\""))
    #expect(try folder.text("a/job.yaml").contains("first-hop: exact\n"))
  }

  /// With `--no-map-peers` a worker has no file of another worker's parts open, and rows travel over the network instead.
  @Test func unmappedPeersAreNeverOpened() throws {
    let folder = try ScratchFolder()
    let parts = try parts(in: folder)
    for (map, shares) in [("--map-peers", true), ("--no-map-peers", false)] {
      let outcome = try HaloTool.run(["launch", "-n", "3", "train", parts, "-o", folder.path("run\(map)"), map] + training)
      try #require(outcome.status == 0, "\(outcome)")
      let timings = try firstTimings(folder, "run\(map)")
      #expect(timings.count == 3)
      for line in timings {
        let worker = try #require(line["worker"] as? Int)
        let traffic = try #require(line["traffic"] as? [String: Any])
        let own = [2 * worker, 2 * worker + 1]
        #expect(line["mappedParts"] as? [Int] == (shares ? Array(0..<6) : own), "worker \(worker) \(map)")
        #expect((traffic["remoteRows"] as? Int ?? 0 > 0) != shares)
        #expect((traffic["storeBytesReceived"] as? Int ?? 0 > 0) != shares)
      }
    }
  }
}
