import Synchronization

/// When a worker did what, for a trace; any thread may add to it.
public final class TraceLog: Sendable {
  /// What runs at the same time as the rest.
  public enum Lane: String, Codable, CaseIterable, Sendable {
    /// The steps of training.
    case compute
    /// Loading the batches of coming steps: sampling them, and deciding where their rows come from.
    case ahead
    /// Pulling rows of coming steps.
    case pull
  }

  /// One thing that was done; times in nanoseconds since the log began.
  public struct Span: Codable, Equatable, Sendable {
    public var name: String
    public var lane: Lane
    public var begin: UInt64
    public var end: UInt64
    /// Number of the first step that it was for, over the run; and of how many.
    public var step: Int?
    public var steps: Int?

    public init(name: String, lane: Lane, begin: UInt64, end: UInt64, step: Int? = nil, steps: Int? = nil) {
      self.name = name
      self.lane = lane
      self.begin = begin
      self.end = end
      self.step = step
      self.steps = steps
    }
  }

  /// Spans beyond these are not kept: a trace of a long run shows its beginning.
  public static let mostSpans = 200_000
  private let origin: UInt64
  private let kept = Mutex<[Span]>([])

  /// - Parameter origin: The moment that times count from, of `MonotonicClock`.
  public init(origin: UInt64 = MonotonicClock.now()) { self.origin = origin }

  /// Adds what began and ended at these moments of `MonotonicClock`.
  public func add(_ name: String, lane: Lane, from begin: UInt64, to end: UInt64, step: Int? = nil, steps: Int? = nil) {
    kept.withLock { spans in
      guard spans.count < Self.mostSpans else { return }
      spans.append(
        Span(name: name, lane: lane, begin: begin - min(begin, origin), end: end - min(end, origin), step: step, steps: steps))
    }
  }

  /// All that was added, in the order in which it ended.
  public var spans: [Span] { kept.withLock { $0 } }
}
