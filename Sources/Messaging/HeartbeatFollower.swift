import Glibc
import Telemetry

/// A worker's side of the heartbeats, on the monitor's thread.
final class HeartbeatFollower: @unchecked Sendable {
  // Sendable: after `init` only the monitor's thread touches it.
  private let socket: Socket
  private let rank: Int
  private let token: UInt64
  private let timing: HeartbeatMonitor.Timing
  private let poller: Poller
  private let onSilence: HeartbeatMonitor.SilenceHandler
  private let message = Message()
  private var lastHeard = MonotonicClock.now()
  private var nextBeat = MonotonicClock.now()
  private var leadHost: String?
  private var leadPID: Int32?
  private var leadHasLeft = false
  private var isReported = false
  private let event: WakeUpEvent  // Keeps the descriptor that the poller watches.

  init(
    socket: Socket, rank: Int, token: UInt64, timing: HeartbeatMonitor.Timing, event: WakeUpEvent,
    onSilence: @escaping HeartbeatMonitor.SilenceHandler
  ) {
    self.socket = socket
    self.rank = rank
    self.token = token
    self.timing = timing
    self.event = event
    self.onSilence = onSilence
    poller = Poller([socket], descriptor: event.descriptor)
  }

  func run() {
    do {
      var watch = SilenceWatch(timing)
      while true {
        try beatWhenDue()
        try poller.wait(milliseconds: watch.milliseconds)
        try takeAnswers()
        if poller.isReadable(1) { return try sayGoodbye() }
        lastHeard += watch.ownPause()
        if !leadHasLeft, !isReported, MonotonicClock.now() > lastHeard + timing.silence { report() }
      }
    } catch {
      fatalError("the heartbeat monitor cannot go on: \(error)")
    }
  }

  private func beatWhenDue() throws(MessagingError) {
    let now = MonotonicClock.now()
    guard now >= nextBeat, !leadHasLeft else { return }
    nextBeat = now + timing.beat
    try send(.heartbeat)
  }

  private func takeAnswers() throws(MessagingError) {
    while try socket.receive(into: message, wait: false) {
      let frame = HeartbeatFrame(message, token: token)
      try socket.skipParts(after: message)
      guard let frame, frame.rank == 0 else { continue }
      lastHeard = MonotonicClock.now()
      leadHost = frame.host
      leadPID = frame.pid
      // Rank 0 goes itself, or has taken note that this worker goes.
      if frame.kind == .departure { leadHasLeft = true }
    }
  }

  private func send(_ kind: MessageKind) throws(MessagingError) {
    _ = try socket.send(HeartbeatFrame.message(kind, rank: rank, token: token))
  }

  private func report() {
    isReported = true
    onSilence(SilentWorker(rank: 0, host: leadHost, pid: leadPID, seconds: timing.silenceSeconds))
  }

  /// Rank 0 must know before the socket goes; a rank 0 that has gone itself, or hangs, is not waited for long.
  private func sayGoodbye() throws(MessagingError) {
    guard !leadHasLeft, !isReported else { return }
    try send(.departure)
    let deadline = MonotonicClock.now() + 2_000_000_000
    let answers = Poller([socket])
    while !leadHasLeft, MonotonicClock.now() < deadline {
      try answers.wait(milliseconds: 100)
      try takeAnswers()
    }
  }
}
