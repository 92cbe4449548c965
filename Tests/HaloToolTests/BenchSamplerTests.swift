import Foundation
import Testing

@Suite struct BenchSamplerTests {
  private let folder: ScratchFolder
  private let parts: String

  /// 2,000 nodes in three parts, half of them to train on.
  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    let graph = ["--nodes", "2000", "--edges", "40000", "--features", "4", "--classes", "3", "--split", "0.5,0.25,0.25"]
    try #require(try HaloTool.run(["dataset", "generate", "communities"] + graph + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "3", "-o", parts]).status == 0)
  }

  private func bench(_ options: [String]) throws -> [String: Any] {
    try HaloTool.run(["bench", "sampler", parts, "--fanout", "6,4", "--batch-size", "100", "--epochs", "3", "--json"] + options).object()
  }

  /// Every method agrees with the reference, or the command would fail, and counts the same work whatever the threads.
  @Test(arguments: [[], ["--sampler", "labor"], ["--resample", "epoch"], ["--sampler", "labor", "--resample", "epoch"]])
  func everyMethodIsCheckedAndMeasured(options: [String]) throws {
    let alone = try bench(options + ["--threads", "1"])
    let together = try bench(options + ["--threads", "3"])
    for name in ["sampledEdges", "inputRows", "blockRows"] {
      let count = try #require(alone[name] as? Int)
      #expect(count > 0 && together[name] as? Int == count, "\(name)")
    }
    for name in ["seconds", "sampledEdgesPerSecond", "rowsPerSecond"] {
      let spread = try #require(alone[name] as? [String: Double])
      let (median, lowest, highest) = (try #require(spread["median"]), try #require(spread["lowest"]), try #require(spread["highest"]))
      #expect(0 < lowest && lowest <= median && median <= highest, "\(name)")
    }
    let limit = try #require(alone["limit"] as? [String: Any])
    #expect(try #require(limit["seconds"] as? Double) > 0 && alone["threads"] as? Int == 1 && together["threads"] as? Int == 3)
  }

  @Test func laborReadsFewerRows() throws {
    let (uniform, labor) = (try bench([]), try bench(["--sampler", "labor"]))
    #expect(try #require(labor["inputRows"] as? Int) < #require(uniform["inputRows"] as? Int))
  }

  @Test func theTableNamesTheLimit() throws {
    let outcome = try HaloTool.run(["bench", "sampler", parts, "--fanout", "3", "--epochs", "1"])
    #expect(outcome.status == 0 && outcome.output.contains("limit") && outcome.output.contains("an epoch"), "\(outcome)")
    #expect(try HaloTool.run(["bench", "sampler", parts, "--fanout", "x"]).errorLine().contains("--fanout"))
  }
}
