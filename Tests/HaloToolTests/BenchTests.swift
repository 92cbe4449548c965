import Foundation
import Testing

/// `halo bench` and `halo plan` as a user runs them, on graphs that take seconds.
@Suite(.serialized) struct BenchTests {
  private static let graph = ["--nodes", "2000", "--edges", "24000"]
  private static let model = ["--fanout", "5,3", "--hidden", "16", "--batch-size", "100", "--epochs", "1"]

  /// A partition of a generated graph into two parts.
  private func parts(_ folder: ScratchFolder) throws -> String {
    let (set, parts) = (folder.path("ds"), folder.path("parts"))
    let made = try HaloTool.run(
      ["dataset", "generate", "communities", "--features", "20", "--classes", "4", "-o", set] + Self.graph)
    #expect(made.status == 0, "\(made)")
    let cut = try HaloTool.run(["partition", set, "-k", "2", "--method", "random", "-o", parts])
    #expect(cut.status == 0, "\(cut)")
    return parts
  }

  @Test func kernelsOfAGeneratedGraph() throws {
    let command = ["bench", "kernels", "--fanout", "3,2", "--widths", "20", "--threads", "1", "--trials", "1", "--batches", "1"]
    let report = try HaloTool.run(command + ["--graph", "rmat", "--json"] + Self.graph).object()
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(Set(results.compactMap { $0["kernel"] as? String }).count == 6)
    #expect(report["nodes"] as? Int == 2000 && report["edges"] as? Int == 24_000)
    #expect(try HaloTool.run(command).status == 64)
    #expect(try HaloTool.run(command + ["--graph", "rmat", "--type", "int64"] + Self.graph).errorLine().contains("int64"))
    #expect(try HaloTool.run(command + ["--graph", "rmat", "--kernels", "fast"] + Self.graph).errorLine().contains("fast"))
  }

  @Test func collectiveCallsOfTwoWorkers() throws {
    let report = try HaloTool.run(["launch", "-n", "2", "bench", "collective", "--elements", "9000", "--trials", "2", "--json"]).object()
    #expect(report["workers"] as? Int == 2 && (report["calls"] as? [Any])?.count == 2)
  }

  @Test func learnedRowsOfTwoWorkers() throws {
    let command = [
      "bench", "embedding", "--rows", "4004", "--batch", "100", "--steps", "6", "--timed-rows", "900", "--trials", "1", "--json",
    ]
    let alone = try HaloTool.run(command).object()
    let report = try HaloTool.run(["launch", "-n", "2"] + command + ["--remote-share", "0.1"]).object()
    #expect(report["workers"] as? Int == 2 && (report["memory"] as? [Any])?.count == 2 && report["mixed"] != nil && alone["mixed"] == nil)
    let losses = try #require(alone["losses"] as? [Double])
    #expect(losses.count == 6 && report["losses"] as? [Double] == losses)
    #expect(try HaloTool.run(["launch", "-n", "5"] + command).errorLine().contains("number of workers"))
    #expect(try HaloTool.run(command + ["--remote-share", "0.1"]).errorLine().contains("--remote-share"))
  }

  @Test func epochsAreDrawnAndPlannedFrom() throws {
    let folder = try ScratchFolder()
    let parts = try parts(folder)
    let bench = try HaloTool.run(["bench", "epoch", parts, "--json"] + Self.model)
    let measured = try bench.object()
    #expect((measured["limits"] as? [String: Any])?["formulas"] != nil)
    let rates = try folder.write(bench.output, to: "rates.json")

    let chart = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../bench/chart").path
    let drawing = folder.path("epoch.svg")
    #expect(try HaloTool.run(program: "python3", [chart, "-o", drawing, "two & parts=\(rates)"]).status == 0)
    #expect(try folder.text("epoch.svg").contains("two &amp; parts"))
    #expect(try HaloTool.run(program: "python3", [chart, "-o", drawing, "none=\(parts)/graph.json"]).status == 1)

    let command = ["plan", parts, "--workers", "4", "--cores", "8", "--network", "10Gbit"]
    let plan = try HaloTool.run(command + ["--rates", rates, "--nodes", "1e6", "--json"] + Self.model).object()
    #expect(plan["workers"] as? Int == 4 && plan["nodes"] as? Double == 1e6 && (plan["seconds"] as? Double ?? 0) > 0)
    let measuring = try HaloTool.run(command + Self.model)
    #expect(measuring.status == 0 && measuring.output.contains("assumed:"), "\(measuring)")
    #expect(try HaloTool.run(command + ["--rates", "\(parts)/graph.json"] + Self.model).errorLine().contains("graph.json"))
    #expect(try HaloTool.run(command + ["--network", "fast"]).status == 64)
  }
}
