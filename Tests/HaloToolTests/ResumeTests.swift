import Foundation
import Testing

/// Runs that are killed or asked to stop, and go on, as a user sees it.
@Suite(.serialized) struct ResumeTests {
  private let folder: ScratchFolder
  private let parts: String
  private let run: String

  /// A small graph with planted groups in four parts.
  init() throws {
    folder = try ScratchFolder()
    (parts, run) = (folder.path("parts"), folder.path("run"))
    let generate = ["dataset", "generate", "communities", "--nodes", "2000", "--edges", "20000", "--features", "16", "--classes", "4"]
    try #require(try HaloTool.run(generate + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "4", "-o", parts]).status == 0)
  }

  private static let options = [
    "--fanout", "5,5", "--hidden", "32", "--batch-size", "20", "--lr", "0.01", "--seed", "7", "--weight-decay", "0.001,0", "--clip-norm",
    "1", "--optimizer", "adamw", "--warmup", "2",
  ]

  private func train(epochs: Int, _ run: String) -> [String] { ["train", parts, "-o", run, "--epochs", "\(epochs)"] + Self.options }

  private func expectEqualRuns(_ other: String, _ what: String) throws {
    for file in ["metrics.jsonl", "model.safetensors", "scores.json"] {
      let files = try [run, other].map { try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(file)")) }
      #expect(files[0] == files[1], "\(file) of \(what)")
    }
  }

  /// Runs `halo`, and sends a signal to it or to all of its processes in the middle of an epoch.
  ///
  /// - Parameter epochs: Epochs that must have been finished in this run before.
  private func interrupt(_ arguments: [String], with signal: Int32, everyProcess: Bool, afterEpochs epochs: Int) throws -> HaloTool.Outcome
  {
    let sent = DispatchSemaphore(value: 0)
    let run = run
    Thread.detachNewThread {
      // A line of an epoch has its losses; the next epoch is then under way.
      var polls = 0
      while polls < 6000, Self.epochs(of: run) < epochs {
        polls += 1
        usleep(10_000)
      }
      usleep(30_000)
      for process in Self.processes(of: run) where everyProcess || process.isFirst { kill(process.id, signal) }
      sent.signal()
    }
    let outcome = try HaloTool.run(arguments)
    sent.wait()
    return outcome
  }

  /// Epochs whose lines stand in `metrics.jsonl`.
  private static func epochs(of run: String) -> Int {
    let lines = (try? String(contentsOfFile: "\(run)/metrics.jsonl", encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.count { $0.contains(#""train""#) && $0.hasSuffix("}") }
  }

  /// Processes that have the run among their arguments; the launcher or the only worker is first.
  private static func processes(of run: String) -> [(id: pid_t, isFirst: Bool)] {
    let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    return numbers.sorted().compactMap { number in
      guard let bytes = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") else { return nil }
      let arguments = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      guard arguments.contains(run), let program = arguments.first else { return nil }
      let isWorkerOfMany = (FileManager.default.contents(atPath: "/proc/\(number)/environ") ?? Data()).contains(
        Data("OMPI_COMM_WORLD_RANK=".utf8))
      return (number, program.hasSuffix("/halo") && !isWorkerOfMany)
    }
  }

  @Test func aKilledRunGoesOnWithTheSameBitsOnOtherWorkers() throws {
    let whole = folder.path("whole")
    try #require(try HaloTool.run(train(epochs: 60, whole)).status == 0)
    let first = try interrupt(train(epochs: 60, run), with: SIGKILL, everyProcess: true, afterEpochs: 2)
    #expect(first.status == SIGKILL, "\(first)")
    let second = try interrupt(
      ["launch", "-n", "3", "train", "--resume", run, "--no-map-peers"], with: SIGKILL, everyProcess: true, afterEpochs: 30)
    #expect(second.status != 0, "\(second)")
    #expect(second.messages.contains("goes on after epoch "), "\(second)")
    let third = try HaloTool.run(["launch", "-n", "2", "train", "--resume", run, "--threads", "2", "--json"]).object()
    #expect(third["epochs"] as? Int == 60 && third["stopped"] as? Bool == false)
    try expectEqualRuns(whole, "a run that was killed twice")
    let finished = try HaloTool.run(["train", "--resume", run])
    #expect(finished.status == 0 && finished.messages.contains("is finished, after epoch 60: there is nothing to resume"), "\(finished)")
    try expectEqualRuns(whole, "a run that was finished")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGUSR1]) func aLaunchedRunStopsWithItsEpochAndGoesOn(_ signal: Int32) throws {
    let stopped = try interrupt(
      ["launch", "-n", "2"] + train(epochs: 100_000, run), with: signal, everyProcess: false, afterEpochs: 1)
    #expect(stopped.status == 75, "\(stopped)")
    let lines = stopped.messages.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("halo launch: ") } == 1, "the launcher has asked and adds nothing: \(stopped)")
    #expect(lines.last?.hasSuffix("of 100000; 'halo train --resume \(run)' goes on") == true, "\(stopped)")
    let epochs = Self.epochs(of: run)
    #expect(epochs >= 1 && FileManager.default.fileExists(atPath: "\(run)/checkpoints/epoch-\(String(format: "%06d", epochs))"))
    let line = try HaloTool.run(["train", "--resume", run, "--epochs", "\(epochs + 2)"]).errorLine()
    #expect(line == "halo: --epochs: expected at least the run's 100000, found \(epochs + 2)")
  }

  @Test func oneWorkerStopsAndItsRunMayGrow() throws {
    let whole = folder.path("whole")
    let stopped = try interrupt(train(epochs: 150, run), with: SIGUSR1, everyProcess: false, afterEpochs: 1)
    #expect(stopped.status == 75 && stopped.messages.contains("of 150; 'halo train --resume"), "\(stopped)")
    #expect(try HaloTool.run(["train", "--resume", run, "--epochs", "152"]).status == 0)
    try #require(try HaloTool.run(train(epochs: 152, whole)).status == 0)
    try expectEqualRuns(whole, "a longer run")
  }

  @Test func whatCannotGoOnIsOneLine() throws {
    try #require(try HaloTool.run(train(epochs: 2, run) + ["--lr-schedule", "cosine"]).status == 0)
    func line(_ options: [String]) throws -> String {
      try HaloTool.run(["train", "--resume"] + options).errorLine().replacing(folder.url.path + "/", with: "")
    }
    #expect(try line([run, "--lr", "0.5"]) == "halo: --lr: expected 0.01, with which the run began, found 0.5")
    #expect(try line([run, "--epochs", "3"]) == "halo: --epochs: expected 2, as --lr-schedule cosine depends on it, found 3")
    #expect(try line([folder.path("none")]) == "halo: none/job.yaml: expected a job file, found none")
    try FileManager.default.removeItem(atPath: "\(run)/checkpoints")
    #expect(try line([run]) == "halo: run/checkpoints: expected a checkpoint to go on from, found none")
    #expect(try HaloTool.run(["train", parts, "--resume", run]).status == 64)
    #expect(try HaloTool.run(["train", "--resume", run, "-o", "other"]).status == 64)
    #expect(try HaloTool.run(["train"]).status == 64)
  }

  @Test func aRunBeginsWithAnotherModel() throws {
    try #require(try HaloTool.run(train(epochs: 2, run)).status == 0)
    for source in [run, "\(run)/model.safetensors"] {
      let tuned = folder.path("tuned")
      try #require(try HaloTool.run(["launch", "-n", "2"] + train(epochs: 1, tuned) + ["--init-from", source, "--force"]).status == 0)
      let job = try String(contentsOfFile: "\(tuned)/job.yaml", encoding: .utf8)
      #expect(job.contains("init-from: "))
    }
    let line = try HaloTool.run(train(epochs: 1, folder.path("other")) + ["--init-from", run, "--hidden", "8"]).errorLine()
    #expect(line.contains("/run/model.safetensors: expected the parameters of this model, found others: layers.0.self.weight"), "\(line)")
  }
}
