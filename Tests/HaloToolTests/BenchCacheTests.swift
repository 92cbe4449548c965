import Foundation
import Testing

@Suite struct BenchCacheTests {
  private let folder: ScratchFolder
  private let options = ["--fanout", "6,4", "--batch-size-per-part", "40", "--json"]

  /// 3,000 nodes, a fifth of them to train on.
  init() throws {
    folder = try ScratchFolder()
    let graph = ["--nodes", "3000", "--edges", "60000", "--features", "4", "--classes", "3", "--split", "0.2,0.1,0.7"]
    try #require(try HaloTool.run(["dataset", "generate", "communities"] + graph + ["-o", folder.path("dataset")]).status == 0)
  }

  /// Rows pulled in all by method and share, after a run over three parts.
  private func pulled(partition: [String], bench: [String]) throws -> (report: [String: Any], rows: [String: [Double: Int]]) {
    let parts = folder.path("parts")
    let made = try HaloTool.run(["partition", folder.path("dataset"), "-k", "3", "-o", parts, "--force"] + partition)
    try #require(made.status == 0, "\(made)")
    #expect(try HaloTool.run(["verify", parts]).status == 0)
    let report = try HaloTool.run(["bench", "cache", parts] + options + bench).object()
    var rows: [String: [Double: Int]] = [:]
    for line in try #require(report["lines"] as? [[String: Any]]) {
      rows[try #require(line["method"] as? String), default: [:]][try #require(line["share"] as? Double)] = line["pulledRows"] as? Int
    }
    return (report, rows)
  }

  @Test func noPolicyPullsFewerRowsThanTheBound() throws {
    let (report, rows) = try pulled(partition: ["--fanout", "6,4", "--batch-size", "120"], bench: ["--window", "4"])
    #expect(Set(rows.keys) == ["none", "halo", "degree", "vip", "window", "window, counting", "offline"])
    let (all, offline) = (try #require(report["remoteRows"] as? Int), try #require(rows["offline"]))
    #expect(all > 0 && report["parts"] as? Int == 3 && report["stepsPerEpoch"] as? Int == 5 && offline.keys.sorted() == [0, 0.1, 0.32, 1])
    for (method, pulled) in rows {
      #expect(pulled[0] == all, "\(method)")
      for (share, bound) in offline { #expect(try #require(pulled[share]) >= bound, "\(method), \(share)") }
    }
    #expect(rows["none"]?.values.allSatisfy { $0 == all } == true)
  }

  @Test func aWindowOfAllStepsReachesTheBound() throws {
    let (_, rows) = try pulled(partition: [], bench: ["--window", "15", "--cache-memory", "5%,0.2"])
    #expect(Set(rows.keys) == ["none", "halo", "degree", "window", "offline"])
    #expect(rows["window"] == rows["offline"] && rows["offline"]?.count == 2)
  }

  @Test func theTableNamesEveryMethod() throws {
    _ = try pulled(partition: [], bench: [])
    let outcome = try HaloTool.run(["bench", "cache", folder.path("parts"), "--fanout", "3", "--epochs", "1", "--threads", "1"])
    #expect(outcome.status == 0 && outcome.output.contains("offline") && outcome.output.contains("1 epochs"), "\(outcome)")
    #expect(try HaloTool.run(["bench", "cache", folder.path("parts"), "--fanout", "x"]).errorLine().contains("--fanout"))
    for wrong in [["--epochs", "0"], ["--window", "-1"], ["--cache-memory", "10,x"]] {
      #expect(try HaloTool.run(["bench", "cache", folder.path("parts")] + wrong).status == 64, "\(wrong)")
    }
  }
}
