import Glibc
import Telemetry

/// Rank 0's side of the heartbeats, on the monitor's thread.
final class HeartbeatLead: @unchecked Sendable {
  // Sendable: after `init` only the monitor's thread touches it.
  private struct Worker {
    var lastHeard: UInt64
    /// Names the worker's connection; empty before its first beat.
    var connection: [UInt8] = []
    var host: String?
    var pid: Int32?
    /// Gone in good order, or already reported.
    var isWatched = true
  }

  private let socket: Socket
  private let token: UInt64
  private let timing: HeartbeatMonitor.Timing
  private let poller: Poller
  private let event: WakeUpEvent
  private let onSilence: HeartbeatMonitor.SilenceHandler
  private var workers: [Worker]
  private let sender = Message()
  private let message = Message()

  init(
    socket: Socket, size: Int, token: UInt64, timing: HeartbeatMonitor.Timing, event: WakeUpEvent,
    onSilence: @escaping HeartbeatMonitor.SilenceHandler
  ) {
    self.socket = socket
    self.token = token
    self.timing = timing
    self.event = event
    self.onSilence = onSilence
    poller = Poller([socket], descriptor: event.descriptor)
    workers = Array(repeating: Worker(lastHeard: MonotonicClock.now()), count: size)
    workers[0].isWatched = false
  }

  func run() {
    do {
      var watch = SilenceWatch(timing)
      while true {
        try poller.wait(milliseconds: watch.milliseconds)
        try takeBeats()
        if poller.isReadable(1) { return try sayGoodbye() }
        let pause = watch.ownPause()
        for rank in workers.indices where workers[rank].isWatched {
          workers[rank].lastHeard += pause
          if MonotonicClock.now() > workers[rank].lastHeard + timing.silence { report(rank) }
        }
      }
    } catch {
      fatalError("the heartbeat monitor cannot go on: \(error)")
    }
  }

  private func takeBeats() throws(MessagingError) {
    while try socket.receive(into: sender, wait: false) {
      guard sender.hasMore else { continue }
      _ = try socket.receive(into: message, wait: true)
      let frame = HeartbeatFrame(message, token: token)
      try socket.skipParts(after: message)
      guard let frame, workers.indices.contains(frame.rank), frame.rank > 0 else { continue }
      workers[frame.rank].lastHeard = MonotonicClock.now()
      workers[frame.rank].connection = Array(sender.bytes)
      workers[frame.rank].host = frame.host
      workers[frame.rank].pid = frame.pid
      if frame.kind == .departure { workers[frame.rank].isWatched = false }
      try send(frame.kind, to: sender)
    }
  }

  private func send(_ kind: MessageKind, to connection: Message) throws(MessagingError) {
    guard try socket.send(connection, more: true) == .sent else { return }
    _ = try socket.send(HeartbeatFrame.message(kind, rank: 0, token: token))
  }

  private func report(_ rank: Int) {
    let worker = workers[rank]
    workers[rank].isWatched = false
    onSilence(SilentWorker(rank: rank, host: worker.host, pid: worker.pid, seconds: timing.silenceSeconds))
  }

  /// Workers that stay a little longer must not miss rank 0.
  private func sayGoodbye() throws(MessagingError) {
    for worker in workers where worker.isWatched && !worker.connection.isEmpty {
      let connection = Message(size: worker.connection.count)
      connection.bytes.copyBytes(from: worker.connection)
      try send(.departure, to: connection)
    }
    try socket.setLinger(milliseconds: 1_000)
  }
}
