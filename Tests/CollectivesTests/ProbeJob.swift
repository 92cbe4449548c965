import Collectives
import Foundation

/// A run of the probe program, whose workers note their process ids in a directory.
struct ProbeJob {
  enum Start: Sendable {
    /// Through `Launcher`, with these seconds of grace.
    case launcher(graceSeconds: Double)
    /// By the `mpirun` command that a user would write.
    case mpirun
  }

  struct WaitedInVain: Error, CustomStringConvertible {
    var description: String
  }

  var outcome: TimedProcess
  /// Process ids by rank, of the workers that came so far.
  var started: [Int: pid_t]

  /// Runs a job of `workers`, all of which must be gone within five seconds after it.
  ///
  /// - Parameter whenAllHaveMet: Called with the process id of the launcher or `mpirun` when all workers are up and connected.
  static func run(
    _ behaviour: String, workers: Int, _ start: Start, whenAllHaveMet: ((pid_t) throws -> Void)? = nil
  ) throws -> ProbeJob {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("halo-probe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("CollectivesProbe").path
    let command =
      switch start {
      case .launcher(let grace): [program, "launch", "\(workers)", "\(grace)", "-", behaviour, directory.path]
      case .mpirun:
        [
          "mpirun", "--allow-run-as-root", "--oversubscribe", "--mca", "plm", "isolated", "-n", "\(workers)", program, "work",
          behaviour, directory.path,
        ]
      }
    func pids(_ stage: String) -> [Int: pid_t] {
      var pids: [Int: pid_t] = [:]
      for rank in 0..<workers {
        pids[rank] = (try? String(contentsOf: directory.appendingPathComponent("\(rank).\(stage)"), encoding: .utf8)).flatMap { pid_t($0) }
      }
      return pids
    }
    let outcome = try TimedProcess.run(command, seconds: 60) { pid in
      guard let whenAllHaveMet else { return }
      try wait(seconds: 30, for: "all workers to meet") { pids("met").count == workers }
      try whenAllHaveMet(pid)
    }
    let started = pids("started")
    try wait(seconds: 5, for: "workers \(started.values.filter(isRunning)) of \(behaviour) to end") {
      !started.values.contains(where: isRunning)
    }
    return ProbeJob(outcome: outcome, started: started)
  }

  /// Runs several jobs at the same time, most of which is spent waiting for `mpirun`; the outcomes come in order.
  static func runTogether(_ behaviours: [String], workers: Int, _ start: Start) -> [Result<ProbeJob, any Error>] {
    nonisolated(unsafe) let outcomes = UnsafeMutablePointer<Result<ProbeJob, any Error>?>.allocate(capacity: behaviours.count)
    outcomes.initialize(repeating: nil, count: behaviours.count)
    defer {
      outcomes.deinitialize(count: behaviours.count)
      outcomes.deallocate()
    }
    // Each thread writes its own element, which is read after it has ended.
    let threads = behaviours.indices.map { index in
      MemberThread { outcomes[index] = Result { try run(behaviours[index], workers: workers, start) } }
    }
    for thread in threads { thread.join() }
    return behaviours.indices.map { outcomes[$0]! }
  }

  static func wait(seconds: Double, for event: String, _ happened: () -> Bool) throws {
    let start = Date()
    while !happened() {
      if Date().timeIntervalSince(start) > seconds { throw WaitedInVain(description: "waited in vain for \(event)") }
      usleep(20_000)
    }
  }

  /// Whether a process exists and is not a zombie, which in a container nobody may collect.
  static func isRunning(_ pid: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let name = status.lastIndex(of: ")") else {
      return false
    }
    return !status[name...].hasPrefix(") Z")
  }

  static func children(of parent: pid_t) -> [pid_t] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
    return pids.filter { pid in
      guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let name = status.lastIndex(of: ")") else {
        return false
      }
      return status[name...].split(separator: " ").dropFirst(2).first == "\(parent)"
    }
  }
}
