import Foundation
import Testing

/// `--memory` is a promise: the command ends well in a control group that allows no more, or refuses before it begins.
@Suite(.serialized) struct MemoryLimitTests {
  private let folder: ScratchFolder
  private let dataset: String

  /// Some 24 MB of edges: what is made of them has to go to files where memory is short.
  init() throws {
    folder = try ScratchFolder()
    dataset = folder.path("rmat")
    let sizes = ["--nodes", "60000", "--edges", "3000000", "--features", "0", "--seed", "3"]
    #expect(try HaloTool.run(["dataset", "generate", "rmat"] + sizes + ["-o", dataset]).status == 0)
  }

  /// Status of the script where no control group can be made here.
  private static let noGroup: Int32 = 77

  /// Runs the command in a control group of its own, below the one that the tests are in, which may hold `limit` MiB of memory.
  private func run(_ arguments: [String], limit: Int) throws -> HaloTool.Outcome {
    try HaloTool.run(
      arguments,
      under: """
        own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
        if [ -n "$own" ]; then group="/sys/fs/cgroup/memory${own%/}/halo-test-$$"; file=memory.limit_in_bytes
        else group="/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/halo-test-$$"; file=memory.max; fi
        mkdir "$group" 2> /dev/null || exit \(Self.noGroup)
        trap 'rmdir "$group"' EXIT
        [ -w "$group/$file" ] && echo $((\(limit) << 20)) > "$group/$file" || exit \(Self.noGroup)
        (echo $BASHPID > "$group/cgroup.procs" && exec "$@")
        """)
  }

  /// The number of `at least …MiB` in what a refusal says.
  private func least(_ line: String) throws -> Int {
    let parts = line.components(separatedBy: "at least ")
    return try #require(parts.last.flatMap { Int($0.prefix { $0.isNumber }) }, "\(line)")
  }

  @Test(arguments: [
    "streaming", "random", "multilevel", "multilevel --objective bytes --fanout 10,5 --replicate 10% --halo-hops 1",
  ])
  func partitionsStayBelowTheLimit(method: String) throws {
    let options = method.split(separator: " ").map(String.init) + ["--balance", "nodes,edges", "--threads", "2", "--seed", "5"]
    let arguments = ["partition", dataset, "-k", "8", "--method"] + options
    let target = ["-o", folder.path("parts"), "--force"]
    let refused = try HaloTool.run(arguments + target + ["--memory", "34MiB"]).errorLine()
    #expect(refused.hasPrefix("halo: --memory: expected at least ") && refused.hasSuffix("found 34MiB"), "\(refused)")
    #expect(try folder.contents() == ["rmat"])

    let limit = try least(refused)
    let found = try run(arguments + target + ["--memory", "\(limit)MiB", "--allow-imbalance"], limit: limit)
    if found.status == Self.noGroup {
      print("memory limits are not tested: no control group can be made here")
      return
    }
    #expect(found.status == 0, "\(found)")
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
    // The same parts come without a limit.
    let free = try HaloTool.run(arguments + ["-o", folder.path("free"), "--allow-imbalance"])
    #expect(free.status == 0, "\(free)")
    #expect(try folder.text("free/graph.json") == folder.text("parts/graph.json"))
  }

  @Test func rowsOfEdgesAreWrittenBelowTheLimit() throws {
    // Some 96 MB of rows beside 8 MB of edges.
    let sizes = ["--nodes", "60000", "--edges", "1000000", "--features", "0", "--edge-features", "24", "--seed", "3"]
    try #require(HaloTool.run(["dataset", "generate", "rmat"] + sizes + ["-o", folder.path("rows")]).status == 0)
    let arguments = ["partition", folder.path("rows"), "-k", "4", "--method", "random", "--threads", "2", "--feature-type", "int8"]
    let refused = try HaloTool.run(arguments + ["-o", folder.path("parts"), "--memory", "34MiB"]).errorLine()
    let limit = try least(refused)
    #expect(limit < 90, "\(refused)")
    let found = try run(arguments + ["-o", folder.path("parts"), "--memory", "\(limit)MiB"], limit: limit)
    guard found.status != Self.noGroup else { return }
    #expect(found.status == 0, "\(found)")
    #expect(try HaloTool.run(["verify", folder.path("parts")]).status == 0)
  }

  @Test func textIsReadBelowTheLimit() throws {
    let lines = (0..<1_000_000).map { "\($0 % 50_000) \($0 &* 7919 % 50_000)\n" }
    let text = try folder.write(lines.joined(), to: "edges.txt")
    let arguments = ["partition", text, "-k", "4", "--method", "random", "--balance", "nodes", "--threads", "2"]
    let refused = try HaloTool.run(arguments + ["-o", folder.path("parts"), "--memory", "20MiB"]).errorLine()
    #expect(refused.contains("to read ") && refused.hasSuffix("found 20MiB"), "\(refused)")
    let needed = try HaloTool.run(arguments + ["-o", folder.path("parts"), "--memory", "52MiB", "--dedup", "--undirected"]).errorLine()
    #expect(needed.contains("to change the edges of edges"), "\(needed)")

    let found = try run(arguments + ["-o", folder.path("parts"), "--memory", "72MiB"], limit: 72)
    guard found.status != Self.noGroup else { return }
    #expect(found.status == 0, "\(found)")
    let free = try HaloTool.run(arguments + ["-o", folder.path("free")])
    #expect(free.status == 0, "\(free)")
    #expect(try folder.text("free/graph.json") == folder.text("parts/graph.json"))
  }
}
