import Graphs
import KVStore
import Loading
import Partitions
import Sampling
import Telemetry
public import Tensors

/// Runs the plans of all cache policies over the remote rows of whole trainings, beside the fewest pulls that any cache can reach.
///
/// Every part counts as one worker. This process samples for each what training would sample; nothing is pulled or computed.
public enum CacheBenchmark {
  /// What to run.
  public struct Request: Sendable {
    /// The partition directory.
    public var partitions: String
    /// As it was written, and in-edges taken by layer (input hop first) and relation.
    public var fanout: String
    public var limits: [[Int]]
    /// Seeds of a step in each part.
    public var batchSizePerPart = 1000
    public var epochs = 3
    /// Steps that are announced when one is decided, beyond that one.
    public var window = 8
    /// Steps that are decided and not yet computed when the next is decided.
    public var depth = 2
    /// Rows kept, as shares of a part's own.
    public var shares = [0, 0.1, 0.32, 1]
    public var seed: UInt64 = 1
    public var threads = Threads(1)

    public init(partitions: String, fanout: String, limits: [[Int]]) {
      self.partitions = partitions
      self.fanout = fanout
      self.limits = limits
    }
  }

  /// Runs everything, part after part.
  ///
  /// - Parameter report: Told each part that is done.
  /// - Throws: When the partition cannot be read or has no training nodes.
  public static func run(_ request: Request, report: (String) -> Void = { _ in }) throws -> CacheReport {
    precondition(request.epochs >= 1 && request.window >= 0 && request.depth >= 0, "epochs, window and depth")
    let partCount = try Manifest.load(request.partitions).partCount
    let batches = try SampledBatches(
      request.partitions, batchSize: request.batchSizePerPart * partCount, seed: request.seed)
    var result = CacheReport(request, batches.manifest, stepsPerEpoch: batches.plan.stepsPerEpoch)
    for part in batches.parts {
      let trace = try batches.remoteRows(of: part, request)
      let methods = try CacheReport.Method.allCases.compactMap { method in
        try PlannedMethod(method, part: part, nodeType: batches.nodeType).map { (method, $0) }
      }
      for share in request.shares {
        let capacity = Int((share * Double(part.innerCount)).rounded())
        for (method, planned) in methods {
          result.add(planned.run(trace, capacity: capacity, request), method, share: share, capacity: capacity)
        }
      }
      report("part \(part.part): \(trace.ids.count) remote rows in \(trace.stepCount) steps")
    }
    return result
  }
}

/// What one plan did in one part.
struct PlannedRun {
  /// Rows pulled in each step.
  var pulls: [Int]
  /// Rows of all steps.
  var rows: Int
  /// Time of announcing and deciding a row of the steps after the first epoch, where there are more: most tables have grown by then.
  var nanosecondsPerRow = 0.0
  /// The most rows that lost their slot in `depth` + 1 steps: a pipeline of that depth needs as many spare slots.
  var spare = 0
  var bookkeepingBytes = 0
}

/// A policy with its scores, or the offline bound.
private struct PlannedMethod {
  private let policy: CachePolicy?
  private let scores: RowScores?

  /// `nil` for what the directory has no probabilities for.
  init?(_ method: CacheReport.Method, part: LocalPartition, nodeType: Int) throws {
    let own = part.book.innerRange(of: part.part)
    switch method {
    // Without probabilities the two windows are the same.
    case .vip where part.expectedRows == nil, .countingWindow where part.expectedRows == nil: return nil
    case .countingWindow: scores = nil
    default: scores = try method.policy.flatMap { try RowScores.of($0, nodeType: nodeType, parts: [part]) { !own.contains($0) } }
    }
    policy = method.policy
  }

  func run(_ trace: RowTrace, capacity: Int, _ request: CacheBenchmark.Request) -> PlannedRun {
    let timed = request.epochs > 1 ? trace.stepCount / request.epochs : 0
    guard let policy else { return PlannedRun(pulls: OfflineCache.pulls(trace, capacity: capacity), rows: trace.ids.count) }
    let widest = (0..<trace.stepCount).map { trace.positions(of: $0).count }.max() ?? 0
    // So many that none is lacking.
    let plan = CachePlan(policy: policy, capacity: capacity, spare: (request.depth + 1) * min(capacity, widest), scores: scores)
    let places = GrowingBuffer<CachePlace>()
    var run = PlannedRun(pulls: [], rows: trace.ids.count)
    var (announced, givenUp) = (0, [0])
    var clock = PlanClock(firstStep: timed)
    trace.ids.withUnsafeBufferPointer { ids in
      for step in 0..<trace.stepCount {
        while announced < min(trace.stepCount, step + 1 + request.window) {
          clock.measure(announced) { plan.announce(UnsafeBufferPointer(rebasing: ids[trace.positions(of: announced)])) }
          announced += 1
        }
        plan.finished(before: step - request.depth)
        clock.measure(step) { plan.decide(into: places) }
        run.pulls.append(places.readOnly.count { $0.isPulled })
        givenUp.append(plan.givenUpRows)
        run.spare = max(run.spare, plan.givenUpRows - givenUp[max(0, step - request.depth)])
      }
    }
    run.nanosecondsPerRow = clock.nanoseconds / Double(max(1, trace.ids.count - trace.starts[timed]))
    run.bookkeepingBytes = plan.bookkeepingBytes
    return run
  }
}

/// Adds up the time that steps take, the first ones left out.
private struct PlanClock {
  let firstStep: Int
  private(set) var nanoseconds = 0.0

  init(firstStep: Int) { self.firstStep = firstStep }

  mutating func measure(_ step: Int, _ body: () -> Void) {
    let begin = MonotonicClock.now()
    body()
    if step >= firstStep { nanoseconds += Double(MonotonicClock.now() - begin) }
  }
}

extension SampledBatches {
  /// The rows of the seeds' type that each step of a part reads from other parts.
  fileprivate func remoteRows(of part: LocalPartition, _ request: CacheBenchmark.Request) throws -> RowTrace {
    let source = RoutedNeighborSource(
      book: part.book, mapped: Dictionary(uniqueKeysWithValues: parts.map { ($0.part, $0.inEdges) }), worker: parts.map { _ in 0 },
      client: nil, listCount: 1)
    let loader = BatchLoader(
      parts: [part], nodeType: nodeType, split: 0, plan: plan, seed: request.seed, limits: request.limits, wantsDegrees: false,
      source: source, store: nil, threads: request.threads)
    let own = part.book.innerRange(of: part.part)
    var trace = RowTrace()
    for step in 0..<request.epochs * plan.stepsPerEpoch {
      let batch = try loader.sample(epoch: step / plan.stepsPerEpoch, step: step % plan.stepsPerEpoch)[0]
      var remote: [Int64] = []
      for id in batch.inputIDs where !own.contains(id.rawValue) && (part.book.typeCount == 1 || part.book.type(of: id) == nodeType) {
        remote.append(id.rawValue)
      }
      trace.append(remote)
    }
    return trace
  }
}
