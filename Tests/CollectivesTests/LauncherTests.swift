import Collectives
import Foundation
import Tensors
import Testing

/// Jobs are started as a user starts them; each worker that fails is worker 1.
@Suite struct LauncherTests {
  @Test func aJobThatSucceedsSaysNothing() throws {
    let job = try ProbeJob.run("succeed", workers: 3, .launcher(graceSeconds: 5))
    #expect(job.outcome.status == 0)
    #expect(job.outcome.output == "" && job.outcome.errors == "")
    #expect(job.started.count == 3)
  }

  @Test func outputsArePassedOnByteForByte() throws {
    let job = try ProbeJob.run("print", workers: 1, .launcher(graceSeconds: 5))
    #expect(job.outcome.status == 0)
    #expect(job.outcome.outputBytes == Array(0...255))
    #expect(job.outcome.errorBytes == Array(0...255).reversed())
  }

  @Test func aFailingWorkerEndsTheJobAndOneLineSaysWho() throws {
    let failures: [(behaviour: String, status: Int32, end: String)] = [
      ("exit-before-init", 3, "exited with code 3"),
      ("kill-before-init", 137, "was killed by signal 9 (Killed)"),
      ("exit-3", 3, "exited with code 3"),
      ("exit-0", 1, "ended before the job was done"),
      ("kill", 137, "was killed by signal 9 (Killed)"),
      ("abort", 7, "exited with code 7"),
      ("kill-in-collective", 137, "was killed by signal 9 (Killed)"),
      ("exit-after-finalize", 5, "exited with code 5"),
    ]
    let jobs = ProbeJob.runTogether(failures.map(\.behaviour), workers: 3, .launcher(graceSeconds: 60))
    for (failure, job) in zip(failures, jobs) {
      let job = try job.get()
      let pid = try #require(job.started[1])
      #expect(job.outcome.status == failure.status, "\(failure.behaviour)")
      #expect(job.outcome.errors == "halo launch: worker 1 on \(hostName()) (pid \(pid)) \(failure.end)\n", "\(failure.behaviour)")
      #expect(job.outcome.seconds < 15, "\(failure.behaviour)")
    }
  }

  @Test func plainMpirunEndsAFailingJobToo() throws {
    let behaviours = ["exit-before-init", "kill-before-init", "exit-3", "kill", "kill-in-collective"]
    for (behaviour, job) in zip(behaviours, ProbeJob.runTogether(behaviours, workers: 3, .mpirun)) {
      let job = try job.get()
      #expect(job.outcome.status != 0, "\(behaviour)")
      #expect(job.outcome.seconds < 15, "\(behaviour)")
    }
  }

  @Test func aCrashIsNamedBelowWhatTheWorkerSaysOfIt() throws {
    let job = try ProbeJob.run("segmentation-fault", workers: 2, .launcher(graceSeconds: 60))
    let pid = try #require(job.started[1])
    #expect(job.outcome.status == 139)
    #expect(
      job.outcome.errors.hasSuffix(
        "halo launch: worker 1 on \(hostName()) (pid \(pid)) was killed by signal 11 (Segmentation fault)\n"))
    #expect(job.outcome.seconds < 15)
  }

  @Test func aFailureThatAWorkerHasReportedIsNotReportedAgain() throws {
    let job = try ProbeJob.run("failure-is-reported", workers: 2, .launcher(graceSeconds: 60))
    #expect(job.outcome.status == Launcher.failureIsReported)
    #expect(job.outcome.errors == "worker 0 has been silent for too long\n")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func aSignalAsksTheWorkersToStopPolitely(_ number: Int32) throws {
    let job = try ProbeJob.run("stop-politely", workers: 2, .launcher(graceSeconds: 60)) { kill($0, number) }
    #expect(job.outcome.status == Launcher.stoppedPolitely)
    #expect(job.outcome.errors == "halo launch: the workers are asked to stop; a second signal ends them at once\n")
  }

  @Test func workersThatRefuseToStopAreEnded() throws {
    let job = try ProbeJob.run("refuse-to-stop", workers: 2, .launcher(graceSeconds: 0.5)) { kill($0, SIGTERM) }
    #expect(job.outcome.status == 128 + SIGTERM)
    #expect(job.outcome.errors.hasSuffix("\nhalo launch: stopped by signal 15 (Terminated)\n"))
  }

  @Test func aSecondSignalEndsTheWorkersAtOnce() throws {
    let job = try ProbeJob.run("refuse-to-stop", workers: 2, .launcher(graceSeconds: 60)) { pid in
      for _ in 0..<2 {
        kill(pid, SIGINT)
        usleep(300_000)
      }
    }
    #expect(job.outcome.status == 128 + SIGINT)
    #expect(job.outcome.seconds < 15)
  }

  @Test func noWorkerOutlivesAKilledLauncher() throws {
    let job = try ProbeJob.run("refuse-to-stop", workers: 2, .launcher(graceSeconds: 60)) { kill($0, SIGKILL) }
    #expect(job.outcome.status == 128 + SIGKILL)
  }

  @Test func noWorkerOutlivesAKilledMpirun() throws {
    let job = try ProbeJob.run("refuse-to-stop", workers: 2, .launcher(graceSeconds: 60)) { launcher in
      for child in ProbeJob.children(of: launcher) { kill(child, SIGKILL) }
    }
    #expect(job.outcome.status == 128 + SIGKILL)
    #expect(job.outcome.errors == "halo launch: mpirun was killed by signal 9\n")
    let plain = try ProbeJob.run("refuse-to-stop", workers: 2, .mpirun) { kill($0, SIGKILL) }
    #expect(plain.outcome.status == 128 + SIGKILL)
  }

  @Test func whatCannotBeLaunchedIsRefusedBeforehand() throws {
    func refusal(_ options: Launcher.Options, path: String) -> String {
      do {
        return try Launcher(options, environment: ["PATH": path]).commandLine.joined(separator: " ")
      } catch {
        return "\(error)"
      }
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    #expect(refusal(.init(workers: 0, arguments: []), path: path) == "-n: expected at least 1 worker, found 0")
    #expect(
      refusal(.init(workers: 1, arguments: []), path: "/nonexistent")
        == "mpirun: expected Open MPI's mpirun in PATH (Debian: openmpi-bin), found none")
    #expect(refusal(.init(workers: 1, arguments: ["a", ":"]), path: path).hasPrefix("launch: expected no argument"))
    #expect(
      refusal(.init(workers: 1, hostFile: "/nonexistent", arguments: []), path: path)
        == "open host file /nonexistent: No such file or directory")
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    #expect(refusal(.init(workers: 1, arguments: ["train"]), path: path).hasSuffix(" \(program) train"))
  }
}
