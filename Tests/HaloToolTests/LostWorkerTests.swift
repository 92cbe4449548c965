import Foundation
import Testing

/// A worker that dies or falls silent in the middle of an epoch ends the whole job.
@Suite(.serialized) struct LostWorkerTests {
  private func parts(in folder: ScratchFolder) throws -> String {
    let generated = try HaloTool.run([
      "dataset", "generate", "communities", "--nodes", "3000", "--edges", "30000", "--group-size", "50", "--super-groups", "4",
      "--classes", "4", "--features", "20", "-o", folder.path("dataset"),
    ])
    try #require(generated.status == 0, "\(generated)")
    let partitioned = try HaloTool.run(["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path("parts")])
    try #require(partitioned.status == 0, "\(partitioned)")
    return folder.path("parts")
  }

  /// Process numbers of the workers of a run, by rank: those whose environment MPI has given a rank.
  private func workers(of run: String) throws -> [Int: Int32] {
    var found: [Int: Int32] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = Int32(name), let command = contents("/proc/\(name)/cmdline"), command.contains(run),
        let environment = contents("/proc/\(name)/environ"), let place = environment.range(of: "OMPI_COMM_WORLD_RANK=")
      else { continue }
      found[Int(environment[place.upperBound...].prefix { $0.isNumber }) ?? -1] = pid
    }
    return found
  }

  private func contents(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// Sends `signal` to worker 1 of three after the first epoch; the job must end by itself.
  private func lose(_ signal: Int32, in folder: ScratchFolder) throws -> (outcome: HaloTool.Outcome, seconds: Double, left: Int) {
    let parts = try parts(in: folder)
    let run = folder.path("run")
    let sent = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var moment = Date()  // Safe: written before the signal, read after the wait.
    Thread.detachNewThread {
      for _ in 0..<600 where !FileManager.default.fileExists(atPath: run + "/metrics.jsonl") { usleep(100_000) }
      if let victim = (try? self.workers(of: run))?[1] {
        moment = Date()
        kill(victim, signal)
      }
      sent.signal()
    }
    let outcome = try HaloTool.run([
      "launch", "-n", "3", "train", parts, "-o", run, "--fanout", "5,5", "--hidden", "16", "--batch-size", "60", "--epochs", "100000",
      "--silence-limit", "3", "--no-map-peers",
    ])
    let end = Date()
    sent.wait()
    usleep(500_000)
    return (outcome, end.timeIntervalSince(moment), try workers(of: run).count)
  }

  @Test(arguments: [SIGKILL, SIGSTOP])
  func aLostWorkerEndsTheJobAndIsNamed(signal: Int32) throws {
    let folder = try ScratchFolder()
    let (outcome, seconds, left) = try lose(signal, in: folder)
    #expect(outcome.status != 0, "\(outcome)")
    #expect(seconds < 15, "ended after \(seconds) s")
    #expect(left == 0, "\(left) workers live on")
    let lines = outcome.messages.split(separator: "\n").filter { $0.hasPrefix("halo") }
    #expect(lines.count == 1 && lines[0].contains("worker 1"), "\(outcome.messages.suffix(2000))")
    #expect(FileManager.default.fileExists(atPath: folder.path("run/model.safetensors")), "what was finished is kept")
  }
}
