import Telemetry

/// The rhythm of a monitor's loop, and how long the loop itself was kept from running.
struct SilenceWatch {
  private let beat: UInt64
  private var lastTurn: UInt64

  init(_ timing: HeartbeatMonitor.Timing) {
    beat = timing.beat
    lastTurn = MonotonicClock.now()
  }

  /// Longest wait of one turn, so that a silence is noticed within a quarter of a beat.
  var milliseconds: Int { max(1, Int(beat / 4_000_000)) }

  /// Ends a turn; nanoseconds that this process was stopped meanwhile, or 0.
  ///
  /// Others' signs of life may still be on their way into a process that has just been continued: its own pause is not
  /// their silence.
  mutating func ownPause() -> UInt64 {
    let now = MonotonicClock.now()
    defer { lastTurn = now }
    return now - lastTurn > 2 * beat ? now - lastTurn : 0
  }
}
