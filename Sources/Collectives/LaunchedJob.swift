import Glibc
import Telemetry

/// The launcher's loop around a running job: passes its messages on, climbs the ladder of signals, says how it ended.
final class LaunchedJob {
  private let process: MpirunProcess
  private let signals: LauncherSignals
  private let workers: Int
  private let startDeadline: UInt64
  private var ladder: LauncherStopLadder
  private var output = MpirunOutput()
  /// The first signal that asked the launcher to stop.
  private var stopSignal: Int32?
  private var hasStarted = false
  /// Whether the job was ended because it did not start.
  private var gaveUp = false

  init(process: MpirunProcess, signals: LauncherSignals, workers: Int, ladder: LauncherStopLadder, startDeadline: UInt64) {
    self.process = process
    self.signals = signals
    self.workers = workers
    self.ladder = ladder
    self.startDeadline = startDeadline
  }

  /// Returns the exit status for the launcher.
  func runToEnd() -> Int32 {
    var errorsAreOpen = true
    while process.status == nil {
      if !waitForNews(errorsAreOpen) { show(output.flush()) }
      errorsAreOpen = errorsAreOpen && passOnErrors()
      for signal in signals.take() { stop(signal) }
      watch(MonotonicClock.now())
      process.update()
    }
    // Whoever still writes has outlived mpirun; what mpirun wrote last is in the pipe already.
    process.endOrphans()
    if errorsAreOpen { _ = passOnErrors() }
    show(output.flush())
    show(output.takeUnexplained())
    return conclude(process.status!)
  }

  /// Waits for output or a signal, at most a tenth of a second; returns whether something came.
  private func waitForNews(_ errorsAreOpen: Bool) -> Bool {
    var sources = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
    if errorsAreOpen { sources.append(pollfd(fd: process.errors, events: Int16(POLLIN), revents: 0)) }
    return poll(&sources, nfds_t(sources.count), 100) > 0
  }

  /// Returns false at the end of the stream.
  private func passOnErrors() -> Bool {
    while let bytes = process.readErrors() {
      if bytes.isEmpty { return true }
      show(output.feed(bytes))
    }
    return false
  }

  private func stop(_ signal: Int32) {
    let isFirst = stopSignal == nil
    stopSignal = stopSignal ?? signal
    send(ladder.stopIsRequested(at: MonotonicClock.now()))
    if isFirst { say("the workers are asked to stop; a second signal ends them at once") }
  }

  private func watch(_ now: UInt64) {
    if output.report.isTearingDown { ladder.teardownHasBegun(at: now) }
    if let signal = ladder.overdueSignal(at: now) { send(signal) }
    hasStarted = hasStarted || output.report.started >= workers
    if !hasStarted, now >= startDeadline {
      hasStarted = true
      gaveUp = true
      say("\(output.report.started) of \(workers) workers have started in the time allowed; giving up")
      send(ladder.endIsCalledFor(at: now))
    }
  }

  private func send(_ signal: Int32) {
    if signal == SIGKILL { process.killAll() } else { process.signal(signal) }
  }

  private func conclude(_ status: Int32) -> Int32 {
    if status == Launcher.stoppedPolitely { return status }
    if let stopSignal, status != 0 {
      if case .exited = output.report.blamed?.cause, let line = output.report.line(status: status) { say(line) }
      // Workers that did not finish politely were ended because of the signal, however mpirun counts that.
      say("stopped by signal \(stopSignal) (\(String(cString: strsignal(stopSignal))))")
      return 128 + stopSignal
    }
    guard status != 0 || gaveUp || output.report.isTearingDown else { return 0 }
    if status != Launcher.failureIsReported, !gaveUp {
      let silence = process.killer.map { "mpirun was killed by signal \($0)" } ?? "mpirun ended with code \(status) and named no worker"
      say(output.report.line(status: status) ?? silence)
    }
    return status == 0 ? 1 : status
  }

  private func say(_ line: String) {
    show(Array(((output.isInsideLine ? "\n" : "") + "halo launch: \(line)\n").utf8))
  }

  /// Writes to standard error; what a closed one does not take is lost.
  private func show(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
