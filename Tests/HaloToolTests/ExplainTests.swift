import Foundation
import Testing

/// `halo explain` and `--trace`, as a user runs them.
@Suite(.serialized) struct ExplainTests {
  private let training = ["--hidden", "16", "--fanout", "5,5", "--batch-size", "60", "--epochs", "3", "--seed", "7"]

  private func parts(in folder: ScratchFolder) throws -> String {
    let generated = try HaloTool.run([
      "dataset", "generate", "communities", "--nodes", "3000", "--edges", "30000", "--group-size", "50", "--super-groups", "4",
      "--classes", "4", "--features", "20", "-o", folder.path("dataset"),
    ])
    try #require(generated.status == 0, "\(generated)")
    let partitioned = try HaloTool.run([
      "partition", folder.path("dataset"), "-k", "2", "--method", "random", "--fanout", "5,5", "--batch-size", "60", "-o",
      folder.path("parts"),
    ])
    try #require(partitioned.status == 0, "\(partitioned)")
    return folder.path("parts")
  }

  @Test func aRunIsExplainedAndTraced() throws {
    let folder = try ScratchFolder()
    let (parts, run, trace) = (try parts(in: folder), folder.path("run"), folder.path("trace.json"))
    let trained = try HaloTool.run(["launch", "-n", "2", "train", parts, "-o", run, "--no-map-peers", "--trace", trace] + training)
    try #require(trained.status == 0, "\(trained)")
    #expect(trained.messages.contains("% of it waiting for batches"))
    let text = try HaloTool.run(["explain", run])
    #expect(text.status == 0 && text.messages.isEmpty, "\(text)")
    for part in [
      "epochs 2 to 3", "worker 0 waited for batches", "worker 1 waited for batches", "worker 1 keeps processors busy for ",
      "loading ahead took sample", "is waited for",
      "rows of an epoch", "copied before the model reads them: no rows", "from worker to worker", "the partition expected",
    ] { #expect(text.output.contains(part), "'\(part)' is missing in \(text.output)") }
    let object = try HaloTool.run(["explain", run, "--epoch", "1", "--json"]).object()
    let workers = try #require(object["workers"] as? [[String: Any]])
    #expect(object["epochs"] as? [Int] == [1] && workers.count == 2)
    for worker in workers {
      let stages = try #require(worker["stages"] as? [String: Double])
      let (other, all) = (try #require(worker["other"] as? Double), try #require(worker["milliseconds"] as? Double))
      #expect(abs(stages.values.reduce(other, +) - all) < 1e-6 && all > 0)
      #expect(stages["wait"] ?? 0 > 0 && stages["fetch"] == 0)
      let (worked, planned) = (
        try #require(worker["processorMilliseconds"] as? Double), try #require(worker["planMilliseconds"] as? Double)
      )
      #expect(0 < planned && planned < worked)
      let (share, waited) = (try #require(worker["waitingShare"] as? Double), try #require(stages["wait"]))
      #expect(abs(share - waited / all) < 1e-9 && share < 1)
      let loading = try #require(worker["loading"] as? [String: Any])
      #expect(loading["bytesCopied"] as? Int == 0)
    }
    try checkTrace(folder.text("trace.json"), steps: 3 * (try #require(object["stepsPerEpoch"] as? Int)))
  }

  /// Both workers' steps and what was loaded ahead of them, rows on a lane of their own; stages lie inside steps.
  private func checkTrace(_ text: String, steps: Int) throws {
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let events = try #require(document["traceEvents"] as? [[String: Any]])
    for worker in 0..<2 {
      let mine = events.filter { $0["pid"] as? Int == worker && $0["ph"] as? String == "X" }
      func spans(_ name: String, _ lane: Int) -> [(begin: Double, end: Double)] {
        mine.filter { $0["name"] as? String == name && $0["tid"] as? Int == lane }.compactMap { event in
          guard let begin = event["ts"] as? Double, let duration = event["dur"] as? Double else { return nil }
          return (begin, begin + duration)
        }
      }
      let (outer, forward) = (spans("step", 0), spans("forward", 0))
      #expect(outer.count == steps && forward.count == steps && spans("wait", 0).count == steps)
      #expect(zip(outer, forward).allSatisfy { $0.begin <= $1.begin && $1.end <= $0.end + 0.002 })
      #expect(!spans("sample", 1).isEmpty && !spans("decide", 1).isEmpty && spans("sample", 0).isEmpty)
      #expect(!spans("fetch", 2).isEmpty && spans("fetch", 1).isEmpty)
    }
  }

  @Test func whatCannotBeDoneIsOneLine() throws {
    let folder = try ScratchFolder()
    #expect(
      try HaloTool.run(["explain", folder.path("nothing")]).errorLine()
        == "halo: \(folder.path("nothing"))/timings.jsonl: expected the timings of a run, found no file that can be read")
    let repeated = try HaloTool.run(["train", "parts", "-o", folder.path("run"), "--repeat", "seeds=2", "--trace", folder.path("trace")])
    #expect(try repeated.errorLine() == "halo: --trace: expected one run, found --repeat seeds=2")
  }
}
