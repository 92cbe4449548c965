import Foundation
import Testing

/// Workers on several hosts, which are network namespaces of this machine.
@Suite(.serialized, .enabled(if: Testbed.reason == nil, "\(Testbed.reason ?? "")"))
struct TestbedTests {
  private let folder: ScratchFolder
  private let parts: String

  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    let generate = ["dataset", "generate", "communities", "--nodes", "2000", "--edges", "20000", "--features", "16", "--classes", "4"]
    try #require(try HaloTool.run(generate + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", parts]).status == 0)
  }

  private static let options = ["--fanout", "10,5", "--epochs", "2", "--hidden", "32", "--batch-size", "50", "--lr", "0.01", "--seed", "7"]

  private func train(_ run: String) -> [String] { ["train", parts, "-o", folder.path(run)] + Self.options }

  @Test func hostsHaveNamesMemoryAndAddressesOfTheirOwn() throws {
    let testbed = try Testbed(hosts: 3, ["--rate", "1Gbit", "--delay", "0.1ms"])
    let names = try (1...3).map { try testbed.run(["run", "-h", "host\($0)", "--", "hostname"]).output }
    #expect(names == ["host1\n", "host2\n", "host3\n"])
    let touch = try testbed.run(["run", "-h", "host2", "--", "touch", "/dev/shm/here"])
    #expect(touch.status == 0)
    #expect(try testbed.run(["run", "-h", "host2", "--", "ls", "/dev/shm"]).output == "here\n")
    #expect(try testbed.run(["run", "-h", "host3", "--", "ls", "/dev/shm"]).output == "")
    #expect(!FileManager.default.fileExists(atPath: "/dev/shm/here"))
    let resolved = try testbed.run(["run", "--", "getent", "hosts", "host3"])
    #expect(resolved.output.split(whereSeparator: \.isWhitespace) == ["10.213.7.3", "host3"])
    let started = try testbed.run(["mpirun", "-n", "3", "hostname"])
    #expect(Set(started.output.split(separator: "\n")) == ["host1", "host2", "host3"], "\(started)")
    #expect(try testbed.run(["hosts", "2"]).output == "host1 slots=2\nhost2 slots=2\nhost3 slots=2\n")
    #expect(try testbed.run(["run", "-h", "host9", "--", "true"]).status == 1)
  }

  @Test func workersOnSeveralHostsTrainTheSameBits() throws {
    try #require(try HaloTool.run(train("alone")).status == 0)
    let testbed = try Testbed(hosts: 2, [])
    let hosts = try folder.write(try testbed.run(["hosts"]).output, to: "hostfile")
    let outcome = try testbed.run(["run", "--", HaloTool.executable.path, "launch", "-n", "2", "--hosts", hosts] + train("hosts"))
    try #require(outcome.status == 0, "\(outcome)")
    for file in ["metrics.jsonl", "model.safetensors"] {
      let (a, b) = (folder.url.appendingPathComponent("alone/\(file)"), folder.url.appendingPathComponent("hosts/\(file)"))
      #expect(try Data(contentsOf: a) == Data(contentsOf: b), "\(file)")
    }
    // Hosts share no memory: rows went over the link.
    #expect(try folder.text("hosts/timings.jsonl").contains("\"remoteRows\""))
    #expect(Int(try testbed.run(["bytes"]).output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 > 100_000)
  }

  @Test func aPartIsServedToAnotherHost() throws {
    let testbed = try Testbed(hosts: 2, [])
    let halo = HaloTool.executable.path
    let script = """
      "\(halo)" serve "\(parts)" --part 0 --bind tcp://wire:4000 >"\(folder.path("log"))" & server=$!
      until grep -q 'part 0' "\(folder.path("log"))"; do kill -0 $server || exit 9; sleep 0.05; done
      "$HALO_TESTBED_SELF" run -h host2 -- "\(halo)" pull --peers host1:4000
      status=$?
      kill $server; wait $server
      exit $status
      """
    let outcome = try testbed.run(["run", "--", "env", "HALO_TESTBED_SELF=\(Testbed.script)", "bash", "-c", script])
    #expect(outcome.status == 0 && outcome.output.contains(": parts 0 of 3\n"), "\(outcome)")
  }
}

/// Hosts made by tools/testbed, removed with their owner.
final class Testbed {
  static let script = URL(fileURLWithPath: #filePath + "/../../../tools/testbed").standardizedFileURL.path

  /// Why this machine cannot have hosts; `nil` where it can.
  static let reason: String? = {
    guard let outcome = try? HaloTool.run(program: "bash", [script, "check"]) else { return "tools/testbed does not run" }
    return outcome.status == 0 ? nil : outcome.messages.trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  private let name = "halo-test-\(getpid())"

  init(hosts: Int, _ options: [String]) throws {
    let outcome = try run(["up", "\(hosts)"] + options)
    if outcome.status != 0 { Issue.record("\(outcome)") }
  }

  deinit { _ = try? run(["down"]) }

  func run(_ arguments: [String]) throws -> HaloTool.Outcome {
    try HaloTool.run(program: "env", ["HALO_TESTBED=\(name)", Self.script] + arguments)
  }
}
