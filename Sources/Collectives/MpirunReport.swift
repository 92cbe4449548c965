import Glibc

/// What `mpirun` has said about the workers, and the one line that the user gets of it.
package struct MpirunReport: Equatable {
  /// How a worker ended that ended the job.
  package enum Cause: Equatable {
    case exited(code: Int)
    case killed(signal: Int32)
    /// With status 0, but without leaving MPI together with the others.
    case leftEarly
    case aborted(code: Int)
  }

  /// The worker whose end ended the job.
  package struct Blame: Equatable {
    package var rank: Int
    package var host: String?
    package var cause: Cause

    package init(rank: Int, host: String?, cause: Cause) {
      self.rank = rank
      self.host = host
      self.cause = cause
    }
  }

  /// A worker process that has ended, whatever the reason.
  package struct Ending: Equatable {
    package var rank: Int
    package var host: String
    package var pid: Int
  }

  /// Number of workers whose processes `mpirun` has started.
  package var started = 0
  /// In the order in which they were reported.
  package var endings: [Ending] = []
  /// Number of endings when `mpirun` began to end the job because of one; nil until then.
  package var endingsBeforeTeardown: Int?
  /// The worker that `mpirun` names as the first to fail.
  package var blamed: Blame? {
    didSet { blamed = oldValue ?? blamed }
  }
  /// A host that does not answer any more.
  package var lostHost: String? {
    didSet { lostHost = oldValue ?? lostHost }
  }

  /// Whether some host could not be reached, or did not answer, when the job was started.
  package var startFailed = false

  package init() {}

  /// Whether `mpirun` is ending the job because something failed.
  package var isTearingDown: Bool { endingsBeforeTeardown != nil || blamed != nil || lostHost != nil || startFailed }

  mutating func teardownBegins() {
    endingsBeforeTeardown = endingsBeforeTeardown ?? endings.count
  }

  /// Who ended the job and how, without a final period; nil when `mpirun` has named nobody.
  ///
  /// - Parameter status: What `mpirun` exited with: a worker's exit code, or 128 plus a signal.
  package func line(status: Int32) -> String? {
    if startFailed { return "not all hosts could start their workers" }
    if blamed == nil, let lostHost { return "host \(lostHost) does not answer any more" }
    // Death before MPI_Init is not always explained; the last ending before the teardown is then what caused it.
    let unexplained = endingsBeforeTeardown.flatMap { $0 > 0 ? endings[$0 - 1] : nil }
    guard let rank = blamed?.rank ?? unexplained?.rank else { return nil }
    let ending = endings.first { $0.rank == rank }
    let host = ending?.host ?? blamed?.host
    let who = "worker \(rank)" + (host.map { " on \($0)" } ?? "") + (ending.map { " (pid \($0.pid))" } ?? "")
    switch blamed?.cause ?? (status > 128 ? .killed(signal: status - 128) : .exited(code: Int(status))) {
    case .exited(let code): return "\(who) exited with code \(code)"
    case .killed(let signal): return "\(who) was killed by signal \(signal) (\(String(cString: strsignal(signal))))"
    case .leftEarly: return "\(who) ended before the job was done"
    case .aborted(let code): return "\(who) aborted the job with code \(code)"
    }
  }
}
