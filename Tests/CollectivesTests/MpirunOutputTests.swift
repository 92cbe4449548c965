import Collectives
import Testing

private let rule = String(repeating: "-", count: 74) + "\n"

/// What `mpirun` 4.1.4 wrote about a job of three workers whose second one failed.
private enum Transcript {
  static let start = """
    [vm:08559] [[19857,0],0] local:launch
    [vm:08559] [[19857,0],0] odls:dispatch [[19857,1],0] to thread 0
    [vm:08559] [[19857,0],0] odls:dispatch [[19857,1],1] to thread 0
    [vm:08559] [[19857,0],0] odls:launch spawning child [[19857,1],0]
    [vm:08559] [[19857,0],0] odls:launch spawning child [[19857,1],1]

    """
  static let ending = "[vm:08559] [[19857,0],0] odls:wait_local_proc child process [[19857,1],1] pid 8564 terminated\n"
  static let teardown =
    rule + """
      Primary job  terminated normally, but 1 process returned
      a non-zero exit code. Per user-direction, the job has been aborted.

      """ + rule
  static let killed =
    rule + "mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).\n" + rule
  static let exited =
    rule + """
      mpirun detected that one or more processes exited with non-zero status, thus causing
      the job to be terminated. The first process to do so was:

        Process name: [[19857,1],1]
        Exit code:    3

      """ + rule
  static let leftEarly =
    rule + """
      mpirun has exited due to process rank 1 with PID 0 on
      node vm exiting improperly. There are three reasons this could occur:

      1. this process did not call "init" before exiting, but others in
      the job did.

      """ + rule
  static let lostHost =
    rule + """
      ORTE has lost communication with a remote daemon.

        HNP daemon   : [[47823,0],0] on node node-a
        Remote daemon: [[47823,0],1] on node node-b

      This is usually due to either a failure of the TCP network
      connection to the node, or possibly an internal failure of
      the daemon itself. We cannot recover from this failure, and
      therefore will terminate the job.

      """ + rule
  static let disconnected =
    rule + """
      An MPI communication peer process has unexpectedly disconnected.  This
      usually indicates a failure in the peer process (e.g., a crash or
      otherwise exiting without calling MPI_FINALIZE first).

        Peer host:  node-a

      """ + rule
}

@Suite struct MpirunOutputTests {
  /// What is shown of `text` when it arrives in pieces of a length, and what is known then.
  private func read(_ text: String, pieces: Int = .max) -> (shown: String, report: MpirunReport) {
    var output = MpirunOutput()
    var shown: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      shown += output.feed(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
    }
    shown += output.flush() + output.takeUnexplained()
    return (String(decoding: shown, as: UTF8.self), output.report)
  }

  @Test(arguments: [1, 2, 7, 100, 100_000]) func aKilledWorkersBoilerplateBecomesOneLine(_ pieces: Int) {
    let text = Transcript.start + "epoch 1\n" + Transcript.ending + Transcript.teardown + "last words\n" + Transcript.killed
    let (shown, report) = read(text, pieces: pieces)
    #expect(shown == "epoch 1\nlast words\n")
    #expect(report.started == 2)
    #expect(report.line(status: 137) == "worker 1 on vm (pid 8564) was killed by signal 9 (Killed)")
  }

  @Test func anExitCodeIsTakenFromMpirunsBlock() {
    let (shown, report) = read(Transcript.start + Transcript.ending + Transcript.teardown + Transcript.exited)
    #expect(shown == "")
    #expect(report.line(status: 3) == "worker 1 on vm (pid 8564) exited with code 3")
  }

  @Test func anUnexplainedDeathIsTheLastEndingBeforeTheTeardown() {
    let other = "[vm:08559] [[19857,0],0] odls:wait_local_proc child process [[19857,1],0] pid 8563 terminated\n"
    let (_, report) = read(other + Transcript.ending + Transcript.teardown + other)
    #expect(report.line(status: 137) == "worker 1 on vm (pid 8564) was killed by signal 9 (Killed)")
    #expect(report.line(status: 3) == "worker 1 on vm (pid 8564) exited with code 3")
  }

  @Test func anEndWithoutLeavingMPIIsNamed() {
    let (shown, report) = read(Transcript.ending + Transcript.leftEarly)
    #expect(shown == "")
    #expect(report.line(status: 1) == "worker 1 on vm (pid 8564) ended before the job was done")
  }

  @Test func aWorkerWithoutEndingIsNamedByWhatMpirunKnows() {
    #expect(read(Transcript.killed).report.line(status: 137) == "worker 1 on vm was killed by signal 9 (Killed)")
  }

  @Test func aLostHostIsNamedAndBrokenConnectionsAreItsConsequence() {
    let (shown, report) = read(Transcript.disconnected + Transcript.lostHost)
    #expect(shown == "")
    #expect(report.line(status: 205) == "host node-b does not answer any more")
  }

  @Test func brokenConnectionsAreShownWhenNothingExplainsThem() {
    #expect(read(Transcript.disconnected).shown == Transcript.disconnected)
    let warning = rule + "WARNING: Open MPI failed to TCP connect to a peer MPI process.  This\nshould not happen.\n" + rule
    #expect(read(warning).shown == warning)
    #expect(read(warning + Transcript.killed).shown == "")
    let line = "[node-a][[15029,1],0][btl_tcp.c:559:mca_btl_tcp_recv_blocking] recv(18) failed: Connection reset by peer (104)\n"
    #expect(read(line).shown == line)
    #expect(read(line + Transcript.ending + Transcript.killed).shown == "")
  }

  @Test func everythingElseIsPassedOnByteForByte() {
    let texts = [
      "", "\n", "no line end", "----\n", rule, rule + "mine\n", rule + "mine\n" + rule, rule + rule + rule,
      "[vm:1] of my own\n", "[1,2,3]\nmpirun is a program\n", "progress 10 %\rprogress 20 %\r",
      rule + "There are not enough slots available in the system\n" + rule, rule + String(repeating: "long\n", count: 100) + rule,
    ]
    for text in texts {
      for pieces in [1, 3, 1000] { #expect(read(text, pieces: pieces).shown == text) }
    }
    var output = MpirunOutput()
    let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    #expect(output.feed(bytes) + output.flush() == bytes)
    #expect(output.report == MpirunReport())
  }

  @Test func unfinishedLinesAreShownAtOnceUnlessTheyMayBecomeMpiruns() {
    var output = MpirunOutput()
    #expect(output.feed(Array("epoch 1: 10 %\r".utf8)) == Array("epoch 1: 10 %\r".utf8))
    #expect(output.isInsideLine)
    #expect(output.feed(Array("[vm".utf8)) == [])
    #expect(output.flush() == Array("[vm".utf8))
    #expect(output.feed(Array("\n".utf8)) == Array("\n".utf8))
    #expect(!output.isInsideLine)
  }

  @Test func mpirunsWordsAreFoundBehindAWorkersUnfinishedLine() {
    let (shown, report) = read("epoch 1 ..." + Transcript.ending + "epoch 2 ..." + Transcript.killed)
    #expect(shown == "epoch 1 ...epoch 2 ...")
    #expect(report.line(status: 137) == "worker 1 on vm (pid 8564) was killed by signal 9 (Killed)")
  }

  @Test func whatWasSaidFirstIsBelieved() {
    let later = Transcript.killed.replacing("rank 1", with: "rank 2").replacing("signal 9 (Killed)", with: "signal 15 (Terminated)")
    #expect(read(Transcript.exited + later).report.blamed == .init(rank: 1, host: nil, cause: .exited(code: 3)))
  }
}
