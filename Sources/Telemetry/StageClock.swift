import Synchronization

/// Wall time spent in each stage of the training step, and how often; any thread may add to it.
public final class StageClock: Sendable {
  /// What one stage has taken so far.
  public struct Reading: Equatable, Sendable {
    public var nanoseconds: UInt64
    public var calls: Int

    public init(nanoseconds: UInt64 = 0, calls: Int = 0) {
      self.nanoseconds = nanoseconds
      self.calls = calls
    }

    public var seconds: Double { Double(nanoseconds) * 1e-9 }
  }

  private let readings = Mutex<[Stage: Reading]>([:])
  private let trace: TraceLog?

  /// - Parameter trace: Takes what is measured, one by one.
  public init(trace: TraceLog? = nil) { self.trace = trace }

  /// Runs `body` and adds its wall time to `stage`, also when it throws.
  public func measure<Result: ~Copyable, Failure: Error>(
    _ stage: Stage, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = MonotonicClock.now()
    defer {
      let end = MonotonicClock.now()
      add(end - start, to: stage)
      trace?.add(stage.rawValue, lane: .compute, from: start, to: end)
    }
    return try body()
  }

  /// Adds one call that took `nanoseconds`.
  public func add(_ nanoseconds: UInt64, to stage: Stage) {
    readings.withLock { readings in
      readings[stage, default: Reading()].nanoseconds += nanoseconds
      readings[stage, default: Reading()].calls += 1
    }
  }

  public subscript(stage: Stage) -> Reading { readings.withLock { $0[stage] ?? Reading() } }

  /// All readings so far; the clock starts again from zero.
  public func take() -> [Stage: Reading] {
    readings.withLock { readings in
      defer { readings.removeAll(keepingCapacity: true) }
      return readings
    }
  }
}
