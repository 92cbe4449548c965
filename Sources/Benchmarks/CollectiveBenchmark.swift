public import Collectives
import Telemetry
import Tensors

/// Measures the two collective calls of a training step: the sum of the parts' gradients, and the collection of the updated weights.
public enum CollectiveBenchmark {
  /// What is measured, and how often.
  public struct Request: Sendable {
    /// Elements of the flat vector.
    public var elements: Int
    /// Parts whose gradients are summed; 0: one for each worker.
    public var parts = 0
    /// Threads of each worker, for additions.
    public var threads = 1
    /// Timed rounds, after one to warm up.
    public var trials = 20

    public init(elements: Int) { self.elements = elements }
  }

  /// Compares a sum and a collection with what they must be, then times them; a collective call.
  ///
  /// - Returns: The report on worker 0, `nil` elsewhere.
  /// - Throws: `InputError` for more workers than parts, `WrongResult` for a wrong sum, `CollectiveError`.
  public static func run(_ request: Request, group: any ProcessGroup) throws -> CollectiveReport? {
    let assignment = try PartAssignment(parts: request.parts == 0 ? group.size : request.parts, workers: group.size)
    let threads = Threads(request.threads)
    let reducer = GradientReducer(group: group, assignment: assignment, elementCount: request.elements, threads: threads)
    let weights = Buffer<Float>(count: request.elements)
    let own = assignment.parts(of: group.rank)
    try check(reducer, own, parts: assignment.parts, weights)
    let before = reducer.traffic
    var times = [[Double]](repeating: [], count: 2)
    for _ in 0..<request.trials {
      fill(reducer, own)
      times[0].append(try seconds(group) { _ = try reducer.reduce() })
      times[1].append(try seconds(group) { try reducer.allGather(weights: weights.pointer) })
    }
    let copies = try copyRate(request, group, threads)
    let slowest = try times.map(group.slowest)
    let after = reducer.traffic
    let sent = [after.gradientBytesSent - before.gradientBytesSent, after.weightBytesSent - before.weightBytesSent].map {
      $0 / request.trials
    }
    let totals = try sent.map { mine in try group.allGather(value: mine).reduce(0, +) }
    guard group.rank == 0 else { return nil }
    return CollectiveReport(
      workers: group.size, sharesHost: group.hostRanks.count == group.size, parts: assignment.parts, threads: request.threads,
      elements: request.elements, trials: request.trials,
      calls: zip(["reduce", "all-gather"], zip(slowest, totals)).map { name, measured in
        CollectiveReport.Call(name: name, seconds: EpochReport.Spread(measured.0), bytesSent: measured.1, copyRate: copies)
      })
  }

  /// Sums of whole numbers are exact in any order: element `i` of part `p` is `(i + p) mod 97`.
  private static func check(_ reducer: GradientReducer, _ own: Range<Int>, parts: Int, _ weights: Buffer<Float>) throws {
    fill(reducer, own)
    let sums = try reducer.reduce()
    for (place, element) in reducer.slice.enumerated() {
      let expected = (0..<parts).reduce(0.0) { $0 + value(element, part: $1) }
      guard Double(sums[place]) == expected else {
        throw WrongResult(kernel: "sum over parts", place: "element \(element)", expected: expected, found: Double(sums[place]))
      }
      weights.pointer[element] = sums[place]
    }
    try reducer.allGather(weights: weights.pointer)
    for element in 0..<weights.count {
      let expected = (0..<parts).reduce(0.0) { $0 + value(element, part: $1) }
      guard Double(weights[element]) == expected else {
        throw WrongResult(kernel: "all-gather", place: "element \(element)", expected: expected, found: Double(weights[element]))
      }
    }
  }

  private static func value(_ element: Int, part: Int) -> Double { Double((element + part) % 97) }

  private static func fill(_ reducer: GradientReducer, _ own: Range<Int>) {
    for part in own {
      let gradient = reducer.gradientBuffer()
      for element in 0..<reducer.plan.elementCount { gradient[element] = Float(value(element, part: part)) }
      reducer.commit(part: part)
    }
  }

  /// Wall seconds of `body`, begun by all workers together.
  private static func seconds(_ group: any ProcessGroup, _ body: () throws -> Void) throws -> Double {
    try group.barrier()
    let begin = MonotonicClock.now()
    try body()
    return Double(MonotonicClock.now() - begin) * 1e-9
  }

  /// Bytes copied per second by all workers of this host at the same time, each copying a vector.
  private static func copyRate(_ request: Request, _ group: any ProcessGroup, _ threads: Threads) throws -> Rate {
    try group.barrier()
    let rate = MemoryLimits.streamCopy(bytes: max(4096, 4 * request.elements), threads: threads, trials: request.trials)
    // What is read and what is written count as one byte copied.
    let rates = try group.allGather(value: (rate.median / 2, rate.lowest / 2, rate.highest / 2))
    return Rate(
      median: rates.reduce(0) { $0 + $1.0 }, lowest: rates.reduce(0) { $0 + $1.1 }, highest: rates.reduce(0) { $0 + $1.2 })
  }
}
